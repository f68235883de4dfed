import type { DeskEvent } from '#contracts/registry.ts';
import { executionBase } from '#core/broker/order-facts.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type AccountBook, equity, isLive, type Mark, type OrderRecord, opens } from './account-book.ts';
import { halted, resumed } from './halt-and-resume.ts';
import {
  executedUnits,
  executedValue,
  type Layer,
  layerQuantity,
  layerRealized,
  type Position,
} from './position.ts';

/** The events that change the book. Everything else is refused by type. */
export const LEDGER_EVENTS = [
  'AccountObserved',
  'ForeignHoldingsObserved',
  'SessionPrepared',
  'BarClosed',
  'OrderSubmitted',
  'OrderAccepted',
  'OrderFilled',
  'CommissionReported',
  'OrderRejected',
  'OrderCancelled',
  'CommandDeclined',
  'StopMoved',
  'TradingHalted',
  'TradingResumed',
] as const;
export type LedgerEventType = (typeof LEDGER_EVENTS)[number];

/** An execution of an intent that the book has no authorization for. Nothing is guessed; the reconciliation must explain it. */
export class UnknownIntentError extends Error {
  readonly code = 'UnknownIntent';
  readonly retryable = false;
  constructor(intentId: string, type: string) {
    super(
      `${type} names the intent ${JSON.stringify(intentId)}, which the book has never authorized; reconcile with the broker before trading on`,
    );
    this.name = 'UnknownIntentError';
  }
}

/** What a folded event means for whoever revalues: nothing to say, or the portfolio's value may have changed. */
export interface Folded {
  readonly book: AccountBook;
  readonly revalue: 'bar' | 'fill' | 'commission' | 'account' | null;
}

/**
 * Applies one event to the book. Deduplication is the store's (each event is committed once); late and reordered events
 * are taken as they come, because executions are kept by id and statuses never move backwards.
 * @throws UnknownIntentError for an execution of an intent that was never authorized
 */
export function fold(book: AccountBook, event: DeskEvent<LedgerEventType>): Folded {
  switch (event.metadata.type) {
    case 'AccountObserved':
      return observeAccount(book, event as DeskEvent<'AccountObserved'>);
    case 'ForeignHoldingsObserved':
      return { book: withForeign(book, (event as DeskEvent<'ForeignHoldingsObserved'>).data), revalue: null };
    case 'SessionPrepared':
      return {
        book: beginSession(book, (event as DeskEvent<'SessionPrepared'>).data.session),
        revalue: null,
      };
    case 'BarClosed':
      return closeBar(book, event as DeskEvent<'BarClosed'>);
    case 'OrderSubmitted':
      return {
        book: withStatus(book, (event as DeskEvent<'OrderSubmitted'>).data, 'submitted'),
        revalue: null,
      };
    case 'OrderAccepted':
      return { book: withStatus(book, (event as DeskEvent<'OrderAccepted'>).data, 'working'), revalue: null };
    case 'OrderRejected':
      return {
        book: withStatus(book, (event as DeskEvent<'OrderRejected'>).data, 'rejected'),
        revalue: null,
      };
    case 'OrderCancelled':
      return {
        book: cancelled(book, (event as DeskEvent<'OrderCancelled'>).data),
        revalue: null,
      };
    case 'CommandDeclined': {
      const { intentId, command } = (event as DeskEvent<'CommandDeclined'>).data;
      return {
        book:
          command === 'OrderAuthorized' ? withStatus(book, { intentId, role: 'order' }, 'declined') : book,
        revalue: null,
      };
    }
    case 'OrderFilled':
      return {
        book: touch(fill(book, event as DeskEvent<'OrderFilled'>), event.metadata.correlationId),
        revalue: 'fill',
      };
    case 'CommissionReported':
      return {
        book: touch(
          chargeCommission(book, (event as DeskEvent<'CommissionReported'>).data),
          event.metadata.correlationId,
        ),
        revalue: 'commission',
      };
    case 'StopMoved':
      return { book: moveStop(book, event as DeskEvent<'StopMoved'>), revalue: null };
    case 'TradingHalted':
      return { book: halted(book, event as DeskEvent<'TradingHalted'>), revalue: null };
    case 'TradingResumed':
      return { book: resumed(book, event as DeskEvent<'TradingResumed'>), revalue: null };
  }
}

function observeAccount(book: AccountBook, { data }: DeskEvent<'AccountObserved'>): Folded {
  // The broker's cash opens the book once; from then on the book is kept from executions and the broker's figure is only compared.
  if (book.cash !== null) return { book, revalue: null };
  const opened = withDayStart({
    ...book,
    account: data.account,
    currency: data.currency,
    cash: data.cash,
  });
  return { book: opened, revalue: 'account' };
}

function withForeign(
  { foreign: _, ...book }: AccountBook,
  { positions, orders }: DeskEvent<'ForeignHoldingsObserved'>['data'],
): AccountBook {
  return positions.length === 0 && orders.length === 0 ? book : { ...book, foreign: { positions, orders } };
}

