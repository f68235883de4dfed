import {
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  NotFoundException,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryTarget } from '#local/host/kernel.ts';
import { arn, type ServiceHost, startServiceHost } from './service-host.ts';

let host: ServiceHost;
let client: SNSClient;
const TopicArn = arn('sns', 'alerts');
const functionArn = arn('lambda', 'function:notify');
let invocations: unknown[] = [];
let failures = 0;

const allowTopic = (queue: string, topic: string): object => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: {
    Queues: [{ Ref: queue }],
    PolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'sns.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
          Condition: { ArnEquals: { 'aws:SourceArn': { Ref: topic } } },
        },
      ],
    },
  },
});
const subscription = (Protocol: string, Endpoint: unknown, extra: object = {}): object => ({
  Type: 'AWS::SNS::Subscription',
  Properties: { TopicArn: { Ref: 'Alerts' }, Protocol, Endpoint, ...extra },
});
const arnOf = (logicalId: string): object => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

beforeAll(async () => {
  host = await startServiceHost({
    Topics: {
      Resources: {
        Alerts: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alerts', DisplayName: 'Alerts' } },
        Wrapped: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'wrapped' } },
        Raw: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'raw' } },
        Closed: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'closed' } },
        Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
        WrappedPolicy: allowTopic('Wrapped', 'Alerts'),
        RawPolicy: allowTopic('Raw', 'Alerts'),
        DeadPolicy: allowTopic('Dead', 'Alerts'),
        ToWrapped: subscription('sqs', arnOf('Wrapped')),
        ToRaw: subscription('sqs', arnOf('Raw'), {
          RawMessageDelivery: true,
          FilterPolicy: { severity: ['high', { prefix: 'urg' }], size: [{ numeric: ['>', 10] }] },
        }),
        ToClosed: subscription('sqs', arnOf('Closed'), {
          RedrivePolicy: { deadLetterTargetArn: arnOf('Dead') },
        }),
        ToFunction: subscription('lambda', functionArn, {
          FilterPolicyScope: 'MessageBody',
          FilterPolicy: { order: { side: ['BUY'] } },
        }),
        ToMail: subscription('email', 'desk@example.com'),
        Lines: {
          Type: 'AWS::SNS::Topic',
          Properties: { TopicName: 'lines.fifo', FifoTopic: true, ContentBasedDeduplication: true },
        },
        LinesQueue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'lines.fifo', FifoQueue: true } },
        LinesPolicy: allowTopic('LinesQueue', 'Lines'),
        ToLines: {
          Type: 'AWS::SNS::Subscription',
          Properties: {
            TopicArn: { Ref: 'Lines' },
            Protocol: 'sqs',
            Endpoint: arnOf('LinesQueue'),
            RawMessageDelivery: true,
          },
        },
        Publisher: {
          Type: 'AWS::IAM::Role',
          Properties: {
            RoleName: 'publisher',
            AssumeRolePolicyDocument: {
              Statement: [
                { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
              ],
            },
          },
        },
      },
    },
  });
  client = new SNSClient(host.client());
  const target: DeliveryTarget = {
    arn: functionArn,
    deliver: async (event) => {
      if (failures-- > 0) throw new Error('busy');
      invocations.push(event);
    },
  };
  host.targets.set(functionArn, target);
});

afterEach(() => {
  invocations = [];
  failures = 0;
  for (const name of ['wrapped', 'raw', 'dead', 'lines.fifo']) {
    for (let taken = bodies(name); taken.length > 0; taken = bodies(name));
  }
});

afterAll(async () => {
  client.destroy();
  await host.close();
});

function bodies(name: string): string[] {
  const queueArn = arn('sqs', name);
  const messages = host.sqs.receive(queueArn);
  host.sqs.delete(
    queueArn,
    messages.map(({ receiptHandle }) => receiptHandle),
  );
  return messages.map(({ body }) => body);
}

const settled = async (): Promise<void> => {
  while (host.inFlight() > 0) await new Promise((resolve) => setImmediate(resolve));
};

