import * as z from 'zod';
import type { Timer } from '#core/values/timer-clock.ts';
import {
  AwsError,
  type AwsService,
  type Resource,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, templateBoolean, unknownOperation } from '../../host/parameters.ts';
import { physicalName } from '../../host/physical-name.ts';
import type { ServiceParts } from '../../host/service-parts.ts';
import type { SqsHost } from '../sqs/sqs.ts';
import { type AlarmRule, type AlarmState, compileAlarmRule } from './alarm-rule.ts';
import { readEmbeddedMetrics } from './embedded-metrics.ts';
import {
  type AlarmProperties,
  alarmProperties,
  compileAlarm,
  evaluateAlarm,
  type MetricAlarm,
} from './metric-alarm.ts';
import { type MetricId, MetricStore, metricKey } from './metric-store.ts';

/** An alarm as it stands. */
export interface AlarmView {
  readonly name: string;
  readonly arn: string;
  readonly state: AlarmState;
  readonly reason: string;
  readonly updatedAt: number;
}

/** CloudWatch in the host. */
export interface CloudWatchHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  /** Records a value at the present (virtual) time. */
  recordMetric(metric: MetricId, value: number): void;
  /** Records the metrics of a log line in embedded metric format; any other line does nothing. */
  recordLogLine(line: string): void;
  alarms(): readonly AlarmView[];
  /** Lets alarms on `AWS/SQS` see the queues. Call when all resources are created. */
  watchQueues(
    sqs: Pick<SqsHost, 'queueArns' | 'settings' | 'counts' | 'oldestAgeSeconds' | 'onQueueChanged'>,
  ): void;
}

interface Alarm {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly actions: Readonly<Record<AlarmState, readonly string[]>>;
  readonly metric: { readonly compiled: MetricAlarm; readonly properties: AlarmProperties } | undefined;
  readonly rule: AlarmRule | undefined;
  state: AlarmState;
  reason: string;
  updatedAt: number;
  evaluation: Timer | undefined;
}

const compositeProperties = z.object({
  AlarmRule: z.string(),
  AlarmDescription: z.string().optional(),
  ActionsEnabled: templateBoolean.default(true),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
  InsufficientDataActions: z.array(z.string()).default([]),
});

const putMetricData = z.strictObject({
  Namespace: z.string(),
  MetricData: z.array(
    z.strictObject({
      MetricName: z.string(),
      Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).default([]),
      Value: z.coerce.number().optional(),
      Values: z.array(z.coerce.number()).optional(),
      Counts: z.array(z.coerce.number()).optional(),
      Unit: z.string().optional(),
      Timestamp: z.unknown().optional(),
      StorageResolution: z.coerce.number().optional(),
    }),
  ),
});
const describeAlarms = z.strictObject({
  AlarmNames: z.array(z.string()).optional(),
  AlarmNamePrefix: z.string().optional(),
  StateValue: z.string().optional(),
  AlarmTypes: z.array(z.string()).optional(),
});
const setAlarmState = z.strictObject({
  AlarmName: z.string(),
  StateValue: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
  StateReason: z.string(),
});

/**
 * CloudWatch: metrics by the minute, metric alarms ("M out of N", percentiles, simple metric math), composite alarms,
 * notification of topics and other targets. Alarms are evaluated at the ends of their periods in virtual time, and only
 * while their data can still change them, so that quiet alarms cost no steps of the clock.
 *
 * Not modelled: dashboards, metric streams, anomaly detection, METRICS() and SEARCH, reading statistics, logs; periods
 * below a minute count as a minute; a `Timestamp` given with a value is not looked at (the value counts now); percentiles
 * look at the first 1000 values of a minute; actions other than targets of the host (EC2, scaling) are logged.
 */
