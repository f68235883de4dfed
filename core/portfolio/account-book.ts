import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { Decimal } from '#core/values/decimal.ts';
import { type Layer, type Position, positionQuantity } from './position.ts';
import type { TradingStanding } from './trading-standing.ts';

/**
 * The account book: the one consistency boundary of the desk. Positions, orders, reservations, equity and trading state
 * stand in one versioned item, so that whoever authorizes or fills has seen everything before it. Plain JSON; decimals
 * as text. All functions over it are pure: they return a new book.
 */
export interface AccountBook {
  readonly account: string | null;
  readonly currency: string;
  /** Null until the broker has told us: without it there is no equity and nothing is authorized. */
  readonly cash: string | null;
  readonly realized: string;
  readonly fees: string;
  readonly highWater: string | null;
  /** The session that day figures count from, and the equity it began with. */
  readonly session: string | null;
  readonly sessionEquity: string | null;
  readonly trading: TradingStanding;
  readonly marks: Readonly<Record<string, Mark>>;
  readonly positions: Readonly<Record<string, Position>>;
  /** By intent id: everything authorized that is not finished, and what finished in the current session. */
  readonly orders: Readonly<Record<string, OrderRecord>>;
  /** Intents authorized in the current session, oldest first: for order counts, rates and duplicates. */
  readonly authorized: readonly AuthorizedTrace[];
  /** Correlations with a fill or commission in the current session: where the learning agent finds what trades came to. */
  readonly touched: readonly string[];
  /**
   * Commission charged for each execution of the last days, by the part of its id that corrections keep. Books of earlier
   * versions lack the session.
   */
  readonly charged?: Readonly<Record<string, Charge>>;
  /** What stands in the account and is not the desk's, as the bridge last saw it; absent where nothing does. */
  readonly foreign?: Pick<EventData<'ForeignHoldingsObserved'>, 'positions' | 'orders' | 'cash'>;
  /** When that was last told, be it that there is nothing; absent where it never was, and in books of earlier versions. */
  readonly foreignAt?: string;
  /** Strategies that kept re-entering: disabled, over sessions and restarts, until a named person resumes trading. */
  readonly disabled: Readonly<Record<string, { readonly since: string; readonly reason: string }>>;
}

export interface Charge {
  /** The last group of the execution's id. */
  readonly revision: number;
  readonly commission: string;
  readonly session?: string | null;
}

export interface Mark {
  readonly price: string;
  readonly at: string;
  readonly volume: string | null;
  /** What the price was seen in. At one instant a closed bar outranks an execution. */
  readonly source: 'bar' | 'execution';
  /** Closes of the bars before, newest first: what the collar over a window is measured from. */
  readonly earlier: readonly { readonly price: string; readonly at: string }[];
}

export interface OrderRecord {
  readonly intent: Intent;
  readonly correlationId: string;
  readonly status: 'authorized' | 'submitted' | 'working' | 'filled' | 'cancelled' | 'rejected' | 'declined';
  readonly filled: string;
  /** Units of the executions as first told: corrected down later, the order is complete all the same. */
  readonly told: string;
  /** Units that may fill in all: the intent's, and what the broker has said is filled once the order has ended. */
  readonly fillable: string;
  /** Worst-case price per unit that the reservation was made at. */
  readonly worstPrice: string;
}

export interface AuthorizedTrace {
  readonly intentId: string;
  readonly instrument: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  readonly price: string;
  readonly strategy: string;
  readonly opening: boolean;
  readonly at: string;
}

export const EMPTY_BOOK: AccountBook = {
  account: null,
  currency: 'USD',
  cash: null,
  realized: '0',
  fees: '0',
  highWater: null,
  session: null,
  sessionEquity: null,
  trading: { state: 'ACTIVE', since: null, reason: null, coolOffUntil: null, warned: false },
  marks: {},
  positions: {},
  orders: {},
  authorized: [],
  touched: [],
  disabled: {},
};

const ZERO = new Decimal(0);

const FINISHED: readonly OrderRecord['status'][] = ['filled', 'cancelled', 'rejected', 'declined'];
/**
 * Units of an order that may still fill. Of one that has ended: executions the broker counts and we have not seen yet. Those
 * of a trade that was taken back are not worked again.
 */
export const remaining = ({ fillable, filled, told }: OrderRecord): Decimal =>
  Decimal.max(0, new Decimal(fillable).minus(Decimal.max(filled, told)));
/** Whether an order can still fill, or has fills on their way. */
export const isLive = (order: OrderRecord): boolean =>
  !FINISHED.includes(order.status) || (order.status === 'cancelled' && remaining(order).gt(0));
/** Whether an intent opens exposure (an entry or a pyramid layer) rather than closing some. */
export const opens = ({ purpose }: Pick<Intent, 'purpose'>): boolean =>
  purpose === 'entry' || purpose === 'pyramid';

