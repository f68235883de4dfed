import type { EpochMillis } from '#core/values/clock.ts';
import { barBuilder } from './bar-builder.ts';
import type { BarInterval, BarSeries } from './bars.ts';
import { type Session, sessionAt } from './calendar.ts';
import type { InstrumentId, SessionTemplate } from './instrument.ts';

/**
 * Quotes as columns, oldest first: the best bid and offer from `time[i]` until the next. Times are epoch milliseconds and
 * may have fractions (a double resolves about 0.2 µs today). A side that is empty has NaN for its price and size.
 */
export interface QuoteSeries {
  readonly instrument: InstrumentId;
  readonly length: number;
  readonly time: Float64Array;
  readonly bid: Float64Array;
  readonly bidSize: Float64Array;
  readonly ask: Float64Array;
  readonly askSize: Float64Array;
}

/** Trades as columns, oldest first. Several may share a time; they stand in the order of the tape. */
export interface TradeSeries {
  readonly instrument: InstrumentId;
  readonly length: number;
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
}

export interface Quote {
  readonly time: EpochMillis;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

export interface Trade {
  readonly time: EpochMillis;
  readonly price: number;
  readonly size: number;
}

/** A quote or trade that can't be: names the row and the value. */
export class InvalidTickError extends Error {
  readonly code = 'InvalidTick';
  readonly retryable = false;
  constructor(instrument: InstrumentId, row: number, problem: string) {
    super(`${instrument} tick ${row}: ${problem}`);
    this.name = 'InvalidTickError';
  }
}

function checkTimes(instrument: InstrumentId, rows: readonly { readonly time: EpochMillis }[]): void {
  let previous = Number.NEGATIVE_INFINITY;
  rows.forEach(({ time }, row) => {
    if (!Number.isFinite(time)) throw new InvalidTickError(instrument, row, `the time is ${time}`);
    if (time < previous)
      throw new InvalidTickError(instrument, row, `the time ${time} is before ${previous}`);
    previous = time;
  });
}

/**
 * Builds quotes from rows (copied). Locked and crossed quotes are taken: they happen; {@link quoteState} tells.
 * @throws InvalidTickError for times out of order, or a price or size that is neither NaN nor above zero (size: nor zero)
 */
export function quoteSeries(instrument: InstrumentId, rows: readonly Quote[]): QuoteSeries {
  checkTimes(instrument, rows);
  rows.forEach((quote, row) => {
    for (const side of ['bid', 'ask'] as const) {
      const price = quote[side];
      const size = quote[`${side}Size`];
      if (price <= 0 || price === Number.POSITIVE_INFINITY)
        throw new InvalidTickError(instrument, row, `the ${side} is ${price}`);
      if (size < 0 || size === Number.POSITIVE_INFINITY) {
        throw new InvalidTickError(instrument, row, `the ${side} size is ${size}`);
      }
    }
  });
  const column = (pick: (quote: Quote) => number) => Float64Array.from(rows, pick);
  return {
    instrument,
    length: rows.length,
    time: column((quote) => quote.time),
    bid: column((quote) => quote.bid),
    bidSize: column((quote) => quote.bidSize),
    ask: column((quote) => quote.ask),
    askSize: column((quote) => quote.askSize),
  };
}

/**
 * Builds trades from rows (copied).
 * @throws InvalidTickError for times out of order, or a price or size that is not finite and above zero
 */
export function tradeSeries(instrument: InstrumentId, rows: readonly Trade[]): TradeSeries {
  checkTimes(instrument, rows);
  rows.forEach(({ price, size }, row) => {
    if (!(price > 0 && Number.isFinite(price)))
      throw new InvalidTickError(instrument, row, `the price is ${price}`);
    if (!(size > 0 && Number.isFinite(size)))
      throw new InvalidTickError(instrument, row, `the size is ${size}`);
  });
  const column = (pick: (trade: Trade) => number) => Float64Array.from(rows, pick);
  return {
    instrument,
    length: rows.length,
    time: column((trade) => trade.time),
    price: column((trade) => trade.price),
    size: column((trade) => trade.size),
  };
}

/** How many ticks stand at or before `instant`. */
function countBy(time: Float64Array, instant: EpochMillis): number {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] as number) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The trades printed by `asOf`: the only ones a decision then may see. No copy. */
export function tradesBy(trades: TradeSeries, asOf: EpochMillis): TradeSeries {
  const length = countBy(trades.time, asOf);
  return {
    instrument: trades.instrument,
    length,
    time: trades.time.subarray(0, length),
    price: trades.price.subarray(0, length),
    size: trades.size.subarray(0, length),
  };
}

