import { afterEach, describe, expect, it } from 'vitest';
import { arn, type ServiceHost, startServiceHost } from '../../../../contract/local/service-host.ts';

let host: ServiceHost;

afterEach(async () => host.close());

const alarm = (properties: object): object => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    Namespace: 'Desk',
    MetricName: 'Errors',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    ...properties,
  },
});
const start = async (resources: Record<string, object>): Promise<void> => {
  host = await startServiceHost({ S: { Resources: resources } });
};
const errors = { namespace: 'Desk', name: 'Errors', dimensions: {} };
const stateOf = (name: string): string | undefined =>
  host.cloudWatch.alarms().find((candidate) => candidate.name === name)?.state;
/** To the next full minute and just past it. */
const nextMinute = (minutes = 1): void => host.clock.advance(minutes * 60);

describe('metric alarms', () => {
  it('go off at the end of the period that breaches, and come back when it is past', async () => {
    await start({ A: alarm({ AlarmName: 'a', TreatMissingData: 'notBreaching' }) });
    host.cloudWatch.recordMetric(errors, 1);
    expect(stateOf('a')).toBe('INSUFFICIENT_DATA');

    nextMinute();
    expect(stateOf('a')).toBe('ALARM');
    nextMinute();
    expect(stateOf('a')).toBe('OK');
  });

  it('leave the clock alone when nothing can change them', async () => {
    await start({ A: alarm({ AlarmName: 'a', TreatMissingData: 'notBreaching', EvaluationPeriods: 3 }) });
    host.cloudWatch.recordMetric(errors, 5);
    nextMinute(6);

    expect(stateOf('a')).toBe('OK');
    expect(host.clock.pendingTimers).toBe(0);
  });

  it('count M out of N', async () => {
    await start({
      A: alarm({
        AlarmName: 'a',
        EvaluationPeriods: 3,
        DatapointsToAlarm: 2,
        TreatMissingData: 'notBreaching',
      }),
    });
    host.cloudWatch.recordMetric(errors, 1);
    nextMinute(2);
    expect(stateOf('a')).toBe('OK');

    host.cloudWatch.recordMetric(errors, 1);
    nextMinute();

    expect(stateOf('a')).toBe('ALARM');
  });

  it.each([
    ['missing', 'INSUFFICIENT_DATA'],
    ['breaching', 'ALARM'],
    ['notBreaching', 'OK'],
    ['ignore', 'INSUFFICIENT_DATA'],
  ])('treat missing data as %s: %s', async (TreatMissingData, expected) => {
    await start({ A: alarm({ AlarmName: 'a', TreatMissingData }) });

    nextMinute();

    expect(stateOf('a')).toBe(expected);
  });

  it('look at percentiles and at dimensions', async () => {
    const Dimensions = [{ Name: 'Function', Value: 'gate' }];
    await start({
      A: alarm({ AlarmName: 'a', Statistic: undefined, ExtendedStatistic: 'p90', Threshold: 90, Dimensions }),
    });
    for (let value = 1; value <= 100; value++)
      host.cloudWatch.recordMetric({ ...errors, dimensions: { Function: 'gate' } }, value);
    host.cloudWatch.recordMetric(errors, 1_000_000);

    nextMinute();

    expect(host.cloudWatch.alarms()[0]).toMatchObject({
      state: 'ALARM',
      reason: expect.stringContaining('90.1'),
    });
  });

  it('compute with several metrics', async () => {
    const metric = (Id: string, MetricName: string): object => ({
      Id,
      ReturnData: false,
      MetricStat: { Metric: { Namespace: 'Desk', MetricName }, Period: 60, Stat: 'Sum' },
    });
    await start({
      A: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmName: 'a',
          Metrics: [
            { Id: 'rate', Expression: 'IF(calls > 10, 100 * FILL(errors, 0) / calls, 0)' },
            metric('errors', 'Errors'),
            metric('calls', 'Calls'),
          ],
          EvaluationPeriods: 1,
          Threshold: 5,
          ComparisonOperator: 'GreaterThanThreshold',
        },
      },
    });
    host.cloudWatch.recordMetric({ ...errors, name: 'Calls' }, 20);
    nextMinute();
    expect(stateOf('a')).toBe('OK');

    host.cloudWatch.recordMetric({ ...errors, name: 'Calls' }, 20);
    host.cloudWatch.recordMetric(errors, 2);
    nextMinute();

    expect(stateOf('a')).toBe('ALARM');
  });

  it('read metrics from log lines in embedded metric format', async () => {
    await start({ A: alarm({ AlarmName: 'a', Dimensions: [{ Name: 'service', Value: 'gate' }] }) });
    const line = JSON.stringify({
      _aws: {
        Timestamp: 0,
        CloudWatchMetrics: [
          { Namespace: 'Desk', Dimensions: [['service']], Metrics: [{ Name: 'Errors', Unit: 'Count' }] },
        ],
      },
      service: 'gate',
      Errors: [1],
    });

    for (const text of ['plain text', '{"CloudWatchMetrics":', line]) host.cloudWatch.recordLogLine(text);
    nextMinute();

    expect(stateOf('a')).toBe('ALARM');
  });

  it('notify a topic, as CloudWatch with the alarm as its source', async () => {
    const queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'mail' } };
    const allow = (Service: string, Action: string, Resource: object, source: string): object => ({
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service },
          Action,
          Resource,
          Condition: { ArnLike: { 'aws:SourceArn': source } },
        },
      ],
    });
    await start({
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms' } },
      Queue: queue,
      TopicPolicy: {
        Type: 'AWS::SNS::TopicPolicy',
        Properties: {
          Topics: [{ Ref: 'Topic' }],
          PolicyDocument: allow(
            'cloudwatch.amazonaws.com',
            'sns:Publish',
            { Ref: 'Topic' },
            arn('cloudwatch', 'alarm:*'),
          ),
        },
      },
      QueuePolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'Queue' }],
          PolicyDocument: allow(
            'sns.amazonaws.com',
            'sqs:SendMessage',
            { 'Fn::GetAtt': ['Queue', 'Arn'] },
            arn('sns', 'alarms'),
          ),
        },
      },
      Subscription: {
        Type: 'AWS::SNS::Subscription',
        Properties: {
          TopicArn: { Ref: 'Topic' },
          Protocol: 'sqs',
          Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          RawMessageDelivery: true,
        },
      },
      A: alarm({ AlarmName: 'a', AlarmActions: [{ Ref: 'Topic' }] }),
    });
    host.cloudWatch.recordMetric(errors, 3);
    nextMinute();
    while (host.inFlight() > 0) await new Promise((resolve) => setImmediate(resolve));

    const [message] = host.sqs.receive(arn('sqs', 'mail'));

    expect(host.problems).toEqual([]);
    expect(JSON.parse(message!.body)).toMatchObject({
      AlarmName: 'a',
      NewStateValue: 'ALARM',
      OldStateValue: 'INSUFFICIENT_DATA',
    });
  });

  it('see queues fill and empty', async () => {
    await start({
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
      A: alarm({
        AlarmName: 'a',
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Statistic: 'Maximum',
        Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } }],
      }),
    });
    nextMinute(2);
    expect(stateOf('a')).toBe('OK');
    expect(host.clock.pendingTimers).toBe(0);

    host.sqs.send(arn('sqs', 'dead'), { body: 'lost', senderId: 'test' });
    await new Promise((resolve) => setImmediate(resolve));
    nextMinute();
    expect(stateOf('a')).toBe('ALARM');
    nextMinute(60);
    expect(stateOf('a')).toBe('ALARM');
    expect(host.clock.pendingTimers).toBe(0);

    const queueArn = arn('sqs', 'dead');
    host.sqs.delete(
      queueArn,
      host.sqs.receive(queueArn).map(({ receiptHandle }) => receiptHandle),
    );
    await new Promise((resolve) => setImmediate(resolve));
    nextMinute();
    expect(stateOf('a')).toBe('OK');
  });

  it('refuse what they cannot compute, by name', async () => {
    await start({});
    const metrics = [{ Id: 'x', Expression: 'ANOMALY_DETECTION_BAND(m1)' }];
    const started = startServiceHost({
      S: {
        Resources: {
          A: alarm({ AlarmName: 'a', Metrics: metrics, Namespace: undefined, MetricName: undefined }),
        },
      },
    });

    await expect(started).rejects.toThrow(/S\/A: the function ANOMALY_DETECTION_BAND/);
  });
});

