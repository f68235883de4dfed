import { DAY_MILLIS } from '#core/market/civil-date.ts';
import { newYorkOffset } from '#core/market/new-york-time.ts';
import { type EquityCurve, type Figure, undefinedBecause, value } from '../series.ts';
import { dailyCurve, simpleReturns } from './equity-curve.ts';
import { momentsOf, noSpread } from './moments.ts';

/** Returns of an account and its benchmark over the same days, one of each a day. */
export interface PairedReturns {
  readonly account: Float64Array;
  readonly benchmark: Float64Array;
}

/** The same with the instant at which each return ends, epoch milliseconds. */
export interface DatedPairedReturns extends PairedReturns {
  readonly time: Float64Array;
}

const dayOf = (at: number) => Math.floor((at + newYorkOffset(at)) / DAY_MILLIS);

/**
 * Daily returns between the New York dates that both curves have; the move over a date that only one has is in the
 * next return of the other.
 * @throws InvalidEquityError for marks that cannot be measured
 */
export function pairedReturns(account: EquityCurve, benchmark: EquityCurve): DatedPairedReturns {
  const [left, right] = [dailyCurve(account), dailyCurve(benchmark)];
  const places = new Map(Array.from(right.time, (at, index) => [dayOf(at), index]));
  const common: [number, number][] = [];
  left.time.forEach((at, index) => {
    const place = places.get(dayOf(at));
    if (place !== undefined) common.push([index, place]);
  });
  return {
    time: Float64Array.from(common.slice(1), ([index]) => left.time[index]!),
    account: simpleReturns(Float64Array.from(common, ([index]) => left.equity[index]!)),
    benchmark: simpleReturns(Float64Array.from(common, ([, place]) => right.equity[place]!)),
  };
}

/** Beta: covariance of the returns with the benchmark's over the benchmark's variance. */
export function beta({ account, benchmark }: PairedReturns): Figure {
  const [own, market] = [momentsOf(account), momentsOf(benchmark)];
  const reason = noSpread(market);
  if (reason !== undefined) return undefinedBecause(`of the benchmark: ${reason}`);
  let products = 0;
  account.forEach((item, index) => {
    products += (item - own.mean) * (benchmark[index]! - market.mean);
  });
  return value(products / (account.length - 1) / market.deviation ** 2);
}

const SESSIONS_PER_YEAR = 252;

/** Jensen's alpha a year, arithmetic: 252 × (mean − r − beta × (benchmark's mean − r)), r the rate of one session. */
export function alpha(paired: PairedReturns, riskFree: number): Figure {
  const slope = beta(paired);
  if (slope.kind === 'undefined') return slope;
  const each = (1 + riskFree) ** (1 / SESSIONS_PER_YEAR) - 1;
  const market = momentsOf(paired.benchmark).mean - each;
  return value(SESSIONS_PER_YEAR * (momentsOf(paired.account).mean - each - slope.value * market));
}

/** Correlation (Pearson) of the returns with the benchmark's. */
export function correlation(paired: PairedReturns): Figure {
  const own = momentsOf(paired.account);
  const reason = noSpread(own);
  if (reason !== undefined) return undefinedBecause(reason);
  const slope = beta(paired);
  if (slope.kind === 'undefined') return slope;
  return value((slope.value * momentsOf(paired.benchmark).deviation) / own.deviation);
}

const activeReturns = ({ account, benchmark }: PairedReturns): Float64Array =>
  account.map((item, index) => item - benchmark[index]!);

/** Tracking error a year: standard deviation (ddof 1) of the active returns × √252. */
export function trackingError(paired: PairedReturns): Figure {
  if (paired.account.length < 2)
    return undefinedBecause(`${paired.account.length} returns; at least 2 are needed`);
  return value(momentsOf(activeReturns(paired)).deviation * Math.sqrt(SESSIONS_PER_YEAR));
}

/** Information ratio: mean active return over its standard deviation (ddof 1) × √252. Goodwin (1998). */
export function informationRatio(paired: PairedReturns): Figure {
  const moments = momentsOf(activeReturns(paired));
  const reason = noSpread(moments);
  if (reason !== undefined) return undefinedBecause(`of the active returns: ${reason}`);
  return value((moments.mean / moments.deviation) * Math.sqrt(SESSIONS_PER_YEAR));
}

/** Mean return over the benchmark's mean return on days the benchmark rose (`up`) or fell (`down`). */
export function capture({ account, benchmark }: PairedReturns, side: 'up' | 'down'): Figure {
  const chosen = (_: number, index: number) =>
    side === 'up' ? benchmark[index]! > 0 : benchmark[index]! < 0;
  const market = benchmark.filter(chosen);
  if (market.length === 0)
    return undefinedBecause(`the benchmark ${side === 'up' ? 'rose' : 'fell'} on no day`);
  return value(momentsOf(account.filter(chosen)).mean / momentsOf(market).mean);
}
