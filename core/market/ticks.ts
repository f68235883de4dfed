import type { EpochNanos } from '#core/values/nanoseconds.ts';
import type { InstrumentId } from './instrument.ts';

/**
 * Quotes as columns, oldest first: the best bid and offer from `time[i]` until the next. Times are nanoseconds since
 * 1970. A side that is empty has NaN for its price and size; a size that is not known is NaN.
 */
export interface QuoteSeries {
  readonly instrument: InstrumentId;
  readonly length: number;
  readonly time: BigInt64Array;
  readonly bid: Float64Array;
  readonly bidSize: Float64Array;
  readonly ask: Float64Array;
  readonly askSize: Float64Array;
}

/** Trades as columns, oldest first, times in nanoseconds. Several may share a time; they stand in the order of the tape. */
export interface TradeSeries {
  readonly instrument: InstrumentId;
  readonly length: number;
  readonly time: BigInt64Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
}

export interface Quote {
  readonly time: EpochNanos;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

export interface Trade {
  readonly time: EpochNanos;
  readonly price: number;
  readonly size: number;
}

export type QuoteColumns = Omit<QuoteSeries, 'instrument' | 'length'>;
export type TradeColumns = Omit<TradeSeries, 'instrument' | 'length'>;

/** A quote or trade that can't be: names the row and the value. */
export class InvalidTickError extends Error {
  readonly code = 'InvalidTick';
  readonly retryable = false;
  constructor(instrument: InstrumentId, row: number, problem: string) {
    super(`${instrument} tick ${row}: ${problem}`);
    this.name = 'InvalidTickError';
  }
}

/** Whether prices may be zero or less: for those of futures and spreads. */
export interface TickRules {
  readonly nonPositivePrices?: boolean;
}

/**
 * What is wrong with a price, or undefined. NaN is an empty side, which a quote may have and a trade may not.
 * One rule for constructors and for loaders.
 */
export function priceProblem(name: string, price: number, rules: TickRules = {}): string | undefined {
  if (!Number.isFinite(price)) return `the ${name} is ${price}; expected a finite number`;
  if (price <= 0 && rules.nonPositivePrices !== true) return `the ${name} is ${price}; expected more than 0`;
  return undefined;
}

function checkColumns(
  instrument: InstrumentId,
  time: BigInt64Array,
  columns: Readonly<Record<string, Float64Array>>,
): void {
  for (const [name, column] of Object.entries(columns)) {
    if (column.length !== time.length) {
      throw new RangeError(
        `the ${name} column of ${instrument} has ${column.length} values, the time ${time.length}; expected the same number`,
      );
    }
  }
  for (let row = 1; row < time.length; row++) {
    const [before, now] = [time[row - 1] as bigint, time[row] as bigint];
    if (now < before) throw new InvalidTickError(instrument, row, `the time ${now} is before ${before}`);
  }
}

/**
 * Quotes from columns, which are taken over, not copied. Locked and crossed quotes are taken: they happen;
 * {@link quoteState} tells.
 * @throws InvalidTickError for times out of order, or a price or size that is neither NaN nor above zero (size: nor zero)
 * @throws RangeError for columns of different lengths
 */
export function quotesOf(
  instrument: InstrumentId,
  columns: QuoteColumns,
  rules: TickRules = {},
): QuoteSeries {
  const { time, bid, bidSize, ask, askSize } = columns;
  checkColumns(instrument, time, { bid, bidSize, ask, askSize });
  for (let row = 0; row < time.length; row++) {
    for (const [side, prices, sizes] of [
      ['bid', bid, bidSize],
      ['ask', ask, askSize],
    ] as const) {
      const [price, size] = [prices[row] as number, sizes[row] as number];
      const problem = Number.isNaN(price) ? undefined : priceProblem(side, price, rules);
      if (problem !== undefined) throw new InvalidTickError(instrument, row, problem);
      if (size < 0 || size === Number.POSITIVE_INFINITY)
        throw new InvalidTickError(instrument, row, `the ${side} size is ${size}; expected 0 or more`);
    }
  }
  return { instrument, length: time.length, time, bid, bidSize, ask, askSize };
}

/**
 * Trades from columns, which are taken over, not copied.
 * @throws InvalidTickError for times out of order, or a price or size that is not finite and above zero
 * @throws RangeError for columns of different lengths
 */
export function tradesOf(
  instrument: InstrumentId,
  columns: TradeColumns,
  rules: TickRules = {},
): TradeSeries {
  const { time, price, size } = columns;
  checkColumns(instrument, time, { price, size });
  for (let row = 0; row < time.length; row++) {
    const problem =
      priceProblem('price', price[row] as number, rules) ?? priceProblem('size', size[row] as number);
    if (problem !== undefined) throw new InvalidTickError(instrument, row, problem);
  }
  return { instrument, length: time.length, time, price, size };
}

function timesOf(instrument: InstrumentId, rows: readonly { readonly time: EpochNanos }[]): BigInt64Array {
  return BigInt64Array.from(rows, ({ time }, row) => {
    if (BigInt.asIntN(64, time) !== time)
      throw new InvalidTickError(instrument, row, `the time ${time} does not fit 64 bits of nanoseconds`);
    return time;
  });
}

/** Quotes from rows (copied). See {@link quotesOf}. @throws InvalidTickError */
export function quoteSeries(
  instrument: InstrumentId,
  rows: readonly Quote[],
  rules: TickRules = {},
): QuoteSeries {
  const column = (pick: (quote: Quote) => number) => Float64Array.from(rows, pick);
  const columns = {
    time: timesOf(instrument, rows),
    bid: column((quote) => quote.bid),
    bidSize: column((quote) => quote.bidSize),
    ask: column((quote) => quote.ask),
    askSize: column((quote) => quote.askSize),
  };
  return quotesOf(instrument, columns, rules);
}

/** Trades from rows (copied). See {@link tradesOf}. @throws InvalidTickError */
export function tradeSeries(
  instrument: InstrumentId,
  rows: readonly Trade[],
  rules: TickRules = {},
): TradeSeries {
  const column = (pick: (trade: Trade) => number) => Float64Array.from(rows, pick);
  const columns = {
    time: timesOf(instrument, rows),
    price: column((trade) => trade.price),
    size: column((trade) => trade.size),
  };
  return tradesOf(instrument, columns, rules);
}

/** How many ticks stand at or before `instant`. */
function countBy(time: BigInt64Array, instant: EpochNanos): number {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] as bigint) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The trades printed by `asOf`: the only ones a decision then may see. No copy. */
export function tradesBy(trades: TradeSeries, asOf: EpochNanos): TradeSeries {
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
export function quoteAt(quotes: QuoteSeries, asOf: EpochNanos): Quote | null {
  const index = countBy(quotes.time, asOf) - 1;
  if (index < 0) return null;
  return {
    time: quotes.time[index] as bigint,
    bid: quotes.bid[index] as number,
    bidSize: quotes.bidSize[index] as number,
    ask: quotes.ask[index] as number,
    askSize: quotes.askSize[index] as number,
  };
}

/** Whether a quote can be traded on: two sides, the offer above the bid. */
export function quoteState(quote: Pick<Quote, 'bid' | 'ask'>): 'normal' | 'one-sided' | 'locked' | 'crossed' {
  if (Number.isNaN(quote.bid + quote.ask)) return 'one-sided';
  if (quote.ask > quote.bid) return 'normal';
  return quote.ask === quote.bid ? 'locked' : 'crossed';
}
