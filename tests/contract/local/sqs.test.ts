import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { arn, type ServiceHost, startServiceHost } from './service-host.ts';

let host: ServiceHost;
let client: SQSClient;
const url = (name: string): string => `${host.front.endpoint}/000000000000/${name}`;
const receive = async (name: string, maximum = 10, extra: object = {}) =>
  (
    await client.send(
      new ReceiveMessageCommand({ QueueUrl: url(name), MaxNumberOfMessages: maximum, ...extra }),
    )
  ).Messages ?? [];

beforeAll(async () => {
  host = await startServiceHost({
    Queues: {
      Resources: {
        Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
        Plain: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            QueueName: 'plain',
            VisibilityTimeout: 60,
            RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 2 },
          },
        },
        Fifo: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders.fifo', FifoQueue: true } },
        Content: {
          Type: 'AWS::SQS::Queue',
          Properties: { QueueName: 'content.fifo', FifoQueue: true, ContentBasedDeduplication: true },
        },
        Later: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'later', DelaySeconds: 30 } },
      },
    },
  });
  client = new SQSClient(host.client());
});

beforeEach(async () => {
  for (const name of ['dead', 'plain', 'orders.fifo', 'content.fifo', 'later'])
    await client.send(new PurgeQueueCommand({ QueueUrl: url(name) }));
});

afterAll(async () => {
  client.destroy();
  await host.close();
});

