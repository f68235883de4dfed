import { createServer, type IncomingMessage, type Server } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3ObjectStore } from '#adapters/aws/s3-object-store.ts';
import { sqsCommandQueue } from '#adapters/aws/sqs-command-queue.ts';
import { inMemoryCommandQueue } from '#adapters/memory/in-memory-command-queue.ts';
import { inMemoryObjectStore } from '#adapters/memory/in-memory-object-store.ts';

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly action: string;
  readonly body: string;
}

describe('adapters on the wire of AWS', () => {
  let server: Server;
  let endpoint: string;
  const heard: Heard[] = [];
  const objects = new Map<string, string>();
  let answer: (request: Heard) => { readonly status: number; readonly body: string } | 'hang' = () => ({
    status: 200,
    body: '{}',
  });

  const bodyOf = async (request: IncomingMessage): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return Buffer.concat(parts).toString('utf8');
  };

  beforeEach(async () => {
    heard.length = 0;
    server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const one = {
          method: request.method ?? '',
          url: request.url ?? '',
          action: String(request.headers['x-amz-target'] ?? ''),
          body,
        };
        heard.push(one);
        const said = answer(one);
        if (said === 'hang') return;
        response.writeHead(said.status);
        response.end(said.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const common = () => ({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });

  it('receives, deletes, hides and gives back commands', async () => {
    const client = new SQSClient(common());
    const queue = sqsCommandQueue(client, `${endpoint}/0/q.fifo`, 60);
    answer = ({ action }) => ({
      status: 200,
      body: action.endsWith('ReceiveMessage')
        ? '{"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"b","MD5OfBody":"92eb5ffee6ae2fec3ad71c777531578f"}]}'
        : '{}',
    });
    expect(await queue.receive(new AbortController().signal)).toEqual([
      { messageId: 'm', receipt: 'r', body: 'b' },
    ]);
    await queue.delete('r');
    await queue.extend('r', 0);
    expect(heard.map(({ action }) => action.split('.')[1])).toEqual([
      'ReceiveMessage',
      'DeleteMessage',
      'ChangeMessageVisibility',
    ]);
    expect(JSON.parse(heard[0]?.body ?? '')).toMatchObject({
      WaitTimeSeconds: 20,
      VisibilityTimeout: 60,
      MaxNumberOfMessages: 10,
    });
    answer = () => ({ status: 400, body: '{"__type":"QueueDoesNotExist"}' });
    await expect(queue.receive(new AbortController().signal)).rejects.toThrow();
    client.destroy();
  });

  it('ends a long poll at once when told to', async () => {
    const client = new SQSClient(common());
    const queue = sqsCommandQueue(client, `${endpoint}/0/q.fifo`, 60);
    const abort = new AbortController();
    answer = () => {
      abort.abort();
      return 'hang';
    };
    expect(await queue.receive(abort.signal)).toEqual([]);
    client.destroy();
  });

  it('keeps objects and says when there is none', async () => {
    const client = new S3Client({
      ...common(),
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    const store = s3ObjectStore(client, 'bucket');
    answer = ({ method, url, body }) => {
      const key = url.split('?')[0] as string;
      if (method === 'PUT') {
        objects.set(key, body);
        return { status: 200, body: '' };
      }
      const found = objects.get(key);
      return found === undefined
        ? {
            status: 404,
            body: '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>none</Message></Error>',
          }
        : { status: 200, body: found };
    };
    await store.put('history/a.json', Buffer.from('{}'));
    expect(Buffer.from((await store.get('history/a.json')) ?? []).toString()).toBe('{}');
    expect(await store.get('history/b.json')).toBeNull();
    answer = () => ({ status: 403, body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>' });
    await expect(store.get('history/a.json')).rejects.toThrow();
    client.destroy();
  });
});

describe('adapters in memory', () => {
  it('hold a group back behind a hidden command and bring it again when given back', async () => {
    const queue = inMemoryCommandQueue();
    const { signal } = new AbortController();
    queue.put('1', 'a');
    const [first] = await queue.receive(signal);
    queue.put('2', 'a');
    queue.put('3', 'b');
    expect((await queue.receive(signal)).map(({ body }) => body)).toEqual(['3']);
    await queue.extend(first?.receipt ?? '', 0);
    expect((await queue.receive(signal)).map(({ body }) => body)).toEqual(['1', '2']);
    await queue.delete(first?.receipt ?? '');
    expect(queue.remaining()).toEqual(['2', '3']);
    const aborted = new AbortController();
    aborted.abort();
    expect(await queue.receive(aborted.signal)).toEqual([]);
  });

  it('keep objects apart from the bytes they were made of', async () => {
    const store = inMemoryObjectStore();
    const bytes = new Uint8Array([1, 2]);
    await store.put('k', bytes);
    bytes[0] = 9;
    expect(await store.get('k')).toEqual(new Uint8Array([1, 2]));
    expect(await store.get('none')).toBeNull();
    expect(store.keys()).toEqual(['k']);
  });
});