/** Mark-to-market equity: cash plus signed units times mark. Null while cash or the mark of a held instrument is unknown. */
export function equity(book: AccountBook): Decimal | null {
  if (book.cash === null) return null;
  let total = new Decimal(book.cash);
  for (const position of Object.values(book.positions)) {
    const held = positionQuantity(position);
    if (held.isZero()) continue;
    const mark = book.marks[position.instrument];
    if (mark === undefined) return null;
    total = total.plus(held.times(mark.price));
  }
  return total;
}

/** The book with what stands in the account and is not the desk's; what is nothing is absent. */
export function withForeign(
  { foreign: _, ...book }: AccountBook,
  { positions, orders, cash = '0' }: NonNullable<AccountBook['foreign']>,
): AccountBook {
  const money = new Decimal(cash).isZero() ? {} : { cash };
  if (positions.length === 0 && orders.length === 0 && money.cash === undefined) return book;
  return { ...book, foreign: { positions, orders, ...money } };
}

/**
 * Equity that a share may be taken of: less what the account, by what is told of it, is worth less than the book without the
 * book knowing why. What it is worth more counts for nothing until somebody has entered what it is. Null where the equity is
 * unknown, or units are owed at a price that is.
 */
export function soundEquity(book: AccountBook): Decimal | null {
  const value = equity(book);
  if (value === null || book.foreign === undefined) return value;
  let beyond = new Decimal(book.foreign.cash ?? 0);
  for (const { instrument, quantity, price } of book.foreign.positions) {
    const units = new Decimal(quantity);
    const at = book.marks[instrument]?.price ?? price;
    if (at === null && units.isNegative()) return null;
    beyond = beyond.plus(units.times(at ?? 0));
  }
  return value.plus(Decimal.min(0, beyond));
}

/**
 * Worst-case absolute exposure of an instrument in money: units held plus every unit that live orders could still add on
 * one side, at the worse of mark and reserved price. What others hold and work in the account counts like the desk's own.
 * Null while something that counts has no price.
 */
export function worstExposure(
  book: AccountBook,
  instrument: string,
  extra?: { readonly intent: Intent; readonly worstPrice: Decimal },
): Decimal | null {
  const mark = book.marks[instrument];
  let held = positionQuantity(book.positions[instrument]);
  let buys = ZERO;
  let sells = ZERO;
  let price = mark === undefined ? null : new Decimal(mark.price);
  const priced = (at: Decimal | string | null) => {
    if (at !== null) price = price === null ? new Decimal(at) : Decimal.max(price, at);
  };
  const count = ({ side }: Pick<Intent, 'side'>, units: Decimal, worstPrice: Decimal | string | null) => {
    priced(worstPrice);
    if (side === 'BUY') buys = buys.plus(units);
    else sells = sells.plus(units);
  };
  for (const position of book.foreign?.positions ?? []) {
    if (position.instrument !== instrument) continue;
    held = held.plus(position.quantity);
    if (mark === undefined) priced(position.price);
  }
  let money: Decimal | null = ZERO;
  for (const order of book.foreign?.orders ?? []) {
    if (order.instrument !== instrument) continue;
    if (order.money === undefined) count(order, new Decimal(order.remaining), order.price);
    else money = order.money === null ? null : (money?.plus(order.money) ?? null);
  }
  for (const order of Object.values(book.orders)) {
    if (order.intent.instrument === instrument && isLive(order) && opens(order.intent))
      count(order.intent, remaining(order), new Decimal(order.worstPrice));
  }
  if (extra !== undefined && opens(extra.intent))
    count(extra.intent, new Decimal(extra.intent.quantity), extra.worstPrice);
  const worstUnits = Decimal.max(held.plus(buys).abs(), held.minus(sells).abs(), held.abs());
  if (money === null || worstUnits.isZero()) return money;
  return price === null ? null : worstUnits.times(price).plus(money);
}

/** The layer of that name with the position that it is of; null where the book has none. */
export function findLayer(
  book: AccountBook,
  layerId: string,
): { readonly position: Position; readonly layer: Layer } | null {
  for (const position of Object.values(book.positions)) {
    const layer = position.layers[layerId];
    if (layer !== undefined) return { position, layer };
  }
  return null;
}

/** Instruments with units held or live opening orders, whoever's. */
export function exposedInstruments(book: AccountBook): readonly string[] {
  return [...new Set([...ownInstruments(book), ...foreignInstruments(book)])].sort();
}

/** Whether only others than the desk are exposed to an instrument. */
export function isForeign(book: AccountBook, instrument: string): boolean {
  return foreignInstruments(book).has(instrument) && !ownInstruments(book).has(instrument);
}

function ownInstruments(book: AccountBook): ReadonlySet<string> {
  const names = new Set<string>();
  for (const position of Object.values(book.positions))
    if (!positionQuantity(position).isZero()) names.add(position.instrument);
  for (const order of Object.values(book.orders))
    if (isLive(order) && opens(order.intent)) names.add(order.intent.instrument);
  return names;
}

const foreignInstruments = ({ foreign }: AccountBook): ReadonlySet<string> =>
  new Set([...(foreign?.positions ?? []), ...(foreign?.orders ?? [])].map(({ instrument }) => instrument));
