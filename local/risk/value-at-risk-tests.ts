import { normalQuantile } from '#core/analytics/distributions/normal.ts';
import { sortedQuantile } from '#core/analytics/performance/tail-risk.ts';
import { ewmaVariance } from '#core/analytics/risk/ewma.ts';
import { type TrafficLight, trafficLight } from '#core/analytics/risk/traffic-light.ts';
import {
  backtestValueAtRisk,
  type ValueAtRiskBacktest,
  valueAtRiskExceptions,
} from '#core/analytics/risk/value-at-risk-backtest.ts';

/** A value at risk stated before each day by what was known then, held against what came. */
export type TestedValueAtRisk =
  | {
      readonly kind: 'tested';
      readonly model: string;
      readonly backtest: ValueAtRiskBacktest;
      /** Of the last 250 days, or of all where there are fewer. */
      readonly trafficLight: TrafficLight & { readonly observations: number; readonly exceptions: number };
      /** Value at risk of the day after the last. */
      readonly next: number;
    }
  | { readonly kind: 'undefined'; readonly model: string; readonly reason: string };

/** Days of the Basel Committee's table. */
const BASEL_DAYS = 250;

/**
 * Tests two values at risk of one day, each stated by the days before it alone: the historical one of a moving window, and
 * the normal one of the exponentially weighted variance. A GARCH model is not among them: its parameters are fitted on all
 * days, and so know what was to come.
 * @param window days looked back on, and days before the first that is tested
 */
export function testedValuesAtRisk(
  returns: Float64Array,
  confidence: number,
  window: number,
): readonly TestedValueAtRisk[] {
  const historical = (end: number) =>
    -sortedQuantile(returns.slice(end - window, end).sort(), 1 - confidence);
  const variance = ewmaVariance(returns);
  const multiple = normalQuantile(confidence);
  const weighted = (end: number) => multiple * Math.sqrt(variance[end - 1]!);
  return [
    tested('historical', returns, confidence, window, historical),
    tested('normal, EWMA variance', returns, confidence, window, weighted),
  ];
}

/** @param stated value at risk of the day `end` by the days before it */
function tested(
  model: string,
  returns: Float64Array,
  confidence: number,
  window: number,
  stated: (end: number) => number,
): TestedValueAtRisk {
  if (returns.length <= window)
    return {
      kind: 'undefined',
      model,
      reason: `${returns.length} returns; more than the window of ${window} are needed`,
    };
  const values = Float64Array.from({ length: returns.length - window }, (_, day) => stated(day + window));
  const exceptions = valueAtRiskExceptions(returns.subarray(window), values);
  const recent = exceptions.subarray(Math.max(0, exceptions.length - BASEL_DAYS));
  const count = recent.reduce((sum, mark) => sum + mark, 0);
  return {
    kind: 'tested',
    model,
    backtest: backtestValueAtRisk(exceptions, confidence),
    trafficLight: {
      ...trafficLight(count, recent.length, confidence),
      observations: recent.length,
      exceptions: count,
    },
    next: stated(returns.length),
  };
}
