import type { Intent } from '#contracts/events/orders.ts';
import type { DeskEvent, EventData, EventType } from '#contracts/registry.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { fold, type LedgerEventType } from '#core/portfolio/ledger.ts';
import type { GateInput } from '#core/risk/limit.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';

/** The session that books of tests live in: Tuesday, 23 January 2018, 09:30–16:00 in New York. */
export const SESSION = '2018-01-23';
const regular = sessionOn('us-equity', SESSION);
if (regular === null) throw new Error(`${SESSION} is no session`);
export const OPEN = regular.open;
export const CLOSE = regular.close;
const MINUTE = 60_000;
/** An hour after the open, when a 15-minute bar has just closed. */
export const NOW: EpochMillis = OPEN + 60 * MINUTE;
export const at = (minutes: number): string => instantText(OPEN + minutes * MINUTE);

let count = 0;
/** An entry of the journal with whatever the envelope is to say; keys are numbered where none is given. */
export function entryOf<T extends EventType>(
  type: T,
  data: EventData<T>,
  envelope: Partial<{
    key: string;
    correlationId: string;
    sender: string;
    occurredAt: EpochMillis;
    ttlSeconds: number;
    causationId: string;
  }> = {},
): JournalEntry<T> {
  count += 1;
  return journalEntry({
    type,
    key: envelope.key ?? String(count),
    correlationId: envelope.correlationId ?? 'test',
    causationId: envelope.causationId ?? null,
    sender: envelope.sender ?? 'test',
    occurredAt: envelope.occurredAt ?? NOW,
    ttlSeconds: envelope.ttlSeconds ?? null,
    data,
  });
}

export const deskEvent = <T extends EventType>(...given: Parameters<typeof entryOf<T>>): DeskEvent<T> =>
  entryOf(...given).event;

/** An entry to buy 50 AAPL at a limit of 100.20, stop at 95: every limit of the default policy lets it pass. */
export function intentOf(changes: Partial<Intent> = {}): Intent {
  const intentId = changes.intentId ?? 'I-1';
  return {
    intentId,
    purpose: 'entry',
    instrument: 'AAPL',
    side: 'BUY',
    quantity: '50',
    orderType: 'LMT',
    limitPrice: '100.20',
    triggerPrice: null,
    timeInForce: 'DAY',
    protectiveStop: '95.00',
    closes: null,
    positionId: intentId,
    strategy: 'flow',
    proposalId: null,
    plan: { maxLayers: 3, stepR: 0.5, sizeFactor: 0.6, trailR: 1 },
    initialRisk: '5',
    target: '110',
    horizonSessions: 5,
    referencePrice: '100.00',
    referenceAt: instantText(NOW),
    expectedSlippage: 0.0005,
    expectedVolume: 100_000,
    probabilityOfProfit: 0.65,
    plannedAt: instantText(NOW),
    expiresAt: instantText(NOW + 5 * MINUTE),
    session: SESSION,
    ...changes,
  };
}

/** A market order that closes some of a long layer. */
export const exitOf = (closes: string, quantity: string, changes: Partial<Intent> = {}): Intent =>
  intentOf({
    intentId: `X-${closes}`,
    purpose: 'exit',
    side: 'SELL',
    quantity,
    orderType: 'MKT',
    limitPrice: null,
    protectiveStop: null,
    closes,
    positionId: closes,
    plan: null,
    probabilityOfProfit: null,
    ...changes,
  });

export const accountObserved = (cash: string): DeskEvent<'AccountObserved'> =>
  deskEvent('AccountObserved', {
    account: 'DU1',
    currency: 'USD',
    netLiquidation: cash,
    cash,
    positions: [],
  });

export const sessionPrepared = (session = SESSION): DeskEvent<'SessionPrepared'> =>
  deskEvent('SessionPrepared', {
    session,
    open: instantText(OPEN),
    close: instantText(CLOSE),
    instruments: ['AAPL'],
  });