/** The quote that stands at `asOf`, or null before the first. It may be old: compare its time. */
export function quoteAt(quotes: QuoteSeries, asOf: EpochMillis): Quote | null {
  const index = countBy(quotes.time, asOf) - 1;
  if (index < 0) return null;
  return {
    time: quotes.time[index] as number,
    bid: quotes.bid[index] as number,
    bidSize: quotes.bidSize[index] as number,
    ask: quotes.ask[index] as number,
    askSize: quotes.askSize[index] as number,
  };
}

/** Whether a quote can be traded on: two sides, the offer above the bid. */
export function quoteState(quote: Quote): 'normal' | 'one-sided' | 'locked' | 'crossed' {
  if (Number.isNaN(quote.bid + quote.ask)) return 'one-sided';
  if (quote.ask > quote.bid) return 'normal';
  return quote.ask === quote.bid ? 'locked' : 'crossed';
}

/**
 * Which side began each trade: +1 a buyer, −1 a seller, 0 not known. Lee & Ready (1991): above the middle of the standing
 * quote a buyer, below it a seller, at it by the last change of price (tick test). Without a normal quote the tick test
 * alone; a first trade at the middle stays unknown. The quote must be from before the trade.
 */
export function tradeSides(trades: TradeSeries, quotes: QuoteSeries): Int8Array {
  const sides = new Int8Array(trades.length);
  let quote = -1;
  let tick = 0;
  for (let i = 0; i < trades.length; i++) {
    const time = trades.time[i] as number;
    const price = trades.price[i] as number;
    if (i > 0) {
      const change = price - (trades.price[i - 1] as number);
      if (change !== 0) tick = Math.sign(change);
    }
    while (quote + 1 < quotes.length && (quotes.time[quote + 1] as number) < time) quote++;
    const bid = quote < 0 ? Number.NaN : (quotes.bid[quote] as number);
    const ask = quote < 0 ? Number.NaN : (quotes.ask[quote] as number);
    const middle = ask > bid ? (bid + ask) / 2 : Number.NaN;
    sides[i] = price > middle ? 1 : price < middle ? -1 : tick;
  }
  return sides;
}

/**
 * Bars from trades, on the grid that starts at each session's open. Trades outside the sessions are left out (their count
 * is given): the regular session's bars don't have them. A bucket without trades gives no bar.
 */
export function barsFromTrades(
  trades: TradeSeries,
  interval: BarInterval,
  template: SessionTemplate,
): { readonly bars: BarSeries; readonly outsideSessions: number } {
  const width = interval.unit === 'minute' ? interval.count * 60_000 : Number.POSITIVE_INFINITY;
  if (!(width > 0))
    throw new RangeError(`bars of ${width / 60_000} minutes can't be made; give a count of at least 1`);
  const result = barBuilder(trades.instrument, interval);
  let session: Session | null = null;
  let outsideSessions = 0;
  let bucketOpen = Number.NaN;
  let bucketClose = Number.NEGATIVE_INFINITY;
  let [open, high, low, close, volume] = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0];
  const emit = () => {
    if (volume > 0) result.push(bucketOpen, bucketClose, open, high, low, close, volume);
    volume = 0;
  };
  for (let i = 0; i < trades.length; i++) {
    const time = trades.time[i] as number;
    const price = trades.price[i] as number;
    if (time >= bucketClose) {
      if (session === null || time >= session.close) session = sessionAt(template, time);
      if (session === null) {
        outsideSessions++;
        continue;
      }
      emit();
      bucketOpen = width === Number.POSITIVE_INFINITY ? session.open : time - ((time - session.open) % width);
      bucketClose = Math.min(bucketOpen + width, session.close);
      [open, high, low] = [price, price, price];
    }
    high = Math.max(high, price);
    low = Math.min(low, price);
    close = price;
    volume += trades.size[i] as number;
  }
  emit();
  return { bars: result.take(), outsideSessions };
}
