import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { embeddedMetric } from '#adapters/aws/embedded-metric.ts';
import { readEmbeddedMetrics } from '#local/aws/cloudwatch/embedded-metrics.ts';
import { alarmProperties, compileAlarm, evaluateAlarm } from '#local/aws/cloudwatch/metric-alarm.ts';
import { MetricStore, metricKey } from '#local/aws/cloudwatch/metric-store.ts';
import { references, synthesized } from './synthesized.ts';

const paper = synthesized('paper');

interface Variable {
  readonly Name: string;
  readonly Value: unknown;
}

/** An alarm's properties as they are once deployed, when its topic has a name. */
const rendered = (alarm: object): object => ({ ...alarm, AlarmActions: ['topic'] });

describe('alarms', () => {
  const alarms = paper.all('AWS::CloudWatch::Alarm').map(({ properties }) => properties);
  const watched = (name: string) => alarms.filter(({ MetricName }) => MetricName === name);

  it('all page somebody, and name a runbook that is there', () => {
    expect(alarms.length).toBeGreaterThan(0);
    for (const { AlarmActions, AlarmDescription } of alarms) {
      expect(references(AlarmActions), AlarmDescription).toHaveLength(1);
      const runbook = /\((docs\/runbooks\/[a-z-]+\.md)\)$/.exec(AlarmDescription)?.[1];
      expect(runbook, AlarmDescription).toBeDefined();
      expect(existsSync(resolve(import.meta.dirname, '../..', runbook as string)), runbook).toBe(true);
    }
  });

  it('watch every queue that something undeliverable ends in', () => {
    const ends = paper
      .all('AWS::SQS::Queue')
      .filter(({ properties }) => properties.RedrivePolicy === undefined)
      .map(({ stack, logicalId }) => `${stack}:${logicalId}`);
    const queues = watched('ApproximateNumberOfMessagesVisible').map(({ Dimensions, Threshold }) => {
      expect(Threshold).toBe(0);
      const [reference = ''] = references(Dimensions[0].Value);
      return reference.replace(/^Abc-paper-(\w+):ExportsOutputFnGetAtt(\w+?)QueueName\w{8}$/, '$1:$2');
    });
    expect(queues.sort()).toEqual(ends.sort());
  });

  it('watch the lag of both readers of the journal', () => {
    expect(watched('IteratorAge')).toHaveLength(2);
  });

  it('watch halts, the drawdown step, errors, the audit, lost cycles, and a broker that is silent or differs', () => {
    for (const name of [
      'TradingHalted',
      'TradingReducing',
      'AuditFailed',
      'CycleNotRecovered',
      'PriceAgeMinutes',
      'BrokerDifferenceFound',
      'BrokerTradingDisabled',
      'BrokerLoginDue',
      'BrokerNotReadySeconds',
      'BrokerReady',
      'BrokerLinkEnded',
      'BrokerInstrumentStale',
      'BrokerLeaseLost',
      'BrokerCommandRefused',
      'BrokerBridgeFailed',
    ])
      expect(watched(name), name).toHaveLength(1);
    expect(watched('Errors').length).toBeGreaterThanOrEqual(6);
  });

  it.each([paper, synthesized('local')])(
    'watch what bridge and functions emit in their environment',
    (app) => {
      const own = app
        .all('AWS::CloudWatch::Alarm')
        .map(({ properties }) => properties)
        .filter(({ Namespace }) => Namespace === 'AbcApplication');
      const [task] = app.all('AWS::ECS::TaskDefinition');
      const bridge = task?.properties.ContainerDefinitions[0].Environment as readonly Variable[];
      const environments = [
        bridge.find(({ Name }) => Name === 'DESK_ENVIRONMENT')?.Value,
        ...app.functions.map(
          ({ properties }) => properties.Environment.Variables.DESK_ENVIRONMENT as unknown,
        ),
      ];
      expect(own.length).toBeGreaterThan(0);
      for (const alarm of own)
        for (const environment of environments) {
          const line = embeddedMetric(alarm.MetricName, 1, 'Count', 0, String(environment));
          // By the embedded cloud's reading of both, which is CloudWatch's.
          expect(readEmbeddedMetrics(line).map(metricKey)).toEqual(
            compileAlarm(alarmProperties.parse(rendered(alarm))).metrics.map(({ key }) => key),
          );
        }
    },
  );

  describe('of a bridge that is not ready', () => {
    const [properties] = watched('BrokerReady').map((alarm) => alarmProperties.parse(rendered(alarm)));
    if (properties === undefined) throw new Error('no alarm watches BrokerReady');
    const alarm = compileAlarm(properties);
    const MINUTES = 10;
    /** The alarm's state after ten minutes, in each of which these values came. */
    const stateAfter = (minute: (index: number) => readonly number[]) => {
      const store = new MetricStore(new DatabaseSync(':memory:'));
      for (let index = 0; index < MINUTES; index++)
        for (const value of minute(index)) store.record(alarm.metrics[0]?.key ?? '', index * 60_000, value);
      return evaluateAlarm(alarm, properties, store, MINUTES * 60_000, 'OK').state;
    };

    it('rings where nothing is heard of it, or nothing good', () => {
      expect(stateAfter(() => [])).toBe('ALARM');
      expect(stateAfter(() => [0])).toBe('ALARM');
      expect(stateAfter((index) => (index % 4 === 0 ? [0] : []))).toBe('ALARM');
    });

    it('is quiet while one bridge is ready, whatever another waits for, and over the minutes of a new start', () => {
      expect(stateAfter(() => [0, 1])).toBe('OK');
      expect(stateAfter((index) => (index === 0 ? [1] : []))).toBe('OK');
    });

    it('is not there where no task is to run, as in a replay, which starts its own', () => {
      expect(
        synthesized('local')
          .all('AWS::CloudWatch::Alarm')
          .filter(({ properties: { MetricName } }) => MetricName === 'BrokerReady'),
      ).toEqual([]);
    });
  });

  it('are heard: CloudWatch may publish to the topic and use its key', () => {
    const [policy] = paper.all('AWS::SNS::TopicPolicy');
    expect(policy?.properties.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Action: 'sns:Publish',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
    const [key] = paper.of('State', 'AWS::KMS::Key');
    expect(key?.properties.KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    );
  });
});