export function createCloudWatch(parts: ServiceParts): CloudWatchHost {
  const { context, targets } = parts;
  const store = new MetricStore(context.store);
  const alarms = new Map<string, Alarm>();
  const watchers = new Map<string, Alarm[]>();
  /** What gives a metric's value now, by metric, with what it gave last and since when. */
  const samplers = new Map<
    string,
    {
      readonly sample: () => number;
      last: { readonly end: number; readonly value: number; readonly since: number } | undefined;
    }
  >();

  context.store.exec(
    'CREATE TABLE IF NOT EXISTS cloudwatch_alarms (name TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID',
  );
  const saveState = context.store.prepare('INSERT OR REPLACE INTO cloudwatch_alarms VALUES (?, ?, ?, ?)');
  const loadState = context.store.prepare('SELECT * FROM cloudwatch_alarms WHERE name = ?');
  const arnOf = (name: string): string =>
    `arn:aws:cloudwatch:${context.region}:${context.accountId}:alarm:${name}`;

  const recordMetric = (metric: MetricId, value: number): void => {
    const key = metricKey(metric);
    store.record(key, context.clock.now(), value);
    for (const alarm of watchers.get(key) ?? []) plan(alarm);
  };

  /** Evaluates the alarm at the end of its present period, once. */
  const plan = (alarm: Alarm): void => {
    if (alarm.metric === undefined || alarm.evaluation !== undefined) return;
    const { periodMillis } = alarm.metric.compiled;
    const now = context.clock.now();
    const end = now - (now % periodMillis) + periodMillis;
    alarm.evaluation = context.clock.schedule(end, () => {
      alarm.evaluation = undefined;
      evaluate(alarm, end);
    });
  };

  const evaluate = (alarm: Alarm, end: number): void => {
    const { compiled, properties } = alarm.metric!;
    const steady = takeSamples(compiled, end);
    const { state, datapoints } = evaluateAlarm(compiled, properties, store, end, alarm.state);
    const known = datapoints.filter((value) => value !== undefined);
    const reason =
      known.length === 0
        ? `no datapoint in ${datapoints.length} periods`
        : `datapoints ${known.join(', ')} against the threshold ${properties.Threshold} (${properties.ComparisonOperator})`;
    changeState(alarm, state, reason);
    // A sampled metric that stands still tells when it moves; until then its alarm can wait.
    const sampled = steady !== undefined;
    if (sampled ? !steady : known.length > 0) plan(alarm);
  };

  /** Samples what the alarm reads; true where nothing moved for as long as it looks back, undefined where nothing is sampled. */
  const takeSamples = (
    { metrics, periodMillis, evaluationPeriods }: MetricAlarm,
    end: number,
  ): boolean | undefined => {
    let steady: boolean | undefined;
    for (const { key } of metrics) {
      const sampler = samplers.get(key);
      if (sampler === undefined) continue;
      const value = sampler.sample();
      const { last } = sampler;
      // Nobody looked while the value stood still: those periods had it too.
      if (last !== undefined) {
        const from = Math.max(last.end, end - evaluationPeriods * periodMillis);
        for (let quiet = from + periodMillis; quiet < end; quiet += periodMillis)
          store.record(key, quiet - 1, last.value);
      }
      if (last?.end !== end) store.record(key, end - 1, value);
      const since = last?.value === value ? last.since : end;
      sampler.last = { end, value, since };
      steady = (steady ?? true) && end - since >= evaluationPeriods * periodMillis;
    }
    return steady;
  };

  const changeState = (alarm: Alarm, state: AlarmState, reason: string): void => {
    if (state === alarm.state) return;
    const before = alarm.state;
    alarm.state = state;
    alarm.reason = reason;
    alarm.updatedAt = context.clock.now();
    saveState.run(alarm.name, state, reason, alarm.updatedAt);
    for (const target of alarm.actions[state]) void notify(alarm, before, target);
    for (const composite of alarms.values()) {
      if (composite.rule?.alarms.some((name) => name === alarm.name || name === alarm.arn) === true)
        evaluateComposite(composite);
    }
  };

  const evaluateComposite = (alarm: Alarm): void => {
    const stateOf = (reference: string): AlarmState => {
      const found = alarms.get(
        reference.startsWith('arn:')
          ? reference.slice(reference.indexOf(':alarm:') + ':alarm:'.length)
          : reference,
      );
      if (found === undefined)
        throw new RangeError(`the rule of ${alarm.name} names the alarm ${reference}, which does not exist`);
      return found.state;
    };
    changeState(
      alarm,
      alarm.rule!.holds(stateOf) ? 'ALARM' : 'OK',
      `the rule looked at ${alarm.rule!.alarms.map((name) => `${name} (${stateOf(name)})`).join(', ')}`,
    );
  };

  /** Never rejects: a notification that fails is logged, as CloudWatch records it in the alarm's history. */
  const notify = async (alarm: Alarm, before: AlarmState, target: string): Promise<void> => {
    const end = context.activity.begin('alarm notification');
    try {
      const found = targets.find(target);
      if (found === undefined) {
        context.log.warn(
          `the alarm ${alarm.name} is ${alarm.state}; its action ${target} is outside this host`,
          { reason: alarm.reason },
        );
        return;
      }
      await found.deliver(
        JSON.stringify({
          AlarmName: alarm.name,
          AlarmDescription: alarm.description ?? null,
          AWSAccountId: context.accountId,
          NewStateValue: alarm.state,
          NewStateReason: alarm.reason,
          StateChangeTime: new Date(alarm.updatedAt).toISOString(),
          Region: context.region,
          AlarmArn: alarm.arn,
          OldStateValue: before,
        }),
        { sender: { kind: 'service', principal: 'cloudwatch.amazonaws.com', sourceArn: alarm.arn } },
      );
    } catch (cause) {
      context.log.error(`the alarm ${alarm.name} could not notify ${target}`, {
        error: cause instanceof Error ? cause.message : String(cause),
      });
    } finally {
      end();
    }
  };

  const register = (
    resource: Resource,
    settings: { readonly description: string | undefined; readonly actions: Alarm['actions'] },
    question: Pick<Alarm, 'metric' | 'rule'>,
  ): void => {
    const name = resource.identity.ref;
    const saved = loadState.get(name);
    const alarm: Alarm = {
      name,
      arn: resource.identity.attributes['Arn']!,
      ...settings,
      ...question,
      state: (saved?.['state'] as AlarmState | undefined) ?? 'INSUFFICIENT_DATA',
      reason: String(saved?.['reason'] ?? 'not evaluated yet'),
      updatedAt: Number(saved?.['updated_at'] ?? context.clock.now()),
      evaluation: undefined,
    };
    alarms.set(name, alarm);
    if (alarm.rule !== undefined) evaluateComposite(alarm);
    for (const { key } of alarm.metric?.compiled.metrics ?? []) {
      store.watch(key);
      watchers.set(key, [...(watchers.get(key) ?? []), alarm]);
    }
    plan(alarm);
  };

  const alarmType = (
    type: string,
    properties: readonly string[],
    create: (resource: Resource) => void,
  ): ResourceType => ({
    type,
    properties: {
      honoured: ['AlarmName', ...properties],
      withoutLocalEffect: ['Unit', 'EvaluateLowSampleCountPercentile', 'Tags'],
    },
    identify: (resource) => {
      const name = physicalName(resource, 'AlarmName', 255);
      return { ref: name, attributes: { Arn: arnOf(name) } };
    },
    create,
  });

  const metricAlarmType = alarmType(
    'AWS::CloudWatch::Alarm',
    Object.keys(alarmProperties.shape),
    (resource) => {
      const properties = alarmProperties.parse(resource.properties);
      register(
        resource,
        { description: properties.AlarmDescription, actions: actionsOf(properties) },
        { metric: { compiled: compileAlarm(properties), properties }, rule: undefined },
      );
    },
  );
  const compositeAlarmType = alarmType(
    'AWS::CloudWatch::CompositeAlarm',
    Object.keys(compositeProperties.shape),
    (resource) => {
      const properties = compositeProperties.parse(resource.properties);
      register(
        resource,
        { description: properties.AlarmDescription, actions: actionsOf(properties) },
        { metric: undefined, rule: compileAlarmRule(properties.AlarmRule) },
      );
    },
  );

  const handle = async (call: ServiceCall): Promise<Record<string, unknown>> => {
    switch (call.operation) {
      case 'PutMetricData': {
        const { Namespace, MetricData } = parseParameters(call, putMetricData, 'InvalidParameterValue');
        for (const { MetricName, Dimensions, Value, Values, Counts } of MetricData) {
          const metric: MetricId = {
            namespace: Namespace,
            name: MetricName,
            dimensions: Object.fromEntries(Dimensions.map(({ Name, Value: text }) => [Name, text])),
          };
          if (Value !== undefined) recordMetric(metric, Value);
          for (const [position, value] of (Values ?? []).entries()) {
            for (let repeat = 0; repeat < (Counts?.[position] ?? 1); repeat++) recordMetric(metric, value);
          }
        }
        return {};
      }
      case 'DescribeAlarms': {
        const {
          AlarmNames,
          AlarmNamePrefix = '',
          StateValue,
        } = parseParameters(call, describeAlarms, 'InvalidParameterValue');
        const wanted = [...alarms.values()].filter(
          ({ name, state }) =>
            (AlarmNames === undefined || AlarmNames.includes(name)) &&
            name.startsWith(AlarmNamePrefix) &&
            (StateValue === undefined || state === StateValue),
        );
        const view = ({ name, arn, state, reason, updatedAt }: Alarm): Record<string, unknown> => ({
          AlarmName: name,
          AlarmArn: arn,
          StateValue: state,
          StateReason: reason,
          StateUpdatedTimestamp: updatedAt / 1000,
        });
        return {
          MetricAlarms: wanted.filter(({ rule }) => rule === undefined).map(view),
          CompositeAlarms: wanted.filter(({ rule }) => rule !== undefined).map(view),
        };
      }
      case 'SetAlarmState': {
        const { AlarmName, StateValue, StateReason } = parseParameters(
          call,
          setAlarmState,
          'InvalidParameterValue',
        );
        const alarm = alarms.get(AlarmName);
        if (alarm === undefined)
          throw new AwsError('ResourceNotFound', `the alarm ${AlarmName} does not exist`, 404);
        changeState(alarm, StateValue, StateReason);
        plan(alarm);
        return {};
      }
      default:
        throw unknownOperation(call);
    }
  };

  return {
    service: {
      name: 'cloudwatch',
      permissions: ({ operation, input }) =>
        operation === 'PutMetricData'
          ? [
              {
                action: 'cloudwatch:PutMetricData',
                resource: '*',
                context: { 'cloudwatch:namespace': String(input['Namespace']) },
              },
            ]
          : [
              {
                action: `cloudwatch:${operation}`,
                resource: operation === 'SetAlarmState' ? arnOf(String(input['AlarmName'])) : '*',
              },
            ],
      handle,
    },
    types: [metricAlarmType, compositeAlarmType],
    recordMetric,
    recordLogLine: (line) => {
      for (const { value, ...metric } of readEmbeddedMetrics(line)) recordMetric(metric, value);
    },
    alarms: () =>
      [...alarms.values()].map(({ name, arn, state, reason, updatedAt }) => ({
        name,
        arn,
        state,
        reason,
        updatedAt,
      })),
    watchQueues: (sqs) => {
      for (const queueArn of sqs.queueArns) {
        const dimensions = { QueueName: sqs.settings(queueArn).name };
        const samples: Readonly<Record<string, () => number>> = {
          ApproximateNumberOfMessagesVisible: () => sqs.counts(queueArn).visible,
          ApproximateNumberOfMessagesNotVisible: () => sqs.counts(queueArn).inFlight,
          ApproximateNumberOfMessagesDelayed: () => sqs.counts(queueArn).delayed,
          ApproximateAgeOfOldestMessage: () => sqs.oldestAgeSeconds(queueArn),
        };
        const concerned = new Set<Alarm>();
        for (const [name, sample] of Object.entries(samples)) {
          const key = metricKey({ namespace: 'AWS/SQS', name, dimensions });
          for (const alarm of watchers.get(key) ?? []) {
            samplers.set(key, { sample, last: undefined });
            concerned.add(alarm);
          }
        }
        if (concerned.size === 0) continue;
        sqs.onQueueChanged(queueArn, () => {
          for (const alarm of concerned) plan(alarm);
        });
      }
    },
  };
}

function actionsOf(properties: {
  readonly ActionsEnabled: boolean;
  readonly AlarmActions: readonly string[];
  readonly OKActions: readonly string[];
  readonly InsufficientDataActions: readonly string[];
}): Alarm['actions'] {
  if (!properties.ActionsEnabled) return { ALARM: [], OK: [], INSUFFICIENT_DATA: [] };
  return {
    ALARM: properties.AlarmActions,
    OK: properties.OKActions,
    INSUFFICIENT_DATA: properties.InsufficientDataActions,
  };
}
