import { type EquityCurve, type Figure, undefinedBecause, value } from '../series.ts';
import { maximumDrawdown } from './drawdowns.ts';
import { yearsOf } from './equity-curve.ts';
import { momentsOf, noSpread } from './moments.ts';

/** Final over first mark, less one. */
export function totalReturn(equity: Float64Array): Figure {
  if (equity.length < 2) return undefinedBecause(`${equity.length} marks; at least 2 are needed`);
  return value(equity[equity.length - 1]! / equity[0]! - 1);
}

/** Shortest span that is annualised: a shorter one would be compounded more than twelvefold. */
const SHORTEST_YEARS = 1 / 12;

/** Compound annual growth rate (final/first)^(1/years) − 1, years of 365.25 days. */
export function compoundAnnualGrowth({ time, equity }: EquityCurve): Figure {
  const years = yearsOf(time);
  if (equity.length < 2) return undefinedBecause(`${equity.length} marks; at least 2 are needed`);
  if (years < SHORTEST_YEARS) return undefinedBecause('the marks span less than a month');
  const growth = equity[equity.length - 1]! / equity[0]!;
  if (!(growth > 0)) return undefinedBecause('equity ended at or below zero');
  return value(growth ** (1 / years) - 1);
}

/** Annual volatility: standard deviation (ddof 1) of the returns × √(returns a year). */
export function annualVolatility(returns: Float64Array, perYear: number): Figure {
  if (returns.length < 2) return undefinedBecause(`${returns.length} returns; at least 2 are needed`);
  return value(momentsOf(returns).deviation * Math.sqrt(perYear));
}

/**
 * Returns above the annual risk-free rate, which is brought to one period geometrically: (1 + r)^(1/perYear) − 1.
 * @throws RangeError for a rate at or below −1, or no periods in a year
 */
export function excessReturns(returns: Float64Array, riskFree: number, perYear: number): Float64Array {
  if (!(riskFree > -1) || !Number.isFinite(riskFree))
    throw new RangeError(`risk-free rate ${riskFree} is not above -1; give it as a fraction, such as 0.02`);
  if (!(perYear > 0)) throw new RangeError(`${perYear} returns a year; give marks that span some time`);
  const each = (1 + riskFree) ** (1 / perYear) - 1;
  return returns.map((item) => item - each);
}

/** Sharpe ratio: mean excess return over its standard deviation (ddof 1) × √(returns a year). Sharpe (1994). */
export function sharpeRatio(returns: Float64Array, riskFree: number, perYear: number): Figure {
  if (returns.length < 2) return undefinedBecause(`${returns.length} returns; at least 2 are needed`);
  const moments = momentsOf(excessReturns(returns, riskFree, perYear));
  const reason = noSpread(moments);
  if (reason !== undefined) return undefinedBecause(reason);
  return value((moments.mean / moments.deviation) * Math.sqrt(perYear));
}

/**
 * Sortino ratio: mean excess return over the root mean square of the excess returns below zero, over all N returns
 * (not only the losing ones), × √(returns a year). Sortino and Price (1994).
 */
export function sortinoRatio(returns: Float64Array, riskFree: number, perYear: number): Figure {
  if (returns.length < 2) return undefinedBecause(`${returns.length} returns; at least 2 are needed`);
  const excess = excessReturns(returns, riskFree, perYear);
  let squares = 0;
  for (const item of excess) squares += Math.min(0, item) ** 2;
  if (squares === 0) return undefinedBecause('no return is below the risk-free rate');
  return value((momentsOf(excess).mean / Math.sqrt(squares / excess.length)) * Math.sqrt(perYear));
}

/** Calmar ratio: compound annual growth over the maximum drawdown, both of the whole curve. Young (1991). */
export function calmarRatio(curve: EquityCurve): Figure {
  const growth = compoundAnnualGrowth(curve);
  if (growth.kind === 'undefined') return growth;
  const worst = maximumDrawdown(curve);
  return worst === undefined ? undefinedBecause('there is no drawdown') : value(growth.value / worst.depth);
}

/** Omega ratio at a threshold a period: gains above it over shortfalls below it. Keating and Shadwick (2002). */
export function omegaRatio(returns: Float64Array, threshold = 0): Figure {
  let gains = 0;
  let losses = 0;
  for (const item of returns) {
    if (item > threshold) gains += item - threshold;
    else losses += threshold - item;
  }
  if (returns.length === 0) return undefinedBecause('there are no returns');
  return losses === 0 ? undefinedBecause('no return is below the threshold') : value(gains / losses);
}
