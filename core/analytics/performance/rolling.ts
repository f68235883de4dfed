import type { Figure } from '../series.ts';
import { beta, type PairedReturns } from './benchmark.ts';
import { annualVolatility, sharpeRatio } from './ratios.ts';

/** Returns in a window: about a year of sessions. */
export const ROLLING_WINDOW = 252;

/** A figure over the window that ends at an instant. */
export interface RollingPoint {
  /** Epoch milliseconds of the mark that closes the window. */
  readonly time: number;
  readonly figure: Figure;
}

/** `measure` of each whole window of `count` returns; `times[i]` is the instant at which the i-th return ends. */
function rolling(
  times: Float64Array,
  count: number,
  measure: (from: number, to: number) => Figure,
): readonly RollingPoint[] {
  if (!Number.isInteger(count) || count < 2)
    throw new RangeError(`a window of ${count} returns; give a whole number of at least 2`);
  const points: RollingPoint[] = [];
  for (let end = count; end <= times.length; end++)
    points.push({ time: times[end - 1]!, figure: measure(end - count, end) });
  return points;
}

/** Annual volatility of each window (ddof 1). @throws RangeError for a window below 2 */
export const rollingVolatility = (
  times: Float64Array,
  returns: Float64Array,
  perYear: number,
  window = ROLLING_WINDOW,
): readonly RollingPoint[] =>
  rolling(times, window, (from, to) => annualVolatility(returns.subarray(from, to), perYear));

/** Sharpe ratio of each window, by {@link sharpeRatio}. @throws RangeError for a window below 2 */
export const rollingSharpe = (
  times: Float64Array,
  returns: Float64Array,
  riskFree: number,
  perYear: number,
  window = ROLLING_WINDOW,
): readonly RollingPoint[] =>
  rolling(times, window, (from, to) => sharpeRatio(returns.subarray(from, to), riskFree, perYear));

/** Beta of each window, by {@link beta}. @throws RangeError for a window below 2 */
export const rollingBeta = (
  times: Float64Array,
  { account, benchmark }: PairedReturns,
  window = ROLLING_WINDOW,
): readonly RollingPoint[] =>
  rolling(times, window, (from, to) =>
    beta({ account: account.subarray(from, to), benchmark: benchmark.subarray(from, to) }),
  );
