import type { DeskEvent } from '#contracts/registry.ts';
import { COMMANDS_KEPT_DAYS } from '#core/broker/command-queue.ts';
import { parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import {
  type AccountBook,
  equity,
  findLayer,
  isLive,
  type OrderRecord,
  withForeign,
} from './account-book.ts';
import { withCash } from './entered-cash.ts';
import { chargeCommission, correctableCharges, fill } from './executions.ts';
import { halted, resumed } from './halt-and-resume.ts';
import { withBarMark } from './marks.ts';
import { cancelled, withStatus } from './order-status.ts';
import { type Layer, layerQuantity, layerRealized, type Position, protectsLess } from './position.ts';

/** The events that change the book. Everything else is refused by type. */
export const LEDGER_EVENTS = [
  'AccountObserved',
  'ForeignHoldingsObserved',
  'CashEntered',
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
      return { book: observeForeign(book, event as DeskEvent<'ForeignHoldingsObserved'>), revalue: null };
    case 'CashEntered': {
      const after = withCash(book, (event as DeskEvent<'CashEntered'>).data);
      return { book: after, revalue: after === book ? null : 'account' };
    }
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
  // The broker's cash opens the book once; from then on the bridge compares, and what no order moved a person enters.
  if (book.cash !== null) return { book, revalue: null };
  const opened = withDayStart({
    ...book,
    account: data.account,
    currency: data.currency,
    cash: data.cash,
  });
  return { book: opened, revalue: 'account' };
}

/** Each observation tells all there is, and the bridge tells it once: one that comes late takes the place of none after it. */
function observeForeign(
  book: AccountBook,
  { metadata, data }: DeskEvent<'ForeignHoldingsObserved'>,
): AccountBook {
  const { occurredAt } = metadata;
  if (book.foreignAt !== undefined && book.foreignAt > occurredAt) return book;
  return { ...withForeign(book, data), foreignAt: occurredAt };
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

/** A day more than the queue keeps a command. One that is taken out of the dead letters later is declined: its time is over. */
const DELIVERED_WITHIN_MILLIS = (COMMANDS_KEPT_DAYS + 1) * 86_400_000;

/**
 * Whether an order that was authorized never went out: its time was over so long ago that no queue has its command any more,
 * nor anything else of it. What was reserved for it would stay so for ever.
 */
function isForgotten({ status, intent }: OrderRecord, session: string): boolean {
  return (
    status === 'authorized' && parseInstant(intent.expiresAt) + DELIVERED_WITHIN_MILLIS < Date.parse(session)
  );
}

/** Turns the day: day figures start again, finished orders and closed layers leave the book. */
function beginSession(book: AccountBook, session: string): AccountBook {
  if (book.session !== null && book.session >= session) return book;
  const orders = Object.fromEntries(
    Object.entries(book.orders).filter(([, order]) => isLive(order) && !isForgotten(order, session)),
  );
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
    charged: correctableCharges(book.charged ?? {}, session),
    sessionEquity: null,
  });
}

function closeBar(book: AccountBook, { data }: DeskEvent<'BarClosed'>): Folded {
  const marks = withBarMark(book.marks, data);
  if (marks === null) return { book, revalue: null };
  const held = Object.values(book.positions[data.instrument]?.layers ?? {}).some(
    (layer) => !layerQuantity(layer).isZero(),
  );
  return { book: { ...book, marks }, revalue: held ? 'bar' : null };
}

const touch = (book: AccountBook, correlationId: string): AccountBook =>
  book.touched.includes(correlationId) ? book : { ...book, touched: [...book.touched, correlationId] };

/** A stop is moved towards the price only: a move that tells less was made before the one that the layer has. */
function moveStop(book: AccountBook, { data }: DeskEvent<'StopMoved'>): AccountBook {
  const known = findLayer(book, data.intentId);
  if (known === null) return book;
  const { position, layer } = known;
  if (layer.stop !== null && protectsLess(layer.direction, data.stopPrice, layer.stop)) return book;
  const layers = { ...position.layers, [data.intentId]: { ...layer, stop: data.stopPrice } };
  return { ...book, positions: { ...book.positions, [position.instrument]: { ...position, layers } } };
}
