import type { TradingState } from '#contracts/events/desk.ts';
import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { Decimal } from '#core/values/decimal.ts';

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
  /** Commission charged in the current session for each execution, by the part of its id that corrections keep. */
  readonly charged?: Readonly<Record<string, { readonly revision: number; readonly commission: string }>>;
  /** What stands in the account and is not the desk's, as the bridge last saw it; absent where nothing does. */
  readonly foreign?: Pick<EventData<'ForeignHoldingsObserved'>, 'positions' | 'orders'>;
  /** Strategies that kept re-entering: disabled, over sessions and restarts, until a named person resumes trading. */
  readonly disabled: Readonly<Record<string, { readonly since: string; readonly reason: string }>>;
}

export interface TradingStanding {
  readonly state: TradingState;
  readonly since: string | null;
  readonly reason: string | null;
  /** Set by a drawdown halt: resuming before this instant needs more than a reason. */
  readonly coolOffUntil: string | null;
  readonly warned: boolean;
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

/** A position is its layers (lots). Each has its own resting stop at the broker and is closed on its own. */
export interface Position {
  readonly instrument: string;
  readonly layers: Readonly<Record<string, Layer>>;
  readonly plan: Intent['plan'];
  readonly initialRisk: string | null;
  readonly target: string | null;
}

export interface Layer {
  readonly intentId: string;
  readonly positionId: string;
  readonly strategy: string;
  readonly direction: 'long' | 'short';
  readonly openedAt: string;
  readonly stop: string | null;
  /** Executions by id: what a layer is worth does not depend on the order in which they arrived. */
  readonly opening: Readonly<Record<string, Execution>>;
  readonly closing: Readonly<Record<string, Execution>>;
}

export interface Execution {
  readonly quantity: string;
  readonly price: string;
  /** The execution that this one takes the place of; null for an original. Both are kept, whichever arrives first. */
  readonly corrects: string | null;
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
/**
 * The executions that count: those no other takes the place of, and of several that correct the same one the last by id.
 * It depends on which have arrived, never on the order they came in.
 */
export function counting(executions: Readonly<Record<string, Execution>>): readonly Execution[] {
  const correctedBy = new Map<string, string>();
  for (const [id, { corrects }] of Object.entries(executions)) {
    if (corrects !== null && id > (correctedBy.get(corrects) ?? '')) correctedBy.set(corrects, id);
  }
  return Object.entries(executions).flatMap(([id, execution]) => {
    const outranked = execution.corrects !== null && correctedBy.get(execution.corrects) !== id;
    return correctedBy.has(id) || outranked ? [] : [execution];
  });
}

/** Units of the executions that count. */
export const executedUnits = (executions: Readonly<Record<string, Execution>>): Decimal =>
  counting(executions).reduce((total, { quantity }) => total.plus(quantity), ZERO);
/** Money of the executions that count: units times price. */
export const executedValue = (executions: Readonly<Record<string, Execution>>): Decimal =>
  counting(executions).reduce(
    (total, { quantity, price }) => total.plus(new Decimal(quantity).times(price)),
    ZERO,
  );

/** Units of a layer still open, unsigned. Negative only while a closing execution has overtaken its opening one. */
export function layerQuantity(layer: Layer): Decimal {
  return executedUnits(layer.opening).minus(executedUnits(layer.closing));
}

/** Average price of the layer's opening executions; null before the first. */
export function layerAveragePrice(layer: Layer): Decimal | null {
  const opened = executedUnits(layer.opening);
  return opened.isZero() ? null : executedValue(layer.opening).div(opened);
}

/**
 * P&L of a layer before fees. Realised: the units both opened and closed, times the difference of their average prices, by
 * direction. Unrealised: the units left, from what they cost to the mark. Where more was closed than opened (a correction,
 * or an opening execution still on its way) the excess cost what it was closed at.
 */
export function layerProfit(
  layer: Layer,
  mark: Decimal | null,
): { readonly realized: Decimal; readonly unrealized: Decimal } {
  const opened = executedUnits(layer.opening);
  const closed = executedUnits(layer.closing);
  const sign = layer.direction === 'long' ? 1 : -1;
  const openedAt = opened.isZero() ? null : executedValue(layer.opening).div(opened);
  const closedAt = closed.isZero() ? null : executedValue(layer.closing).div(closed);
  const realized =
    openedAt === null || closedAt === null
      ? ZERO
      : closedAt.minus(openedAt).times(Decimal.min(opened, closed)).times(sign);
  const left = opened.minus(closed);
  const cost = left.gt(0) ? openedAt : closedAt;
  const unrealized =
    mark === null || cost === null || left.isZero() ? ZERO : mark.minus(cost).times(left).times(sign);
  return { realized, unrealized };
}

/** Signed units held of an instrument: long positive. */
export function positionQuantity(position: Position | undefined): Decimal {
  if (position === undefined) return ZERO;
  return Object.values(position.layers).reduce((total, layer) => {
    const open = layerQuantity(layer);
    return layer.direction === 'long' ? total.plus(open) : total.minus(open);
  }, ZERO);
}

/** Layers with units left, in the order they were opened. */
export function openLayers(position: Position | undefined): readonly Layer[] {
  return Object.values(position?.layers ?? {})
    .filter((layer) => layerQuantity(layer).gt(0))
    .sort((left, right) =>
      left.openedAt === right.openedAt
        ? left.intentId < right.intentId
          ? -1
          : 1
        : left.openedAt < right.openedAt
          ? -1
          : 1,
    );
}

/** Average price over the open layers, weighted by open units; null when flat. */
export function positionAveragePrice(position: Position | undefined): Decimal | null {
  let units = ZERO;
  let value = ZERO;
  for (const layer of openLayers(position)) {
    const open = layerQuantity(layer);
    units = units.plus(open);
    value = value.plus(open.times(layerAveragePrice(layer) ?? 0));
  }
  return units.isZero() ? null : value.div(units);
}

const FINISHED: readonly OrderRecord['status'][] = ['filled', 'cancelled', 'rejected', 'declined'];
/** Units of an order that may still fill. Of one that has ended: executions the broker counts and we have not seen yet. */
export const remaining = (order: OrderRecord): Decimal =>
  Decimal.max(0, new Decimal(order.fillable).minus(order.filled));
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
  for (const order of book.foreign?.orders ?? [])
    if (order.instrument === instrument) count(order, new Decimal(order.remaining), order.price);
  for (const order of Object.values(book.orders)) {
    if (order.intent.instrument === instrument && isLive(order) && opens(order.intent))
      count(order.intent, remaining(order), new Decimal(order.worstPrice));
  }
  if (extra !== undefined && opens(extra.intent))
    count(extra.intent, new Decimal(extra.intent.quantity), extra.worstPrice);
  const worstUnits = Decimal.max(held.plus(buys).abs(), held.minus(sells).abs(), held.abs());
  if (worstUnits.isZero()) return ZERO;
  return price === null ? null : worstUnits.times(price);
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