/** Day figures and the highest equity start with the first equity that is known, whichever of session and account came first. */
function withDayStart(book: AccountBook): AccountBook {
  const value = equity(book);
  if (value === null || book.session === null) return book;
  return {
    ...book,
    sessionEquity: book.sessionEquity ?? decimalText(value),
    highWater: book.highWater ?? decimalText(value),
  };
}

/** Turns the day: day figures start again, finished orders and closed layers leave the book. */
function beginSession(book: AccountBook, session: string): AccountBook {
  if (book.session !== null && book.session >= session) return book;
  const orders = Object.fromEntries(Object.entries(book.orders).filter(([, order]) => isLive(order)));
  const positions: Record<string, Position> = {};
  let realized = new Decimal(book.realized);
  for (const [instrument, position] of Object.entries(book.positions)) {
    const kept: Record<string, Layer> = {};
    for (const [id, layer] of Object.entries(position.layers)) {
      if (layerQuantity(layer).isZero() && orders[id] === undefined)
        realized = realized.plus(layerRealized(layer));
      else kept[id] = layer;
    }
    if (Object.keys(kept).length > 0) positions[instrument] = { ...position, layers: kept };
  }
  return withDayStart({
    ...book,
    session,
    orders,
    positions,
    realized: decimalText(realized),
    authorized: [],
    touched: [],
    charged: {},
    sessionEquity: null,
  });
}

/** Bars before the last that the collar over a window may look back on. */
const EARLIER_BARS = 30;

function closeBar(book: AccountBook, { data }: DeskEvent<'BarClosed'>): Folded {
  const known = book.marks[data.instrument];
  if (known !== undefined && !outranks(data.closeTime, 'bar', data.close, known))
    return { book, revalue: null };
  const before =
    known?.source === 'bar' ? [{ price: known.price, at: known.at }, ...known.earlier] : known?.earlier;
  const mark: Mark = {
    price: data.close,
    at: data.closeTime,
    volume: data.volume,
    source: 'bar',
    earlier: (before ?? []).slice(0, EARLIER_BARS),
  };
  const marked = { ...book, marks: { ...book.marks, [data.instrument]: mark } };
  const held = Object.values(book.positions[data.instrument]?.layers ?? {}).some(
    (layer) => !layerQuantity(layer).isZero(),
  );
  return { book: marked, revalue: held ? 'bar' : null };
}

/**
 * Whether a price takes the place of the mark: the later one does; at the same instant a bar's close before an execution,
 * and of two executions the lower price, so that the mark is the same in whatever order they arrive.
 */
function outranks(at: string, source: Mark['source'], price: string, known: Mark): boolean {
  if (at !== known.at) return at > known.at;
  if (source !== known.source) return source === 'bar';
  return source === 'execution' && new Decimal(price).lt(known.price);
}

function withExecutionMark(
  marks: AccountBook['marks'],
  instrument: string,
  { executedAt: at, price }: { readonly executedAt: string; readonly price: string },
): AccountBook['marks'] {
  const known = marks[instrument];
  if (known !== undefined && !outranks(at, 'execution', price, known)) return marks;
  const earlier =
    known?.source === 'bar' ? [{ price: known.price, at: known.at }, ...known.earlier] : known?.earlier;
  const mark: Mark = {
    price,
    at,
    volume: known?.volume ?? null,
    source: 'execution',
    earlier: (earlier ?? []).slice(0, EARLIER_BARS),
  };
  return { ...marks, [instrument]: mark };
}

const RANK: Readonly<Record<OrderRecord['status'], number>> = {
  authorized: 0,
  submitted: 1,
  working: 2,
  declined: 3,
  rejected: 3,
  cancelled: 3,
  filled: 4,
};

/** Moves an order's status forward only: an acceptance that arrives after the fill changes nothing. */
function withStatus(
  book: AccountBook,
  of: { readonly intentId: string; readonly role: string },
  status: OrderRecord['status'],
): AccountBook {
  const order = book.orders[of.intentId];
  if (of.role !== 'order' || order === undefined || RANK[order.status] >= RANK[status]) return book;
  return { ...book, orders: { ...book.orders, [of.intentId]: { ...order, status } } };
}

/** Ends an order. What the broker counts as filled beyond the executions we have seen stays reserved until they come. */
function cancelled(book: AccountBook, data: DeskEvent<'OrderCancelled'>['data']): AccountBook {
  const ended = withStatus(book, data, 'cancelled');
  const order = ended.orders[data.intentId];
  if (ended === book || order === undefined) return book;
  const fillable = Decimal.min(order.intent.quantity, data.filledQuantity);
  return {
    ...ended,
    orders: { ...ended.orders, [data.intentId]: { ...order, fillable: decimalText(fillable) } },
  };
}

