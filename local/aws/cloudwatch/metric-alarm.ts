import * as z from 'zod';
import { templateBoolean } from '../../host/parameters.ts';
import type { AlarmState } from './alarm-rule.ts';
import { compileExpression, type Datapoint, type MetricExpression } from './metric-math.ts';
import { type MetricId, type MetricStore, metricKey, percentileOf, statisticOf } from './metric-store.ts';

const dimensions = z.array(z.object({ Name: z.string(), Value: z.string() })).default([]);
const metricStat = z.object({
  Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions }),
  Period: z.coerce.number(),
  Stat: z.string(),
  Unit: z.string().optional(),
});

export const alarmProperties = z.object({
  AlarmDescription: z.string().optional(),
  ActionsEnabled: templateBoolean.default(true),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
  InsufficientDataActions: z.array(z.string()).default([]),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: dimensions,
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Period: z.coerce.number().optional(),
  Metrics: z
    .array(
      z.object({
        Id: z.string(),
        Expression: z.string().optional(),
        MetricStat: metricStat.optional(),
        ReturnData: templateBoolean.default(true),
        Label: z.string().optional(),
        Period: z.coerce.number().optional(),
        AccountId: z.string().optional(),
      }),
    )
    .optional(),
  ComparisonOperator: z.enum([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  Threshold: z.coerce.number(),
  EvaluationPeriods: z.coerce.number().int().min(1),
  DatapointsToAlarm: z.coerce.number().int().min(1).optional(),
  TreatMissingData: z.enum(['missing', 'ignore', 'breaching', 'notBreaching']).default('missing'),
});
export type AlarmProperties = z.infer<typeof alarmProperties>;

/** One metric that an alarm reads. */
export interface WatchedMetric extends MetricId {
  readonly key: string;
}

/** An alarm's question, compiled. */
export interface MetricAlarm {
  readonly periodMillis: number;
  readonly metrics: readonly WatchedMetric[];
  readonly evaluationPeriods: number;
  /** The value for the period `[from, from + period)`. */
  datapoint(store: MetricStore, from: number): Datapoint;
}

/** @throws MetricMathError, RangeError, TypeError naming what of the alarm cannot be evaluated */
export function compileAlarm(properties: AlarmProperties): MetricAlarm {
  const evaluationPeriods = properties.EvaluationPeriods;
  if (properties.Metrics === undefined) {
    const { Namespace, MetricName, Period, Statistic, ExtendedStatistic } = properties;
    if (Namespace === undefined || MetricName === undefined || Period === undefined)
      throw new TypeError('an alarm needs Namespace, MetricName and Period, or Metrics');
    const statistic = checkedStatistic(Statistic ?? ExtendedStatistic ?? 'Average');
    const metric = watched(Namespace, MetricName, properties.Dimensions);
    return {
      periodMillis: period(Period),
      metrics: [metric],
      evaluationPeriods,
      datapoint: (store, from) => read(store, metric, statistic, from, period(Period)),
    };
  }
  const stats = new Map<
    string,
    { readonly metric: WatchedMetric; readonly statistic: string; readonly period: number }
  >();
  const expressions = new Map<string, MetricExpression>();
  for (const { Id, Expression, MetricStat } of properties.Metrics) {
    if (MetricStat !== undefined) {
      const { Namespace, MetricName, Dimensions } = MetricStat.Metric;
      stats.set(Id, {
        metric: watched(Namespace, MetricName, Dimensions),
        statistic: checkedStatistic(MetricStat.Stat),
        period: period(MetricStat.Period),
      });
    } else if (Expression !== undefined) expressions.set(Id, compileExpression(Expression));
  }
  const returned = properties.Metrics.find(({ ReturnData }) => ReturnData);
  if (returned === undefined) throw new TypeError("one of the alarm's Metrics must have ReturnData");
  const periodMillis = Math.max(...[...stats.values()].map((stat) => stat.period));
  const valueFor = (id: string, store: MetricStore, from: number): Datapoint => {
    const stat = stats.get(id);
    if (stat !== undefined) return read(store, stat.metric, stat.statistic, from, periodMillis);
    const expression = expressions.get(id);
    if (expression === undefined)
      throw new TypeError(`the alarm's expression names ${id}, which is none of its Metrics`);
    return expression((other) => valueFor(other, store, from));
  };
  return {
    periodMillis,
    metrics: [...stats.values()].map(({ metric }) => metric),
    evaluationPeriods,
    datapoint: (store, from) => valueFor(returned.Id, store, from),
  };
}

/**
 * The state after a period that ended at `end`, by "M out of N" (CloudWatch User Guide, "Evaluating an alarm").
 * `current` is kept where the data do not tell.
 */
export function evaluateAlarm(
  alarm: MetricAlarm,
  properties: AlarmProperties,
  store: MetricStore,
  end: number,
  current: AlarmState,
): { readonly state: AlarmState; readonly datapoints: readonly Datapoint[] } {
  const datapoints = Array.from({ length: alarm.evaluationPeriods }, (_, index) =>
    alarm.datapoint(store, end - (index + 1) * alarm.periodMillis),
  );
  const needed = properties.DatapointsToAlarm ?? properties.EvaluationPeriods;
  const known = datapoints.filter((value) => value !== undefined);
  const missing = datapoints.length - known.length;
  const breaching = known.filter((value) => breaches(value, properties)).length;
  const result = (
    state: AlarmState,
  ): { readonly state: AlarmState; readonly datapoints: readonly Datapoint[] } => ({ state, datapoints });
  switch (properties.TreatMissingData) {
    case 'breaching':
      return result(breaching + missing >= needed ? 'ALARM' : 'OK');
    case 'notBreaching':
      return result(breaching >= needed ? 'ALARM' : 'OK');
    case 'ignore':
      if (breaching >= needed) return result('ALARM');
      return result(known.length - breaching > datapoints.length - needed ? 'OK' : current);
    case 'missing':
      if (known.length === 0) return result('INSUFFICIENT_DATA');
      return result(breaching >= needed ? 'ALARM' : 'OK');
  }
}

function breaches(value: number, { ComparisonOperator, Threshold }: AlarmProperties): boolean {
  switch (ComparisonOperator) {
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= Threshold;
  }
}

function read(
  store: MetricStore,
  metric: WatchedMetric,
  statistic: string,
  from: number,
  periodMillis: number,
): Datapoint {
  const data = store.read(metric.key, from, from + periodMillis);
  return data === undefined ? undefined : statisticOf(data, statistic);
}

function watched(
  namespace: string,
  name: string,
  given: readonly { readonly Name: string; readonly Value: string }[],
): WatchedMetric {
  const id: MetricId = {
    namespace,
    name,
    dimensions: Object.fromEntries(given.map(({ Name, Value }) => [Name, Value])),
  };
  return { ...id, key: metricKey(id) };
}

function checkedStatistic(statistic: string): string {
  if (!['Sum', 'SampleCount', 'Average', 'Minimum', 'Maximum'].includes(statistic)) percentileOf(statistic);
  return statistic;
}

/** Periods below a minute are read by the minute: that is how finely metrics are kept. */
function period(seconds: number): number {
  return Math.max(60, seconds) * 1000;
}
