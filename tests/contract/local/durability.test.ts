import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, transaction } from '#local/host/store.ts';
import { arn, type Stacks, startServiceHost } from './service-host.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'durability-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const stacks: Stacks = {
  Stack: {
    Resources: {
      Fifo: {
        Type: 'AWS::SQS::Queue',
        Properties: { QueueName: 'q.fifo', FifoQueue: true, ContentBasedDeduplication: true },
      },
      Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'worm', ObjectLockEnabled: true } },
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'topic' } },
      ToNobody: {
        Type: 'AWS::SNS::Subscription',
        Properties: {
          TopicArn: { Ref: 'Topic' },
          Protocol: 'lambda',
          Endpoint: arn('lambda', 'function:late'),
        },
      },
    },
  },
};

describe('a host that starts again on its directory', () => {
  it('knows what was in flight, what is a duplicate, and what comes next', async () => {
    const first = await startServiceHost(stacks, { directory });
    const before = new SQSClient(first.client());
    const QueueUrl = `${first.front.endpoint}/000000000000/q.fifo`;
    for (const MessageBody of ['one', 'two'])
      await before.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'g' }));
    await before.send(new ReceiveMessageCommand({ QueueUrl }));
    before.destroy();
    await first.close();

    const second = await startServiceHost(stacks, { directory });
    const after = new SQSClient(second.client());
    const url = `${second.front.endpoint}/000000000000/q.fifo`;
    const receive = async () =>
      (await after.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }))).Messages?.map(
        ({ Body }) => Body,
      );
    await after.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'one', MessageGroupId: 'g' }));
    await after.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'three', MessageGroupId: 'g' }));
    expect(await receive()).toBeUndefined();
    second.clock.advance(30);
    expect(await receive()).toEqual(['one', 'two', 'three']);
    after.destroy();
    await second.close();
  });

  it('has its objects, with their locks', async () => {
    const first = await startServiceHost(stacks, { directory });
    const before = new S3Client(first.client());
    const { VersionId } = await before.send(
      new PutObjectCommand({
        Bucket: 'worm',
        Key: 'k',
        Body: 'kept',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(first.clock.now() + 1_000_000),
      }),
    );
    before.destroy();
    await first.close();

    const second = await startServiceHost(stacks, { directory });
    const after = new S3Client(second.client());
    const found = await after.send(new GetObjectCommand({ Bucket: 'worm', Key: 'k' }));
    expect(await found.Body?.transformToString()).toBe('kept');
    expect(found).toMatchObject({ VersionId, ObjectLockMode: 'COMPLIANCE' });
    after.destroy();
    await second.close();
  });

  it('delivers notifications that the former one had accepted', async () => {
    const first = await startServiceHost(stacks, { directory });
    let taken = 0;
    first.targets.set(arn('lambda', 'function:late'), {
      arn: arn('lambda', 'function:late'),
      deliver: () => new Promise(() => void taken++),
    });
    const client = new SNSClient(first.client());
    await client.send(new PublishCommand({ TopicArn: arn('sns', 'topic'), Message: 'accepted' }));
    client.destroy();
    expect(taken).toBe(1);
    await first.close();

    const delivered: unknown[] = [];
    const second = await startServiceHost(stacks, {
      directory,
      beforeStart: (targets) =>
        void targets.set(arn('lambda', 'function:late'), {
          arn: arn('lambda', 'function:late'),
          deliver: async (event) => void delivered.push(event),
        }),
    });
    while (second.inFlight() > 0) await new Promise((resolve) => setImmediate(resolve));

    expect(delivered).toMatchObject([{ Records: [{ Sns: { Message: 'accepted' } }] }]);
    await second.close();
  });
});

describe('the store', () => {
  it('keeps all or nothing of a transaction, also within another', () => {
    const store = openStore(null);
    store.exec('CREATE TABLE t (n INTEGER)');
    const insert = store.prepare('INSERT INTO t VALUES (?)');
    const count = (): unknown => store.prepare('SELECT COUNT(*) AS n FROM t').get()?.['n'];

    transaction(store, () => insert.run(1));
    const failing = (): void =>
      transaction(store, () => {
        transaction(store, () => insert.run(2));
        throw new Error('later');
      });

    expect(failing).toThrow('later');
    expect(count()).toBe(1);
    store.close();
  });

  it('loses nothing acknowledged when its process is killed', async () => {
    const script = `
      import { MessageStore } from '#local/aws/sqs/message-store.ts';
      import { HostedQueue } from '#local/aws/sqs/hosted-queue.ts';
      import { openStore } from '#local/host/store.ts';
      const database = openStore(${JSON.stringify(directory)});
      const settings = { name: 'q', arn: 'arn', url: 'url', fifo: false, deduplicationScope: 'queue', contentBasedDeduplication: false, visibilityTimeout: 30, delaySeconds: 0, retentionPeriod: 345600, maximumMessageSize: 1000, receiveWaitTime: 0, redrive: undefined, kmsKey: undefined, createdAt: 0 };
      let id = 0;
      const queue = new HostedQueue(settings, { clock: { mode: 'wall', now: Date.now, schedule: () => ({ cancel() {} }) }, database, store: new MessageStore(database), newMessageId: () => String(++id), queue: () => undefined });
      for (;;) { const { messageId } = queue.send({ body: 'm', senderId: 's' }); process.stdout.write(messageId + '\\n'); if (id % 50 === 0) await new Promise(setImmediate); }`;
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: process.cwd(),
    });
    let output = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.split('\n').length > 500) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    const acknowledged = output.slice(0, output.lastIndexOf('\n')).split('\n').length;

    const store = openStore(directory);
    const kept = Number(store.prepare('SELECT COUNT(*) AS n FROM sqs_messages').get()?.['n']);
    store.close();

    expect(acknowledged).toBeGreaterThan(400);
    expect(kept).toBeGreaterThanOrEqual(acknowledged);
  });
});
