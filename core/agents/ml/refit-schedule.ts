import { type BarSeries, closedBy } from '#core/market/bars.ts';
import { civilOf, DAY_MILLIS, dayNumberOf } from '#core/market/civil-date.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/**
 * The calendar quarter of a session, counted through the years, by the UTC date in which it closes: no session of the
 * catalog closes in another date than its own, and a coin's, which closes at midnight, belongs to the day before.
 */
export function quarterOf(closeTime: EpochMillis): number {
  const { year, month } = civilOf(Math.floor((closeTime - 1) / DAY_MILLIS));
  return year * 4 + Math.floor((month - 1) / 3);
}

/** The bars with which a quarter begins, oldest first. The first bar of all is none: its quarter may have begun before. */
export function quarterStarts({ closeTime, length }: BarSeries): readonly number[] {
  const starts: number[] = [];
  for (let index = 1; index < length; index++) {
    if (quarterOf(closeTime[index] as number) !== quarterOf(closeTime[index - 1] as number))
      starts.push(index);
  }
  return starts;
}

/** The first bar of the quarter that the last bar lies in; 0 where no earlier quarter is there, or no bar. */
export function presentQuarterStart(bars: BarSeries): number {
  if (bars.length === 0) return 0;
  const quarter = quarterOf(bars.closeTime[bars.length - 1] as number);
  const midnight = dayNumberOf(Math.floor(quarter / 4), (quarter % 4) * 3 + 1, 1) * DAY_MILLIS;
  return closedBy(bars, midnight).length;
}
