import { atr } from '#core/indicators/true-range.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';

/** Sessions a year, by which daily volatility is annualised. */
export const SESSIONS_PER_YEAR = 252;

/** Log returns of consecutive values; one fewer than the values. NaN where a value is not positive. */
export function logReturns(values: Float64Array): Float64Array {
  const returns = new Float64Array(Math.max(0, values.length - 1));
  for (let at = 1; at < values.length; at++) {
    const before = values[at - 1] as number;
    const now = values[at] as number;
    returns[at - 1] = before > 0 && now > 0 ? Math.log(now / before) : Number.NaN;
  }
  return returns;
}

/** The last `count` values (a view); all of them where there are fewer. */
export function lastOf(values: Float64Array, count: number): Float64Array {
  return values.subarray(Math.max(0, values.length - count));
}

/** Arithmetic mean; undefined for no values. */
export function mean(values: ArrayLike<number>): number | undefined {
  if (values.length === 0) return undefined;
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}

/** Sample standard deviation (ddof 1); undefined for fewer than two values. */
export function standardDeviation(values: ArrayLike<number>): number | undefined {
  const centre = mean(values);
  if (centre === undefined || values.length < 2) return undefined;
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += ((values[at] as number) - centre) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/** Pearson correlation of two columns of one length; undefined for fewer than three pairs or no variance. */
export function correlation(left: ArrayLike<number>, right: ArrayLike<number>): number | undefined {
  const leftMean = mean(left);
  const rightMean = mean(right);
  if (left.length !== right.length || left.length < 3 || leftMean === undefined || rightMean === undefined) {
    return undefined;
  }
  let product = 0;
  let leftSquare = 0;
  let rightSquare = 0;
  for (let at = 0; at < left.length; at++) {
    const a = (left[at] as number) - leftMean;
    const b = (right[at] as number) - rightMean;
    product += a * b;
    leftSquare += a * a;
    rightSquare += b * b;
  }
  const scale = Math.sqrt(leftSquare * rightSquare);
  return scale > 0 ? Math.max(-1, Math.min(1, product / scale)) : undefined;
}

/** Median; undefined for no values. */
export function median(values: ArrayLike<number>): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = new Float64Array(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Share of `values` below `value`, ties counted half: 0 is the lowest seen, 1 the highest, 0.5 for a constant. */
export function percentileRank(values: ArrayLike<number>, value: number): number | undefined {
  if (values.length === 0) return undefined;
  let below = 0;
  for (let at = 0; at < values.length; at++) {
    if ((values[at] as number) < value) below += 1;
    else if (values[at] === value) below += 0.5;
  }
  return below / values.length;
}

/**
 * Close-to-close volatility a session: sample standard deviation (ddof 1) of the last `window` log returns; undefined
 * with fewer returns or a return that is not defined.
 */
export function sessionVolatility(closes: Float64Array, window: number): number | undefined {
  if (closes.length < window + 1) return undefined;
  const deviation = standardDeviation(logReturns(lastOf(closes, window + 1)));
  return deviation === undefined || Number.isNaN(deviation) ? undefined : deviation;
}

/** {@link sessionVolatility} × √252. */
export function annualVolatility(closes: Float64Array, window: number): number | undefined {
  const session = sessionVolatility(closes, window);
  return session === undefined ? undefined : session * Math.sqrt(SESSIONS_PER_YEAR);
}

/**
 * Realised volatility a session, √(Σ r² / window), at each of the last `count` closes, oldest first; undefined with too
 * few closes. The mean is taken as zero, so that a steady fall counts as the disturbance it is.
 */
export function realizedVolatility(
  closes: Float64Array,
  window: number,
  count: number,
): Float64Array | undefined {
  if (closes.length < window + count) return undefined;
  const returns = logReturns(lastOf(closes, window + count));
  const found = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    let sum = 0;
    for (let back = at; back < at + window; back++) sum += (returns[back] as number) ** 2;
    found[at] = Math.sqrt(sum / window);
  }
  return found.every(Number.isFinite) ? found : undefined;
}

/** Average true range (Wilder) as of the last bar, in price units; undefined with fewer than `period` + 1 bars. */
export function averageTrueRange(bars: BarSeries, period: number): number | undefined {
  const known = rangesOf(bars);
  const value = known.get(period) ?? atr(bars, period)[bars.length - 1] ?? Number.NaN;
  known.set(period, value);
  return Number.isFinite(value) ? value : undefined;
}

/** By period; it takes a pass over the whole series, and several agents state it. */
const rangesOf = memoizeByIdentity((_: BarSeries) => new Map<number, number>());

/** Mean volume of the last `window` bars; undefined where bars are missing or any volume of the window is unknown. */
export function averageVolume(bars: BarSeries, window: number): number | undefined {
  if (bars.length < window) return undefined;
  const average = mean(lastOf(bars.volume, window));
  return average === undefined || !Number.isFinite(average) ? undefined : average;
}

/** Log return over the last `sessions` closes; undefined with too few. */
export function returnOver(closes: Float64Array, sessions: number): number | undefined {
  if (closes.length < sessions + 1) return undefined;
  const value = Math.log(
    (closes[closes.length - 1] as number) / (closes[closes.length - 1 - sessions] as number),
  );
  return Number.isFinite(value) ? value : undefined;
}

/** Fraction below the highest of the last `window` closes, 0…1; undefined with no closes. */
export function drawdownFromHigh(closes: Float64Array, window: number): number | undefined {
  const recent = lastOf(closes, window);
  if (recent.length === 0) return undefined;
  let high = Number.NEGATIVE_INFINITY;
  for (const close of recent) high = Math.max(high, close);
  const value = 1 - (recent[recent.length - 1] as number) / high;
  return Number.isFinite(value) ? value : undefined;
}
