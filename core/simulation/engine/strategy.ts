import type { Instrument } from '#core/market/instrument.ts';
import type { Random } from '#core/values/random.ts';
import { StrategyError } from './errors.ts';
import type { Feed } from './feed.ts';
import type { OrderChange, OrderRequest, OrderStatus } from './order.ts';

/** One column of the past, newest first. There is no way from it to the bars that have not closed. */
export class PastColumn {
  readonly #feed: Feed;
  readonly #values: Float64Array;

  constructor(feed: Feed, values: Float64Array) {
    this.#feed = feed;
    this.#values = values;
    Object.freeze(this);
  }

  /** Bars that have closed. */
  get length(): number {
    return this.#feed.closed;
  }

  /**
   * The value `back` bars ago: 0 is the bar that has just closed. NaN before the first bar.
   * @throws StrategyError for a negative or fractional `back`: that would be the future
   */
  at(back: number): number {
    const index = this.#feed.closed - 1 - back;
    if (!(back >= 0))
      throw new StrategyError(`a strategy asked for bar ${-back} ahead; it sees closed bars only`);
    return index >= 0 ? (this.#values[index] as number) : Number.NaN;
  }

  /** Copies the newest `out.length` values, oldest first, into `out`; false where there are not as many yet. */
  window(out: Float64Array): boolean {
    const start = this.#feed.closed - out.length;
    if (start < 0) return false;
    for (let i = 0; i < out.length; i++) out[i] = this.#values[start + i] as number;
    return true;
  }
}

/** The past of one instrument. */
export interface InstrumentPast {
  readonly instrument: Instrument;
  readonly openTime: PastColumn;
  readonly closeTime: PastColumn;
  readonly open: PastColumn;
  readonly high: PastColumn;
  readonly low: PastColumn;
  readonly close: PastColumn;
  readonly volume: PastColumn;
}

export function pastOf(feed: Feed): InstrumentPast {
  const column = (values: Float64Array) => new PastColumn(feed, values);
  const { series } = feed;
  return Object.freeze({
    instrument: feed.instrument,
    openTime: column(series.openTime),
    closeTime: column(series.closeTime),
    open: column(series.open),
    high: column(series.high),
    low: column(series.low),
    close: column(series.close),
    volume: column(series.volume),
  });
}

/** What a strategy sees and can do, at the close of a bar. Valid during the call; what is ordered trades from the next open. */
export interface StrategyContext {
  /** Closing time of the bars that have just closed, epoch milliseconds. */
  readonly time: number;
  /** How many times the strategy was called before. */
  readonly index: number;
  /** One an instrument, in the order given to the simulation. */
  readonly instruments: readonly InstrumentPast[];
  /** Net liquidation value at the closes, in the account's currency. */
  readonly equity: number;
  /** Cash of all currencies in the account's currency. */
  readonly cash: number;
  /** Signed units held. */
  position(instrument: number): number;
  /** Rate from the instrument's currency to the account's at the last close. */
  rate(instrument: number): number;
  /** The number of orders of an instrument that wait or work. */
  workingOrders(instrument: number): number;
  /** Gives an order; returns its id. A refused order has the status `refused`. @throws StrategyError where it can't be read */
  submit(order: OrderRequest): number;
  /** Withdraws an order; false where it has ended. */
  cancel(id: number): boolean;
  /** Changes a working order; false where it has ended. @throws StrategyError where the change can't be read */
  modify(id: number, change: OrderChange): boolean;
  /** @throws StrategyError for an id that was never given */
  status(id: number): OrderStatus;
  filled(id: number): number;
}

/** What a strategy is told before the first bar. */
export interface StrategySetup {
  readonly instruments: readonly Instrument[];
  /** Seeded by the simulation: the only randomness a strategy may use. */
  readonly random: Random;
}

/**
 * A strategy. `start` makes a fresh decision function, so that all state of a run lives in its closure and the same
 * strategy can be run any number of times. The function is called at every time at which a bar closes.
 */
export interface Strategy {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
  start(setup: StrategySetup): (context: StrategyContext) => void;
}

/**
 * Submits an entry with a target and a stop that cancel each other and live only while the entry has filled (a bracket).
 * The entry is judged with its stop; where it is refused, all three are.
 */
export function submitBracket(
  context: StrategyContext,
  entry: OrderRequest,
  target: number,
  stop: number,
): { readonly entry: number; readonly target: number; readonly stop: number } {
  const id = context.submit({ ...entry, protectiveStop: stop });
  const targetId = context.submit({
    instrument: entry.instrument ?? 0,
    side: entry.side === 'buy' ? 'sell' : 'buy',
    quantity: entry.quantity,
    parent: id,
    group: -id,
    type: 'LMT',
    limitPrice: target,
  });
  return { entry: id, target: targetId, stop: id + 1 };
}