describe('SQS through its SDK client', () => {
  it('carries a message with its attributes, and the client finds all digests right', async () => {
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'order' },
      raw: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2, 255]) },
    };

    await client.send(
      new SendMessageCommand({ QueueUrl: url('plain'), MessageBody: 'buy 10 × AAPL', MessageAttributes }),
    );
    const [message] = await receive('plain', 1, {
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    });

    expect(message?.Body).toBe('buy 10 × AAPL');
    expect(message?.MessageAttributes?.['kind']?.StringValue).toBe('order');
    expect(Buffer.from(message!.MessageAttributes!['raw']!.BinaryValue!)).toEqual(Buffer.from([1, 2, 255]));
    expect(message?.Attributes).toMatchObject({
      ApproximateReceiveCount: '1',
      SentTimestamp: String(host.clock.now()),
    });
  });

  it('hides a received message until its visibility ends, then gives it again', async () => {
    await client.send(new SendMessageCommand({ QueueUrl: url('plain'), MessageBody: 'once' }));
    expect(await receive('plain')).toHaveLength(1);
    expect(await receive('plain')).toHaveLength(0);

    host.clock.advance(60);

    expect(
      await receive('plain', 1, { MessageSystemAttributeNames: ['ApproximateReceiveCount'] }),
    ).toMatchObject([{ Attributes: { ApproximateReceiveCount: '2' } }]);
  });

  it('moves a message that was received too often to the dead-letter queue', async () => {
    await client.send(new SendMessageCommand({ QueueUrl: url('plain'), MessageBody: 'poison' }));
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await receive('plain')).toHaveLength(1);
      host.clock.advance(60);
    }

    expect(await receive('plain')).toHaveLength(0);

    const [dead] = await receive('dead', 1, { MessageSystemAttributeNames: ['All'] });
    expect(dead).toMatchObject({
      Body: 'poison',
      Attributes: { DeadLetterQueueSourceArn: arn('sqs', 'plain') },
    });
  });

  it('answers a long poll as soon as a message is sent, without any time passing', async () => {
    const before = host.clock.now();
    const polled = receive('plain', 1, { WaitTimeSeconds: 20 });
    await client.send(new SendMessageCommand({ QueueUrl: url('plain'), MessageBody: 'now' }));

    expect(await polled).toMatchObject([{ Body: 'now' }]);
    expect(host.clock.now()).toBe(before);
  });

  it('ends a long poll empty when its time has passed, and does not count it as activity meanwhile', async () => {
    const polled = receive('plain', 1, { WaitTimeSeconds: 20 });
    while (host.clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(host.inFlight()).toBe(0);

    host.clock.advance(20);

    expect(await polled).toEqual([]);
  });

  it('gives no message to a poll whose caller has gone away', async () => {
    const gone = new SQSClient(host.client());
    const polled = gone
      .send(new ReceiveMessageCommand({ QueueUrl: url('plain'), WaitTimeSeconds: 20 }))
      .catch((error: unknown) => error);
    while (host.clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    gone.destroy();
    expect(await polled).toBeInstanceOf(Error);
    while (host.clock.pendingTimers > 0) await new Promise((resolve) => setImmediate(resolve));

    await client.send(new SendMessageCommand({ QueueUrl: url('plain'), MessageBody: 'for the living' }));

    expect((await receive('plain')).map(({ Body }) => Body)).toEqual(['for the living']);
  });

  it('keeps the order of a FIFO group and gives nothing of it while a message is in flight', async () => {
    for (const [position, group] of ['a', 'a', 'b', 'a'].entries()) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: url('orders.fifo'),
          MessageBody: `${group}${position}`,
          MessageGroupId: group,
          MessageDeduplicationId: `${position}`,
        }),
      );
    }
    const [first] = await receive('orders.fifo', 1);
    expect(first?.Body).toBe('a0');
    expect((await receive('orders.fifo')).map(({ Body }) => Body)).toEqual(['b2']);

    await client.send(
      new DeleteMessageCommand({ QueueUrl: url('orders.fifo'), ReceiptHandle: first!.ReceiptHandle! }),
    );

    expect((await receive('orders.fifo')).map(({ Body }) => Body)).toEqual(['a1', 'a3']);
  });

  it('takes a repeated FIFO message for the first one during five minutes', async () => {
    const send = async (): Promise<string | undefined> =>
      (
        await client.send(
          new SendMessageCommand({ QueueUrl: url('content.fifo'), MessageBody: 'same', MessageGroupId: 'g' }),
        )
      ).MessageId;
    const first = await send();
    expect(await send()).toBe(first);
    host.clock.advance(301);

    expect(await send()).not.toBe(first);

    expect(await receive('content.fifo')).toHaveLength(2);
  });

  it('delays by queue and by message', async () => {
    await client.send(new SendMessageCommand({ QueueUrl: url('later'), MessageBody: 'queue' }));
    await client.send(
      new SendMessageCommand({ QueueUrl: url('later'), MessageBody: 'message', DelaySeconds: 5 }),
    );
    expect(await receive('later')).toHaveLength(0);

    host.clock.advance(5);
    expect((await receive('later')).map(({ Body }) => Body)).toEqual(['message']);
    host.clock.advance(25);
    expect((await receive('later')).map(({ Body }) => Body)).toContain('queue');
  });

  it('gives each entry of a batch its own answer', async () => {
    const { Successful, Failed } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: url('plain'),
        Entries: [
          { Id: 'good', MessageBody: 'x' },
          { Id: 'bad', MessageBody: 'y', DelaySeconds: 1000 },
        ],
      }),
    );

    expect(Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidParameterValue', SenderFault: true }]);
  });

  it('deletes in batches and counts what is left', async () => {
    for (const body of ['1', '2', '3'])
      await client.send(new SendMessageCommand({ QueueUrl: url('plain'), MessageBody: body }));
    const taken = await receive('plain', 2);
    await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url('plain'),
        Entries: [{ Id: '1', ReceiptHandle: taken[0]!.ReceiptHandle! }],
      }),
    );
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url('plain'),
        ReceiptHandle: taken[1]!.ReceiptHandle!,
        VisibilityTimeout: 300,
      }),
    );
    host.clock.advance(60);

    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url('plain'), AttributeNames: ['All'] }),
    );

    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      QueueArn: arn('sqs', 'plain'),
    });
  });

  it('raises the exception class of the client for a queue that does not exist', async () => {
    const failure = await client
      .send(new GetQueueUrlCommand({ QueueName: 'none' }))
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(QueueDoesNotExist);
  });

  it('names a parameter that it does not know', async () => {
    const sent = client.send(
      new ReceiveMessageCommand({ QueueUrl: url('plain'), ReceiveRequestAttemptId: 'again' }),
    );

    await expect(sent).rejects.toThrow(/ReceiveRequestAttemptId/);
  });
});
