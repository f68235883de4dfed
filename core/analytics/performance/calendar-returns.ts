import { newYorkDate } from '#core/market/new-york-time.ts';
import type { EquityCurve } from '../series.ts';
import { dailyCurve } from './equity-curve.ts';

/** The return of one calendar period of New York, from the last mark before it (or the first mark) to its last mark. */
export interface PeriodReturn {
  /** `2008-10` for a month, `2008` for a year. */
  readonly period: string;
  /** As a fraction. */
  readonly return: number;
}

function periodReturns(curve: EquityCurve, digits: number): readonly PeriodReturn[] {
  const { time, equity } = dailyCurve(curve);
  const periods = Array.from(time, (at) => newYorkDate(at).slice(0, digits));
  const found: PeriodReturn[] = [];
  let base = equity[0]!;
  for (let index = 1; index < periods.length; index++) {
    if (index < periods.length - 1 && periods[index] === periods[index + 1]) continue;
    found.push({ period: periods[index]!, return: equity[index]! / base - 1 });
    base = equity[index]!;
  }
  return found;
}

/**
 * Returns by calendar month in order; a month without a mark is left out, and its move is in the next one. The first
 * starts at the first mark, so all compounded are the total return.
 * @throws InvalidEquityError for marks that cannot be measured
 */
export const monthlyReturns = (curve: EquityCurve): readonly PeriodReturn[] =>
  periodReturns(curve, 'YYYY-MM'.length);

/** Returns by calendar year, like {@link monthlyReturns}; the first and the last may be parts of a year. */
export const yearlyReturns = (curve: EquityCurve): readonly PeriodReturn[] =>
  periodReturns(curve, 'YYYY'.length);
