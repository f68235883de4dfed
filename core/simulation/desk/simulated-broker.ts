import type { DeskEvent } from '#contracts/registry.ts';
import { authorizationProblem } from '#core/broker/authorization.ts';
import { contractOf } from '#core/broker/contracts.ts';
import { declined } from '#core/broker/declined-command.ts';
import {
  cancelled,
  type OrderChange,
  observeCommission,
  observeExecution,
  observeOpenOrder,
  observeStatus,
} from '#core/broker/order-facts.ts';
import { closableQuantity, filledQuantity, isOpen } from '#core/broker/order-record.ts';
import {
  type ClosableLayer,
  type PlannedTicket,
  planPlacement,
  stopMoveRefusal,
} from '#core/broker/placement.ts';
import { submission, unsubmitted } from '#core/broker/submission.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import type { HaltFlag } from '#core/events/state-keys.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { type AccountBook, opens } from '#core/portfolio/account-book.ts';
import type { LedgerInput } from '#core/portfolio/keep-book.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { AccountBooks } from '../account.ts';
import {
  type BarLiquidity,
  barLiquidity,
  MATCH_PHASES,
  type MatchPhase,
  matchOrder,
  matchResult,
} from '../matching.ts';
import type { MatchBar, Side } from '../orders.ts';
import { BrokerAccount, type TradedInstrument } from './broker-account.ts';
import {
  type BrokerLayer,
  type BrokerOrder,
  CLIENT_ID,
  endsWithSession,
  executableUnits,
  heldUnits,
  isExpired,
  isOver,
  matchable,
} from './broker-orders.ts';

/** One bar that orders may trade in. */
export interface BrokerBar extends MatchBar {
  readonly openTime: EpochMillis;
  readonly closeTime: EpochMillis;
}

/** An execution with what it cost, for whoever keeps figures. */
export interface BrokerExecution {
  readonly time: EpochMillis;
  readonly orderId: number;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly quantity: number;
  readonly price: number;
  readonly fee: number;
  /** Profit realised by it, before fees. */
  readonly gain: number;
  /** The market's price before any cost, and what the impact moved it by, as the fill model says. */
  readonly reference: number;
  readonly impact: number;
}

/** What the broker must know of the desk to believe a command. */
export interface DeskStanding {
  readonly book: AccountBook;
  readonly halt: HaltFlag | null;
}

export interface SimulatedBrokerOptions {
  readonly instruments: readonly TradedInstrument[];
  readonly account: string;
  readonly cash: Decimal;
  /** Hears of every execution once it is booked. */
  readonly onExecution: (execution: BrokerExecution) => void;
}

type Fact = JournalEntry<LedgerInput>;
/** The broker's own numbers for orders begin above this. */
const PERMANENT_IDS = 1_000_000_000;
/** First group of all execution ids; the second counts. */
const EXECUTIONS = '0000e0d5';
const ENTRY_UNFILLED = 'its entry ended without a fill';
const GROUP_FILLED = 'its one-cancels-all group has closed the layer';

/**
 * A broker and the bridge to it, in one: carries out what the desk authorizes against bars, by the fill model of all
 * simulations, and answers with the events that the bridge would journal, built by the bridge's own steps
 * (`core/broker`). Orders are taken in at once and take part from the next bar on. Within a bar a stop comes before a
 * limit. A layer's stop always covers what is held of it, so that stop and closing orders never close more than that;
 * where the live broker ends a stop and the bridge places it anew, this one shrinks it.
 */
export class SimulatedBroker {
  readonly #options: SimulatedBrokerOptions;
  readonly #instruments: ReadonlyMap<string, TradedInstrument>;
  readonly #layers = new Map<string, BrokerLayer>();
  readonly #working = new Map<string, BrokerOrder[]>();
  readonly #refs = new Set<string>();
  readonly #account: BrokerAccount;
  readonly #result = matchResult();
  #lastId = 0;
  #executions = 0;

  constructor(options: SimulatedBrokerOptions) {
    this.#options = options;
    this.#instruments = new Map(options.instruments.map((one) => [one.instrument.id, one]));
    this.#account = new BrokerAccount(options.account, options.cash);
  }

