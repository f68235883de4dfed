import { barBuilder } from './bar-builder.ts';
import type { BarInterval, BarSeries } from './bars.ts';
import { type Session, sessionAt } from './calendar.ts';
import type { SessionTemplate } from './instrument.ts';

/** Bars that can't be put together as asked. */
export class AggregationError extends Error {
  readonly code = 'Aggregation';
  readonly retryable = false;
  constructor(series: BarSeries, problem: string) {
    super(`bars of ${series.instrument}: ${problem}`);
    this.name = 'AggregationError';
  }
}

/**
 * Puts minute bars together into longer minute bars or session bars. Buckets count from each session's open (a
 * 60-minute grid of a US equity session starts at 09:30 and ends with a half-hour bar) and never span sessions; the
 * last closes with the session. First open, highest high, lowest low, last close, sum of volumes; one unknown volume
 * makes the sum unknown. A bucket without bars gives none.
 *
 * The newest bucket may still lack bars: it carries its full `closeTime`, so `closedBy` keeps it from a decision before.
 *
 * @throws AggregationError unless the series has minute bars, ordered, inside sessions, whose length divides `to`
 */
export function aggregateBars(series: BarSeries, to: BarInterval, template: SessionTemplate): BarSeries {
  if (series.interval.unit !== 'minute')
    throw new AggregationError(series, 'only minute bars can be put together');
  const from = series.interval.count;
  if (to.unit === 'minute' && (!Number.isInteger(to.count) || to.count < from || to.count % from !== 0)) {
    throw new AggregationError(
      series,
      `${to.count}-minute bars are not a whole number of ${from}-minute bars`,
    );
  }
  const width = to.unit === 'minute' ? to.count * 60_000 : Number.POSITIVE_INFINITY;
  const result = barBuilder(
    series.instrument,
    to,
    Math.ceil(series.length / (to.unit === 'minute' ? to.count / from : 390)) + 1,
  );
  let session: Session | null = null;
  let bucketOpen = Number.NaN;
  let bucketClose = Number.NEGATIVE_INFINITY;
  let open = Number.NaN;
  let high = Number.NaN;
  let low = Number.NaN;
  let close = Number.NaN;
  let volume = Number.NaN;
  let filled = false;
  let previous = Number.NEGATIVE_INFINITY;

  for (let i = 0; i < series.length; i++) {
    const time = series.openTime[i] as number;
    if (!(time > previous)) throw new AggregationError(series, `bar ${i} does not open after bar ${i - 1}`);
    previous = time;
    if (time >= bucketClose) {
      if (filled) result.push(bucketOpen, bucketClose, open, high, low, close, volume);
      if (session === null || time >= session.close) session = sessionAt(template, time);
      if (session === null) {
        throw new AggregationError(
          series,
          `bar ${i} at ${new Date(time).toISOString()} is outside the ${template} sessions`,
        );
      }
      bucketOpen = width === Number.POSITIVE_INFINITY ? session.open : time - ((time - session.open) % width);
      bucketClose = Math.min(bucketOpen + width, session.close);
      open = series.open[i] as number;
      high = series.high[i] as number;
      low = series.low[i] as number;
      volume = series.volume[i] as number;
      filled = true;
    } else {
      high = Math.max(high, series.high[i] as number);
      low = Math.min(low, series.low[i] as number);
      volume += series.volume[i] as number;
    }
    if ((series.closeTime[i] as number) > bucketClose) {
      throw new AggregationError(
        series,
        `bar ${i} at ${new Date(time).toISOString()} runs over the end of its bucket`,
      );
    }
    close = series.close[i] as number;
  }
  if (filled) result.push(bucketOpen, bucketClose, open, high, low, close, volume);
  return result.take();
}
