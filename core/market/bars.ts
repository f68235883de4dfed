import type { EpochMillis } from '#core/values/clock.ts';
import type { InstrumentId } from './instrument.ts';

/** Length of a bar. `session` is one regular session of the instrument's calendar (a daily bar). */
export type BarInterval = { readonly unit: 'minute'; readonly count: number } | { readonly unit: 'session' };

/**
 * Bars as columns, oldest first, one instrument, one interval. Prices are raw floats for analytics (never money).
 * `openTime[i]` and `closeTime[i]` are epoch milliseconds (exact in a double until the year 287396); a bar may be
 * used only at or after its `closeTime`.
 */
export interface BarSeries {
  readonly instrument: InstrumentId;
  readonly interval: BarInterval;
  readonly length: number;
  readonly openTime: Float64Array;
  readonly closeTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** Units traded; NaN where unknown (unknown is not zero). */
  readonly volume: Float64Array;
}

/** One bar as a row, where columns would be clumsy. */
export interface Bar {
  readonly openTime: EpochMillis;
  readonly closeTime: EpochMillis;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Builds a series from rows (copied). Rows must already be in order. */
export function barSeries(instrument: InstrumentId, interval: BarInterval, rows: readonly Bar[]): BarSeries {
  const column = (pick: (bar: Bar) => number) => Float64Array.from(rows, pick);
  return {
    instrument,
    interval,
    length: rows.length,
    openTime: column((bar) => bar.openTime),
    closeTime: column((bar) => bar.closeTime),
    open: column((bar) => bar.open),
    high: column((bar) => bar.high),
    low: column((bar) => bar.low),
    close: column((bar) => bar.close),
    volume: column((bar) => bar.volume),
  };
}

/** Row `index` of a series. @throws RangeError outside the series. */
export function barAt(series: BarSeries, index: number): Bar {
  if (!Number.isInteger(index) || index < 0 || index >= series.length) {
    throw new RangeError(
      `bar ${index} of ${series.instrument} does not exist; the series has ${series.length} bars`,
    );
  }
  return {
    openTime: series.openTime[index] as number,
    closeTime: series.closeTime[index] as number,
    open: series.open[index] as number,
    high: series.high[index] as number,
    low: series.low[index] as number,
    close: series.close[index] as number,
    volume: series.volume[index] as number,
  };
}

/** A view (no copy) of rows `from` (inclusive) to `to` (exclusive). */
export function sliceBars(series: BarSeries, from: number, to: number): BarSeries {
  const start = Math.max(0, from);
  const end = Math.min(series.length, Math.max(start, to));
  const cut = (column: Float64Array) => column.subarray(start, end);
  return {
    instrument: series.instrument,
    interval: series.interval,
    length: end - start,
    openTime: cut(series.openTime),
    closeTime: cut(series.closeTime),
    open: cut(series.open),
    high: cut(series.high),
    low: cut(series.low),
    close: cut(series.close),
    volume: cut(series.volume),
  };
}

/** The rows whose bar has closed by `asOf`: the only ones a decision at `asOf` may see. No copy. */
export function closedBy(series: BarSeries, asOf: EpochMillis): BarSeries {
  let low = 0;
  let high = series.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((series.closeTime[middle] as number) <= asOf) low = middle + 1;
    else high = middle;
  }
  return sliceBars(series, 0, low);
}
