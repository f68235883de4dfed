import type { BarSeries } from '#core/market/bars.ts';
import { figureByBar } from '#core/market/figure-by-bar.ts';
import { sameColumn } from '#core/values/memo.ts';

/** A series' log closes with their closing times; what has no positive price has no finite logarithm. */
export interface LogCloses {
  readonly closeTime: Float64Array;
  readonly value: Float64Array;
  /** How many of the last ones have a price each. */
  readonly priced: number;
}

/** The log closes of a series, to be taken once for all pairs that it stands in. */
export function logCloses(bars: BarSeries): LogCloses {
  const { closeTime, length } = bars;
  const value = logs(bars).between(0, length);
  let first = length;
  while (first > 0 && hasPrice(value[first - 1] as number)) first--;
  return { closeTime, value, priced: length - first };
}

const logs = figureByBar({
  reads: ['close'],
  before: 0,
  at: ({ close }, index) => Math.log(close[index] as number),
});

const hasPrice = (logClose: number): boolean => logClose > Number.NEGATIVE_INFINITY;

/** Two series of log prices on the sessions that both have, oldest first. */
export interface AlignedPair {
  readonly closeTime: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/** Matches two series by closing time, the last `sessions` that both have; prices that are not positive are left out. */
export function alignPair(left: LogCloses, right: LogCloses, sessions: number): AlignedPair {
  const most = Math.min(sessions, left.value.length);
  if (left.closeTime === right.closeTime && left.priced >= most && right.priced >= most) {
    const start = left.value.length - most;
    return {
      closeTime: left.closeTime.subarray(start),
      left: left.value.subarray(start),
      right: right.value.subarray(start),
    };
  }
  const shared: { readonly time: number; readonly left: number; readonly right: number }[] = [];
  let i = left.value.length - 1;
  let j = right.value.length - 1;
  while (i >= 0 && j >= 0 && shared.length < sessions) {
    const time = left.closeTime[i] as number;
    const difference = time - (right.closeTime[j] as number);
    if (difference > 0) i--;
    else if (difference < 0) j--;
    else {
      const both = { time, left: left.value[i] as number, right: right.value[j] as number };
      if (hasPrice(both.left) && hasPrice(both.right)) shared.push(both);
      i--;
      j--;
    }
  }
  shared.reverse();
  return {
    closeTime: Float64Array.from(shared, ({ time }) => time),
    left: Float64Array.from(shared, (both) => both.left),
    right: Float64Array.from(shared, (both) => both.right),
  };
}

/** The same series, with one array of closing times for all whose closing times are the same. */
export function withSharedCalendars(all: readonly LogCloses[]): readonly LogCloses[] {
  const calendars: Float64Array[] = [];
  return all.map((one) => {
    const known = calendars.find((calendar) => sameColumn(calendar, one.closeTime));
    if (known !== undefined) return { ...one, closeTime: known };
    calendars.push(one.closeTime);
    return one;
  });
}

export interface Cointegration {
  /** left = intercept + slope × right + spread, in logs, by least squares on the formation sessions. */
  readonly intercept: number;
  readonly slope: number;
  readonly deviation: number;
  /** Augmented Dickey–Fuller t of the formation spread, and what it must be below. */
  readonly formationT: number;
  readonly formationCritical: number;
  /** Dickey–Fuller t of the spread on the holdout with the formation's coefficients; NaN where the formation has failed. */
  readonly holdoutT: number;
  readonly holdoutCritical: number;
  /** Sessions in which half of a deviation disappears, from the formation; infinite where it does not revert. */
  readonly halfLife: number;
  readonly cointegrated: boolean;
  /** left − intercept − slope × right at every aligned session, in logs. */
  readonly spread: Float64Array;
}

/** 5 % critical value of the Dickey–Fuller t without constant for a known series (MacKinnon 2010, table 1). */
const KNOWN_SPREAD_CRITICAL = -1.94;

/** 5 % critical value of the Engle–Granger t for two variables with constant (MacKinnon 2010, table 2). */
export function engleGrangerCritical(observations: number): number {
  return -3.33613 - 6.1101 / observations - 6.823 / observations ** 2;
}

/**
 * Engle–Granger (1987) cointegration on all but the last `holdout` sessions, confirmed on those: the spread with the
 * formation's coefficients must revert there too and must not have drifted two deviations away on average. Null with too
 * few sessions or a series without variance.
 */
export function testCointegration(pair: AlignedPair, holdout: number): Cointegration | null {
  const count = pair.left.length;
  const formation = count - holdout;
  if (formation < 252 || holdout < 60) return null;
  const fit = leastSquares(pair.right.subarray(0, formation), pair.left.subarray(0, formation));
  if (fit === null) return null;
  const spread = new Float64Array(count);
  let squares = 0;
  for (let index = 0; index < count; index++) {
    const value = (pair.left[index] as number) - fit.intercept - fit.slope * (pair.right[index] as number);
    spread[index] = value;
    if (index < formation) squares += value * value;
  }
  const inside = spread.subarray(0, formation);
  const outside = spread.subarray(formation);
  const deviation = Math.sqrt(squares / (formation - 2));
  if (!(deviation > 1e-9)) return null;
  const first = dickeyFuller(inside);
  const formationCritical = engleGrangerCritical(formation);
  const formed = first.t < formationCritical;
  const holdoutT = formed ? dickeyFuller(outside).t : Number.NaN;
  return {
    intercept: fit.intercept,
    slope: fit.slope,
    deviation,
    formationT: first.t,
    formationCritical,
    holdoutT,
    holdoutCritical: KNOWN_SPREAD_CRITICAL,
    halfLife:
      first.root < 0 && first.root > -1 ? -Math.LN2 / Math.log(1 + first.root) : Number.POSITIVE_INFINITY,
    cointegrated: holdoutT < KNOWN_SPREAD_CRITICAL && Math.abs(driftOf(outside, deviation)) < 2,
    spread,
  };
}

/** The mean of a spread, in deviations. */
function driftOf(spread: Float64Array, deviation: number): number {
  let drift = 0;
  for (const value of spread) drift += value / deviation / spread.length;
  return drift;
}

function leastSquares(
  x: Float64Array,
  y: Float64Array,
): { readonly intercept: number; readonly slope: number } | null {
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < x.length; i++) {
    meanX += (x[i] as number) / x.length;
    meanY += (y[i] as number) / x.length;
  }
  let covariance = 0;
  let variance = 0;
  for (let i = 0; i < x.length; i++) {
    covariance += ((x[i] as number) - meanX) * ((y[i] as number) - meanY);
    variance += ((x[i] as number) - meanX) ** 2;
  }
  if (!(variance > 1e-12)) return null;
  const slope = covariance / variance;
  return { intercept: meanY - slope * meanX, slope };
}