describe('SNS through its SDK client', () => {
  it('delivers to a queue in an envelope', async () => {
    const { MessageId } = await client.send(
      new PublishCommand({
        TopicArn,
        Subject: 'Halted',
        Message: 'trading <halted> & held',
        MessageAttributes: { severity: { DataType: 'String', StringValue: 'low' } },
      }),
    );
    await settled();

    const [body] = bodies('wrapped');

    expect(JSON.parse(body!)).toMatchObject({
      Type: 'Notification',
      MessageId,
      TopicArn,
      Subject: 'Halted',
      Message: 'trading <halted> & held',
      MessageAttributes: { severity: { Type: 'String', Value: 'low' } },
    });
  });

  it('delivers raw what passes a filter of attributes, and nothing else', async () => {
    const publish = (severity: string, size: string) =>
      client.send(
        new PublishCommand({
          TopicArn,
          Message: `${severity} ${size}`,
          MessageAttributes: {
            severity: { DataType: 'String', StringValue: severity },
            size: { DataType: 'Number', StringValue: size },
          },
        }),
      );
    for (const [severity, size] of [
      ['high', '11'],
      ['high', '10'],
      ['low', '11'],
      ['urgent', '12'],
    ] as const)
      await publish(severity, size);
    await settled();

    expect(bodies('raw')).toEqual(['high 11', 'urgent 12']);
  });

  it('invokes a function with what passes a filter of bodies', async () => {
    for (const side of ['SELL', 'BUY'])
      await client.send(new PublishCommand({ TopicArn, Message: JSON.stringify({ order: { side } }) }));
    await settled();

    expect(invocations).toMatchObject([
      {
        Records: [
          { EventSource: 'aws:sns', Sns: { Message: '{"order":{"side":"BUY"}}', TopicArn, Subject: null } },
        ],
      },
    ]);
  });

  it('tries a target again that fails for now', async () => {
    failures = 4;
    await client.send(new PublishCommand({ TopicArn, Message: '{"order":{"side":"BUY"}}' }));
    for (let turn = 0; turn < 50 && invocations.length === 0; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      host.clock.advance(1);
    }

    expect(invocations).toHaveLength(1);
  });

  it('dead-letters what a queue refuses to take', async () => {
    await client.send(new PublishCommand({ TopicArn, Message: 'refused' }));
    await settled();

    expect(bodies('dead').map((body) => (JSON.parse(body) as { Message: string }).Message)).toEqual([
      'refused',
    ]);
    expect(host.problems.at(-1)).toContain('could not be delivered');
  });

  it('records mail instead of sending it', async () => {
    await client.send(new PublishCommand({ TopicArn, Subject: 'S', Message: 'M' }));

    expect(host.sns.outsideNotifications.at(-1)).toEqual({
      topicArn: TopicArn,
      protocol: 'email',
      endpoint: 'desk@example.com',
      subject: 'S',
      message: 'M',
    });
  });

  it('publishes in batches and keeps the order of a group on FIFO topics, once each', async () => {
    const entries = ['1', '2', '2', '3'].map((text, position) => ({
      Id: `e${position}`,
      Message: text,
      MessageGroupId: 'g',
    }));

    const { Successful, Failed } = await client.send(
      new PublishBatchCommand({
        TopicArn: arn('sns', 'lines.fifo'),
        PublishBatchRequestEntries: [...entries, { Id: 'bad', Message: 'no group' }],
      }),
    );
    await settled();

    expect(Successful).toHaveLength(4);
    expect(Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidParameter' }]);
    expect(bodies('lines.fifo')).toEqual(['1', '2', '3']);
  });

  it('describes topics and subscriptions', async () => {
    expect((await client.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes).toMatchObject({
      DisplayName: 'Alerts',
      SubscriptionsConfirmed: '5',
    });
    expect(
      (await client.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions?.map(
        ({ Protocol }) => Protocol,
      ),
    ).toContain('email');
  });

  it('raises the exceptions of the client', async () => {
    const missing = await client
      .send(new PublishCommand({ TopicArn: arn('sns', 'none'), Message: 'x' }))
      .catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(NotFoundException);

    const publisher = new SNSClient(
      host.client(host.credentials.issueCredentials('arn:aws:iam::000000000000:role/publisher', 's')),
    );
    await expect(publisher.send(new PublishCommand({ TopicArn, Message: 'x' }))).rejects.toMatchObject({
      name: 'AuthorizationErrorException',
      message: expect.stringContaining('sns:Publish'),
    });
    publisher.destroy();
  });
});
