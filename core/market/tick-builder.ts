import type { InstrumentId } from './instrument.ts';
import type { Quote, QuoteSeries, Trade, TradeSeries } from './ticks.ts';

/** Columns of ticks that grow as they arrive; for readers that don't know the count beforehand. */
export interface TickBuilder<Tick, Series> {
  readonly length: number;
  push(tick: Tick): void;
  /** The ticks pushed since the last `take`, as a series of their own; the builder starts again empty. */
  take(): Series;
}

/** A time column and some of floats, growing together. */
class TickColumns {
  length = 0;
  #time: BigInt64Array;
  #floats: Float64Array[];

  constructor(floats: number, capacity: number) {
    const room = Math.max(1, capacity);
    this.#time = new BigInt64Array(room);
    this.#floats = Array.from({ length: floats }, () => new Float64Array(room));
  }

  /** The row to be written next, with room for it. */
  row(time: bigint): number {
    const row = this.length;
    if (row === this.#time.length) {
      const time = new BigInt64Array(2 * row);
      time.set(this.#time);
      this.#time = time;
      this.#floats = this.#floats.map((column) => {
        const wider = new Float64Array(2 * row);
        wider.set(column);
        return wider;
      });
    }
    this.#time[row] = time;
    this.length++;
    return row;
  }

  set(column: number, row: number, value: number): void {
    (this.#floats[column] as Float64Array)[row] = value;
  }

  times(): BigInt64Array {
    return this.#time.slice(0, this.length);
  }

  floats(column: number): Float64Array {
    return (this.#floats[column] as Float64Array).slice(0, this.length);
  }
}

/** A builder of quotes. Nothing is checked: push what an inspector has accepted. */
export function quoteBuilder(instrument: InstrumentId, capacity = 1_024): TickBuilder<Quote, QuoteSeries> {
  const columns = new TickColumns(4, capacity);
  return {
    get length() {
      return columns.length;
    },
    push({ time, bid, bidSize, ask, askSize }) {
      const row = columns.row(time);
      columns.set(0, row, bid);
      columns.set(1, row, bidSize);
      columns.set(2, row, ask);
      columns.set(3, row, askSize);
    },
    take() {
      const series: QuoteSeries = {
        instrument,
        length: columns.length,
        time: columns.times(),
        bid: columns.floats(0),
        bidSize: columns.floats(1),
        ask: columns.floats(2),
        askSize: columns.floats(3),
      };
      columns.length = 0;
      return series;
    },
  };
}

/** A builder of trades. Nothing is checked: push what an inspector has accepted. */
export function tradeBuilder(instrument: InstrumentId, capacity = 1_024): TickBuilder<Trade, TradeSeries> {
  const columns = new TickColumns(2, capacity);
  return {
    get length() {
      return columns.length;
    },
    push({ time, price, size }) {
      const row = columns.row(time);
      columns.set(0, row, price);
      columns.set(1, row, size);
    },
    take() {
      const series: TradeSeries = {
        instrument,
        length: columns.length,
        time: columns.times(),
        price: columns.floats(0),
        size: columns.floats(1),
      };
      columns.length = 0;
      return series;
    },
  };
}