/** Δe = root·e₋₁ + lag·Δe₋₁ + u without constant: one augmentation lag; t of the root. */
export function dickeyFuller(series: Float64Array): { readonly root: number; readonly t: number } {
  let levelLevel = 0;
  let levelLag = 0;
  let lagLag = 0;
  let levelNow = 0;
  let lagNow = 0;
  let nowNow = 0;
  let count = 0;
  for (let index = 2; index < series.length; index++) {
    const level = series[index - 1] as number;
    const lag = level - (series[index - 2] as number);
    const now = (series[index] as number) - level;
    levelLevel += level * level;
    levelLag += level * lag;
    lagLag += lag * lag;
    levelNow += level * now;
    lagNow += lag * now;
    nowNow += now * now;
    count++;
  }
  const determinant = levelLevel * lagLag - levelLag * levelLag;
  if (!(determinant > 0) || count < 4) return { root: Number.NaN, t: Number.NaN };
  const root = (levelNow * lagLag - lagNow * levelLag) / determinant;
  const lag = (lagNow * levelLevel - levelNow * levelLag) / determinant;
  const residual = Math.max(0, nowNow - root * levelNow - lag * lagNow) / (count - 2);
  const deviation = Math.sqrt((residual * lagLag) / determinant);
  return { root, t: deviation > 0 ? root / deviation : Number.NaN };
}