  /** Orders that wait or work, by instrument and age. */
  workingOrders(): readonly BrokerOrder[] {
    return [...this.#working.values()].flat();
  }

  /** The broker's own books, independent of the desk's. */
  get books(): AccountBooks {
    return this.#account.books;
  }

  /** The account as the broker tells it. Positions are valued at cost where `price` knows none. */
  observeAccount(correlationId: string, now: EpochMillis, price: (id: string) => number | undefined): Fact {
    return this.#account.observe(correlationId, now, price);
  }

  /** Carries out the commands among what the desk said, in their order. Everything else is none of the broker's business. */
  carryOut(said: readonly JournalEntry[], standing: DeskStanding, now: EpochMillis): readonly Fact[] {
    const facts: Fact[] = [];
    for (const { event } of said) {
      if (event.metadata.type === 'OrderAuthorized')
        this.#place(event as DeskEvent<'OrderAuthorized'>, standing, now, facts);
      else if (event.metadata.type === 'CancelAuthorized')
        this.#cancel(event as DeskEvent<'CancelAuthorized'>, now, facts);
      else if (event.metadata.type === 'StopMoveAuthorized')
        this.#moveStop(event as DeskEvent<'StopMoveAuthorized'>, now, facts);
    }
    return facts;
  }

  /** Whether an order in an instrument waits or works. */
  hasOrders(id: string): boolean {
    return (this.#working.get(id)?.length ?? 0) > 0;
  }

  /** Offers a bar to every order in its instrument that was there when it opened. */
  trade(id: string, bar: BrokerBar): readonly Fact[] {
    const orders = this.#working.get(id);
    const traded = this.#instruments.get(id);
    if (orders === undefined || orders.length === 0 || traded === undefined) return [];
    const facts: Fact[] = [];
    this.#expire(orders, bar.openTime, facts);
    const liquidity = barLiquidity(bar, traded.model);
    const pass: Pass = { traded, bar, liquidity, orders, facts };
    for (const phase of MATCH_PHASES) for (const order of orders) this.#offer(pass, order, phase);
    this.#expire(orders, bar.closeTime, facts);
    this.#tidy(id);
    return facts;
  }

  /** Ends the orders of the session. Stops stay. */
  endSession(now: EpochMillis): readonly Fact[] {
    const facts: Fact[] = [];
    for (const [id, orders] of this.#working) {
      for (const order of orders)
        if (endsWithSession(order)) this.#end(order, 'expired with the session', now, facts);
      this.#tidy(id);
    }
    return facts;
  }

  #place(
    event: DeskEvent<'OrderAuthorized'>,
    { book, halt }: DeskStanding,
    now: EpochMillis,
    facts: Fact[],
  ): void {
    const { intent } = event.data;
    if (this.#refs.has(intent.intentId)) return;
    this.#refs.add(intent.intentId);
    const traded = this.#instruments.get(intent.instrument);
    const layer = intent.closes === null ? undefined : this.#layers.get(intent.closes);
    const unauthorized = authorizationProblem(intent, book);
    const plan =
      unauthorized !== null
        ? ({ kind: 'decline', reason: unauthorized } as const)
        : planPlacement(intent, {
            now,
            instrument: traded?.instrument,
            halted: halt?.halted === true ? halt.reason : null,
            layer: opens(intent) || layer === undefined ? null : closable(layer),
          });
    if (plan.kind === 'decline') {
      facts.push(declined(event, intent.intentId, plan.reason, now, intent.intentId));
      return;
    }
    const [first, second] = plan.tickets;
    if (first === undefined) return;
    const order = this.#submit(event, first, intent.closes ?? intent.intentId, now, facts);
    if (second !== undefined) {
      const stop = this.#submit(event, second, intent.intentId, now, facts);
      this.#layers.set(intent.intentId, { entry: order, stop, closing: [] });
    } else if (layer !== undefined) layer.closing.push(order);
    this.#takeIn(order, 'Submitted', now, facts);
    if (second !== undefined) this.#takeIn(this.#layerOf(order).stop, 'PreSubmitted', now, facts);
  }

  #submit(
    event: DeskEvent<'OrderAuthorized'>,
    ticket: PlannedTicket,
    layerId: string,
    now: EpochMillis,
    facts: Fact[],
  ): BrokerOrder {
    this.#lastId += 1;
    const { intent } = event.data;
    const ids = { orderId: this.#lastId, clientId: CLIENT_ID };
    const record = unsubmitted(intent, event.metadata.correlationId, ticket, ids, now);
    const submitted = submission(record, { now, fencingToken: 1, commandEventId: event.metadata.id });
    const zero = new Decimal(0);
    const order: BrokerOrder = {
      record,
      match: matchable(ticket),
      layerId,
      eligibleFrom: now,
      wokenInside: Number.NaN,
      value: zero,
      charged: zero,
    };
    this.#apply(order, submitted, facts);
    const working = this.#working.get(intent.instrument);
    if (working === undefined) this.#working.set(intent.instrument, [order]);
    else working.push(order);
    return order;
  }

  #takeIn(order: BrokerOrder, status: string, now: EpochMillis, facts: Fact[]): void {
    const permId = PERMANENT_IDS + order.record.orderId;
    this.#apply(order, observeStatus(order.record, { permId, status, filled: '0' }, now), facts);
  }

  #apply(order: BrokerOrder, { record, entries }: OrderChange, facts: Fact[]): void {
    order.record = record;
    for (const entry of entries) facts.push(entry as Fact);
  }

