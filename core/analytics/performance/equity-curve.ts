import { DAY_MILLIS } from '#core/market/civil-date.ts';
import { newYorkOffset } from '#core/market/new-york-time.ts';
import type { EquityCurve } from '../series.ts';

/** Marks that cannot be measured: the sentence names the mark, its value and what was expected. */
export class InvalidEquityError extends Error {
  readonly code = 'InvalidEquity';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'InvalidEquityError';
  }
}

/**
 * Checks what every figure relies on: columns of one length, finite, times strictly rising, equity above zero. Only
 * the last mark may be at or below zero: there a simulation ends.
 * @throws InvalidEquityError naming the first mark that is wrong
 */
export function checkCurve(curve: EquityCurve): void {
  const { time, equity } = curve;
  if (time.length !== equity.length)
    throw new InvalidEquityError(
      `${time.length} times for ${equity.length} equity marks; give one time for each mark`,
    );
  for (let index = 0; index < time.length; index++) {
    const at = time[index]!;
    const mark = equity[index]!;
    if (!Number.isFinite(at)) throw new InvalidEquityError(`time ${at} of mark ${index} is not finite`);
    if (index > 0 && at <= time[index - 1]!)
      throw new InvalidEquityError(
        `time ${at} of mark ${index} is not after ${time[index - 1]}; sort the marks and leave one for each time`,
      );
    if (!Number.isFinite(mark)) throw new InvalidEquityError(`equity ${mark} of mark ${index} is not finite`);
    if (mark <= 0 && index < time.length - 1)
      throw new InvalidEquityError(
        `equity ${mark} of mark ${index} is not above zero, yet marks follow; end the curve there`,
      );
  }
}

/**
 * The last mark of each New York date: daily marks from finer ones. Daily marks come back as they are.
 * @throws InvalidEquityError by {@link checkCurve}; OutsideNewYorkRangeError before 1987 and after 2037
 */
export function dailyCurve(curve: EquityCurve): EquityCurve {
  checkCurve(curve);
  const { time, equity } = curve;
  const days = Float64Array.from(time, (at) => Math.floor((at + newYorkOffset(at)) / DAY_MILLIS));
  const last: number[] = [];
  for (let index = 0; index < days.length; index++) {
    if (index === days.length - 1 || days[index] !== days[index + 1]) last.push(index);
  }
  return {
    time: Float64Array.from(last, (index) => time[index]!),
    equity: Float64Array.from(last, (index) => equity[index]!),
  };
}

/** Simple returns eₜ/eₜ₋₁ − 1, one fewer than marks. */
export function simpleReturns(equity: Float64Array): Float64Array {
  const returns = new Float64Array(Math.max(0, equity.length - 1));
  for (let index = 0; index < returns.length; index++)
    returns[index] = equity[index + 1]! / equity[index]! - 1;
  return returns;
}

/**
 * Log returns ln(eₜ/eₜ₋₁), one fewer than marks.
 * @throws InvalidEquityError where a mark is not above zero: it has no logarithm
 */
export function logarithmicReturns(equity: Float64Array): Float64Array {
  const bad = equity.findIndex((mark) => !(mark > 0));
  if (bad !== -1)
    throw new InvalidEquityError(
      `equity ${equity[bad]} of mark ${bad} has no log return; use simple returns where equity reaches zero`,
    );
  const returns = new Float64Array(Math.max(0, equity.length - 1));
  for (let index = 0; index < returns.length; index++)
    returns[index] = Math.log(equity[index + 1]! / equity[index]!);
  return returns;
}

const YEAR_MILLIS = 365.25 * DAY_MILLIS;

/** Julian years of 365.25 days from the first mark to the last; 0 with fewer than two marks. */
export function yearsOf(time: Float64Array): number {
  return time.length < 2 ? 0 : (time[time.length - 1]! - time[0]!) / YEAR_MILLIS;
}

/** Returns a year by the actual spacing of the marks: about 252 for daily marks of sessions, 365 for every day. */
export function periodsPerYear(time: Float64Array): number {
  const years = yearsOf(time);
  return years > 0 ? (time.length - 1) / years : 0;
}