describe('the API', () => {
  const call = (operation: string, input: object) =>
    host.cloudWatch.service.handle({
      service: 'cloudwatch',
      operation,
      input: { ...input },
      caller: { kind: 'operator' },
    });

  it('takes data, describes alarms and sets their state', async () => {
    await start({
      A: alarm({ AlarmName: 'desk-a', TreatMissingData: 'notBreaching', Threshold: 3 }),
      B: alarm({ AlarmName: 'other' }),
    });
    await call('PutMetricData', {
      Namespace: 'Desk',
      MetricData: [{ MetricName: 'Errors', Values: [1, 2], Counts: [1, 1] }],
    });
    nextMinute();
    expect(await call('DescribeAlarms', { AlarmNamePrefix: 'desk-' })).toMatchObject({
      MetricAlarms: [{ AlarmName: 'desk-a', StateValue: 'ALARM' }],
      CompositeAlarms: [],
    });

    await call('SetAlarmState', { AlarmName: 'other', StateValue: 'ALARM', StateReason: 'drill' });

    expect(stateOf('other')).toBe('ALARM');
    await expect(
      call('SetAlarmState', { AlarmName: 'none', StateValue: 'OK', StateReason: '' }),
    ).rejects.toThrow(/alarm none does not exist/);
    await expect(call('GetMetricData', {})).rejects.toThrow(/cloudwatch:GetMetricData/);
  });
});

describe('composite alarms', () => {
  it('follow the alarms of their rule', async () => {
    await start({
      A: alarm({ AlarmName: 'a', TreatMissingData: 'notBreaching' }),
      B: alarm({ AlarmName: 'b', MetricName: 'Other', TreatMissingData: 'notBreaching' }),
      C: {
        Type: 'AWS::CloudWatch::CompositeAlarm',
        Properties: {
          AlarmName: 'c',
          AlarmRule: {
            'Fn::Join': ['', ['ALARM("', { 'Fn::GetAtt': ['A', 'Arn'] }, '") AND NOT (ALARM(b) OR FALSE)']],
          },
        },
        DependsOn: ['B'],
      },
    });
    host.cloudWatch.recordMetric(errors, 1);
    nextMinute();
    expect(stateOf('c')).toBe('ALARM');

    host.cloudWatch.recordMetric(errors, 1);
    host.cloudWatch.recordMetric({ ...errors, name: 'Other' }, 1);
    nextMinute();

    expect([stateOf('a'), stateOf('b'), stateOf('c')]).toEqual(['ALARM', 'ALARM', 'OK']);
  });
});
