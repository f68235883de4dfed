import type { EpochMillis } from '#core/values/clock.ts';
import type { BarInterval, BarSeries } from './bars.ts';
import type { InstrumentId } from './instrument.ts';

/** Columns that grow as bars arrive; for readers and aggregators that don't know the count beforehand. */
export interface BarBuilder {
  readonly length: number;
  push(
    openTime: EpochMillis,
    closeTime: EpochMillis,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): void;
  /** The bars pushed since the last `take`, as a series of their own; the builder starts again empty. */
  take(): BarSeries;
}

const COLUMNS = 7;

/** A builder for one instrument and interval. `capacity` is a first guess; it doubles as needed. */
export function barBuilder(instrument: InstrumentId, interval: BarInterval, capacity = 1_024): BarBuilder {
  let room = Math.max(1, capacity);
  let columns = Array.from({ length: COLUMNS }, () => new Float64Array(room));
  let length = 0;

  const grow = () => {
    room *= 2;
    columns = columns.map((column) => {
      const wider = new Float64Array(room);
      wider.set(column);
      return wider;
    });
  };

  return {
    get length() {
      return length;
    },
    push(openTime, closeTime, open, high, low, close, volume) {
      if (length === room) grow();
      (columns[0] as Float64Array)[length] = openTime;
      (columns[1] as Float64Array)[length] = closeTime;
      (columns[2] as Float64Array)[length] = open;
      (columns[3] as Float64Array)[length] = high;
      (columns[4] as Float64Array)[length] = low;
      (columns[5] as Float64Array)[length] = close;
      (columns[6] as Float64Array)[length] = volume;
      length++;
    },
    take() {
      const column = (index: number) => (columns[index] as Float64Array).slice(0, length);
      const series: BarSeries = {
        instrument,
        interval,
        length,
        openTime: column(0),
        closeTime: column(1),
        open: column(2),
        high: column(3),
        low: column(4),
        close: column(5),
        volume: column(6),
      };
      length = 0;
      return series;
    },
  };
}