function fill(book: AccountBook, { data }: DeskEvent<'OrderFilled'>): AccountBook {
  const owner = layerOf(book, data.intentId, data.role);
  if (owner === null) throw new UnknownIntentError(data.intentId, 'OrderFilled');
  const { instrument, layer, part, position } = owner;
  if (layer[part][data.execId] !== undefined) return book;
  const before = layer[part];
  const after = {
    ...before,
    [data.execId]: { quantity: data.quantity, price: data.price, corrects: data.corrects },
  };
  const units = executedUnits(after).minus(executedUnits(before));
  const paid = executedValue(after).minus(executedValue(before));
  const cash =
    book.cash === null
      ? null
      : decimalText(new Decimal(book.cash).minus(paid.times(data.side === 'BUY' ? 1 : -1)));
  const openedAt =
    part === 'opening' && (layer.openedAt === '' || data.executedAt < layer.openedAt)
      ? data.executedAt
      : layer.openedAt;
  const layers = { ...position.layers, [layer.intentId]: { ...layer, openedAt, [part]: after } };
  const filled: AccountBook = {
    ...book,
    cash,
    marks: withExecutionMark(book.marks, instrument, data),
    positions: { ...book.positions, [instrument]: { ...position, layers } },
  };
  return data.role === 'order' ? withFilled(filled, data, units) : filled;
}

/** The layer an execution belongs to: its own for an opening order, the one named in `closes` for a closing one, or the stop's. */
function layerOf(
  book: AccountBook,
  intentId: string,
  role: 'order' | 'stop',
): { instrument: string; position: Position; layer: Layer; part: 'opening' | 'closing' } | null {
  const intent = book.orders[intentId]?.intent;
  const closing = role === 'stop' || (intent !== undefined && !opens(intent));
  const layerId = role === 'stop' ? intentId : closing ? intent?.closes : intentId;
  for (const position of Object.values(book.positions)) {
    const layer = position.layers[layerId ?? ''];
    if (layer !== undefined)
      return { instrument: position.instrument, position, layer, part: closing ? 'closing' : 'opening' };
  }
  if (intent === undefined || !opens(intent)) return null;
  const position: Position = book.positions[intent.instrument] ?? {
    instrument: intent.instrument,
    layers: {},
    plan: intent.plan,
    initialRisk: intent.initialRisk,
    target: intent.target,
  };
  const first = Object.values(position.layers).every((layer) => layerQuantity(layer).isZero());
  const layer: Layer = {
    intentId,
    positionId: intent.positionId,
    strategy: intent.strategy,
    direction: intent.side === 'BUY' ? 'long' : 'short',
    openedAt: '',
    stop: intent.protectiveStop,
    opening: {},
    closing: {},
  };
  const planned = first
    ? { ...position, plan: intent.plan, initialRisk: intent.initialRisk, target: intent.target }
    : position;
  return { instrument: intent.instrument, position: planned, layer, part: closing ? 'closing' : 'opening' };
}

function withFilled(
  book: AccountBook,
  { intentId, quantity, corrects }: DeskEvent<'OrderFilled'>['data'],
  units: Decimal,
): AccountBook {
  const order = book.orders[intentId];
  if (order === undefined) return book;
  const filled = units.plus(order.filled);
  const told = new Decimal(order.told).plus(corrects === null ? quantity : 0);
  const status = Decimal.max(filled, told).gte(order.intent.quantity)
    ? 'filled'
    : RANK[order.status] >= RANK.working
      ? order.status
      : 'working';
  const next = { ...order, filled: decimalText(filled), told: decimalText(told), status };
  return { ...book, orders: { ...book.orders, [intentId]: next } };
}

const touch = (book: AccountBook, correlationId: string): AccountBook =>
  book.touched.includes(correlationId) ? book : { ...book, touched: [...book.touched, correlationId] };

/**
 * A corrected execution is reported once more, under an id that differs in its last group, and with its commission: the
 * broker charges that instead of the first one, not beside it. Whichever arrives first, the last by id counts.
 */
function chargeCommission(
  book: AccountBook,
  { execId, commission }: DeskEvent<'CommissionReported'>['data'],
): AccountBook {
  const { base, revision } = executionBase(execId);
  const charged = book.charged?.[base];
  if (charged !== undefined && charged.revision >= revision) return book;
  const more = new Decimal(commission).minus(charged?.commission ?? 0);
  return {
    ...book,
    charged: { ...book.charged, [base]: { revision, commission } },
    fees: decimalText(new Decimal(book.fees).plus(more)),
    cash: book.cash === null ? null : decimalText(new Decimal(book.cash).minus(more)),
  };
}

function moveStop(book: AccountBook, { data }: DeskEvent<'StopMoved'>): AccountBook {
  const position = Object.values(book.positions).find(({ layers }) => layers[data.intentId] !== undefined);
  const layer = position?.layers[data.intentId];
  if (position === undefined || layer === undefined) return book;
  const layers = { ...position.layers, [data.intentId]: { ...layer, stop: data.stopPrice } };
  return { ...book, positions: { ...book.positions, [position.instrument]: { ...position, layers } } };
}