/** A 15-minute bar that closes so many minutes after the open. */
export const barClosed = (
  close: string,
  minutes: number,
  changes: Partial<EventData<'BarClosed'>> = {},
): DeskEvent<'BarClosed'> =>
  deskEvent('BarClosed', {
    instrument: 'AAPL',
    session: SESSION,
    minutes: 15,
    openTime: at(minutes - 15),
    closeTime: at(minutes),
    open: close,
    high: close,
    low: close,
    close,
    volume: '100000',
    source: 'test',
    modelled: true,
    ...changes,
  });

interface FillOf {
  readonly intentId: string;
  readonly execId: string;
  readonly quantity: string;
  readonly price: string;
  readonly side?: 'BUY' | 'SELL';
  readonly role?: 'order' | 'stop';
  readonly corrects?: string | null;
  readonly instrument?: string;
  readonly executedAt?: string;
  readonly orderId?: number;
}
export const orderFilled = (fill: FillOf): DeskEvent<'OrderFilled'> =>
  deskEvent(
    'OrderFilled',
    {
      intentId: fill.intentId,
      orderRef: fill.role === 'stop' ? `${fill.intentId}:stop` : fill.intentId,
      role: fill.role ?? 'order',
      instrument: fill.instrument ?? 'AAPL',
      orderId: fill.orderId ?? 1,
      permId: 1,
      execId: fill.execId,
      side: fill.side ?? 'BUY',
      quantity: fill.quantity,
      price: fill.price,
      cumulativeQuantity: fill.quantity,
      averagePrice: fill.price,
      executedAt: fill.executedAt ?? instantText(NOW),
      corrects: fill.corrects ?? null,
    },
    { key: fill.execId },
  );

export const brokerOrder = (intentId: string, role: 'order' | 'stop' = 'order', instrument = 'AAPL') => ({
  intentId,
  orderRef: role === 'stop' ? `${intentId}:stop` : intentId,
  role,
  instrument,
});

export const folded = (book: AccountBook, ...events: readonly DeskEvent<LedgerEventType>[]): AccountBook =>
  events.reduce((current, event) => fold(current, event).book, book);

/** A prepared session with 100,000 in cash and AAPL last at 100, so that 100 shares are a tenth of equity. */
export const bookOf = (changes: Partial<AccountBook> = {}): AccountBook => ({
  ...folded(EMPTY_BOOK, accountObserved('100000'), sessionPrepared(), barClosed('100', 60)),
  ...changes,
});

/** The book after an order was authorized as it is; the gate is not asked. */
export const withOrder = (book: AccountBook, intent: Intent, worstPrice = '100.20'): AccountBook => ({
  ...book,
  orders: {
    ...book.orders,
    [intent.intentId]: {
      intent,
      correlationId: 'test',
      status: 'authorized',
      filled: '0',
      told: '0',
      fillable: intent.quantity,
      worstPrice,
    },
  },
});

/** The book after an entry was authorized and wholly filled at its reference price. */
export const holding = (book: AccountBook, intent: Intent = intentOf()): AccountBook =>
  folded(
    withOrder(book, intent),
    orderFilled({
      intentId: intent.intentId,
      execId: `${intent.intentId}.01`,
      quantity: intent.quantity,
      price: intent.referencePrice,
      side: intent.side,
      instrument: intent.instrument,
      executedAt: instantText(NOW - MINUTE),
    }),
  );

export function gateInput(changes: Partial<GateInput> = {}): GateInput {
  const intent = changes.intent ?? intentOf();
  return {
    book: bookOf(),
    intent,
    policy: DEFAULT_RISK_POLICY,
    instrument: findInstrument(intent.instrument) ?? null,
    now: NOW,
    session: { open: OPEN, close: CLOSE },
    haltFlag: null,
    barMinutes: 15,
    instruments: (id) => findInstrument(id) ?? null,
    correlation: () => null,
    ...changes,
  };
}