  #layerOf({ layerId }: BrokerOrder): BrokerLayer {
    const layer = this.#layers.get(layerId);
    if (layer === undefined) throw new RangeError(`the simulated broker has no layer ${layerId}`);
    return layer;
  }

  #cancel(event: DeskEvent<'CancelAuthorized'>, now: EpochMillis, facts: Fact[]): void {
    const { intentId, includeStops, requestId, reason } = event.data;
    const targets = this.workingOrders()
      .filter(({ record }) => isOpen(record) && (intentId === null || record.intentId === intentId))
      .filter(({ record }) => record.role === 'order' || includeStops);
    if (targets.length === 0)
      facts.push(declined(event, intentId ?? requestId, 'no such order is working', now, requestId));
    for (const order of targets) {
      // The end of its entry may have ended this one already.
      if (!isOpen(order.record)) continue;
      order.record = { ...order.record, cancel: { requestId, reason, eventId: event.metadata.id } };
      this.#end(order, reason, now, facts);
    }
    for (const id of new Set(targets.map(({ record }) => record.instrument))) this.#tidy(id);
  }

  #moveStop(event: DeskEvent<'StopMoveAuthorized'>, now: EpochMillis, facts: Fact[]): void {
    const { intentId, to, requestId } = event.data;
    const stop = this.#layers.get(intentId)?.stop;
    const instrument = this.#instruments.get(event.data.instrument)?.instrument;
    const refusal = stopMoveRefusal(event.data, stop?.record ?? null, instrument);
    if (stop === undefined || instrument === undefined || refusal !== null) {
      facts.push(declined(event, intentId, refusal ?? 'no stop', now, requestId));
      return;
    }
    const { record } = stop;
    const contract = contractOf(instrument);
    const shown = {
      orderId: record.orderId,
      clientId: CLIENT_ID,
      permId: record.permId ?? 0,
      orderRef: record.orderRef,
      account: this.#options.account,
      symbol: instrument.id,
      contract: {
        symbol: contract?.symbol ?? instrument.id,
        secType: contract?.secType ?? '',
        currency: instrument.currency,
        localSymbol: instrument.id,
        multiplier: null,
      },
      side: record.side,
      quantity: record.quantity,
      cashQuantity: null,
      orderType: record.orderType,
      limitPrice: null,
      triggerPrice: to,
      parentId: 0,
      ocaGroup: record.ocaGroup ?? '',
      status: 'PreSubmitted',
    };
    const moving = { ...record, stopMove: { requestId, to, eventId: event.metadata.id } };
    this.#apply(stop, observeOpenOrder(moving, shown, now), facts);
    stop.match.stopPrice = Number(to);
  }

  #offer(pass: Pass, order: BrokerOrder, phase: MatchPhase): void {
    const { bar, traded, facts } = pass;
    if (!isOpen(order.record) || order.eligibleFrom > bar.openTime) return;
    const wanted = executableUnits(order, this.#layerOf(order));
    if (wanted <= 0) return;
    const arrival = order.wokenInside === bar.openTime ? 'inside' : 'open';
    const result = this.#result;
    matchOrder(order.match, wanted, bar, phase, arrival, pass.liquidity, traded.model, result);
    const { cancelRest } = result;
    if (result.quantity > 0) this.#fill(pass, order, phase);
    if (cancelRest && isOpen(order.record))
      this.#end(order, 'the rest could not be filled at once', bar.closeTime, facts);
  }

  #fill(pass: Pass, order: BrokerOrder, phase: MatchPhase): void {
    const { bar, facts } = pass;
    const layer = this.#layerOf(order);
    const first = filledQuantity(order.record).isZero();
    this.#book(pass, order);
    if (order === layer.entry) {
      if (first) this.#wakeStop(pass, layer, phase);
    } else this.#settle(layer, bar.closeTime, facts);
  }

  /** Ends what is left of a layer that is closed or never opened. A stop that executed is done with that. */
  #settle(layer: BrokerLayer, now: EpochMillis, facts: Fact[]): void {
    const { entry, stop, closing } = layer;
    if (isOpen(entry.record) || heldUnits(layer).gt(0)) return;
    if (isOpen(stop.record) && !filledQuantity(stop.record).isZero())
      stop.record = { ...stop.record, status: 'filled' };
    const reason = filledQuantity(entry.record).isZero() ? ENTRY_UNFILLED : GROUP_FILLED;
    for (const other of [stop, ...closing]) this.#end(other, reason, now, facts);
  }

  #book({ traded, bar, facts }: Pass, order: BrokerOrder): void {
    const { quantity, price, reference, impact } = this.#result;
    const { instrument } = traded;
    const now = bar.closeTime;
    this.#executions += 1;
    const execId = `${EXECUTIONS}.${this.#executions.toString(16).padStart(8, '0')}.01.01`;
    const size = new Decimal(quantity);
    const { fee, gain, realisedNet } = this.#account.book(traded, order, size, new Decimal(price), now);
    const { record } = order;
    const execution = {
      execId,
      orderId: record.orderId,
      clientId: CLIENT_ID,
      permId: PERMANENT_IDS + record.orderId,
      orderRef: record.orderRef,
      account: this.#options.account,
      symbol: instrument.id,
      side: record.side,
      quantity: decimalText(size),
      price: decimalText(new Decimal(price)),
      executedAt: now,
    };
    this.#apply(order, observeExecution(record, execution, now), facts);
    const report = {
      execId,
      commission: decimalText(fee),
      currency: instrument.currency,
      realizedPnl: realisedNet === null ? null : decimalText(realisedNet),
    };
    this.#apply(order, observeCommission(order.record, report, now), facts);
    this.#options.onExecution({
      time: now,
      orderId: record.orderId,
      instrument,
      side: order.match.side,
      quantity,
      price,
      fee: fee.toNumber(),
      gain: gain.toNumber(),
      reference,
      impact,
    });
  }

  /** At the open the whole bar lies before a stop; inside the bar it is tested at once, as the path is unknown. */
  #wakeStop(pass: Pass, { stop }: BrokerLayer, phase: MatchPhase): void {
    if (phase !== 'open') stop.wokenInside = pass.bar.openTime;
    if (phase === 'limits' || phase === 'close') this.#offer(pass, stop, 'stops');
  }

  #expire(orders: readonly BrokerOrder[], at: EpochMillis, facts: Fact[]): void {
    for (const order of orders) if (isExpired(order, at)) this.#end(order, 'expired', at, facts);
  }

  /** Ends an order, and with an entry what it leaves without a purpose. */
  #end(order: BrokerOrder, reason: string, now: EpochMillis, facts: Fact[]): void {
    if (!isOpen(order.record)) return;
    const change = cancelled(order.record, reason, now);
    this.#apply(order, { ...change, record: { ...change.record, status: 'cancelled' } }, facts);
    const layer = this.#layerOf(order);
    if (order === layer.entry && heldUnits(layer).isZero()) this.#end(layer.stop, ENTRY_UNFILLED, now, facts);
  }

  /** Forgets orders that have ended, and layers of which nothing can trade any more. */
  #tidy(id: string): void {
    const orders = this.#working.get(id) ?? [];
    this.#working.set(
      id,
      orders.filter(({ record }) => isOpen(record)),
    );
    for (const { layerId } of orders) {
      const layer = this.#layers.get(layerId);
      if (layer !== undefined && isOver(layer)) this.#layers.delete(layerId);
    }
  }
}

interface Pass {
  readonly traded: TradedInstrument;
  readonly bar: BrokerBar;
  readonly liquidity: BarLiquidity;
  readonly orders: readonly BrokerOrder[];
  readonly facts: Fact[];
}

const closable = ({ entry, stop, closing }: BrokerLayer): ClosableLayer => ({
  instrument: entry.record.instrument,
  side: entry.record.side,
  closable: closableQuantity(
    entry.record,
    stop.record,
    closing.map(({ record }) => record),
  ),
});
