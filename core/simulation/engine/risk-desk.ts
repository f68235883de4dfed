import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { historySlippage } from '#core/agents/execution/trading-cost.ts';
import { median, VOLATILITY_SESSIONS } from '#core/agents/strategy/instrument-state.ts';
import { aggregateBars } from '#core/market/aggregate.ts';
import { type BarSeries, closedBy, sliceBars } from '#core/market/bars.ts';
import { nextOpen, type Session, sessionAt } from '#core/market/calendar.ts';
import type { SessionTemplate } from '#core/market/instrument.ts';
import { isLive, remaining } from '#core/portfolio/account-book.ts';
import { layerQuantity, openLayers, positionQuantity } from '#core/portfolio/position.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { afterHalt, afterReducing, afterRevaluation, type BreakerOrders } from '#core/risk/breaker-orders.ts';
import { trip } from '#core/risk/breakers.ts';
import { decide, decideStopMove } from '#core/risk/gate.ts';
import type { GateInput } from '#core/risk/limit.ts';
import { parseRiskPolicy, type RiskPolicy } from '#core/risk/policy.ts';
import { planPyramiding } from '#core/risk/pyramiding.ts';
import { returnCorrelation } from '#core/risk/return-correlation.ts';
import { Decimal } from '#core/values/decimal.ts';
import { ConservationError } from './errors.ts';
import type { Feed } from './feed.ts';
import type { EngineOrder, OrderChange, OrderRequest } from './order.ts';
import { decimalOf, exitIntent, layerRequest, openingIntent, orderTerms } from './order-intents.ts';
import { RiskBook } from './risk-book.ts';
import type { SimulatedAccount } from './simulated-account.ts';

/** An order that the gate has let pass, for the engine to enter under its parent. */
export interface Placement {
  readonly request: OrderRequest;
  readonly parent: EngineOrder | null;
  readonly intent: Intent;
}

export type Permission =
  | { readonly kind: 'permitted'; readonly placements: readonly Placement[] }
  /** An exit at the side of an entry: it works only for what the entry has filled, in one group with the entry's stop. */
  | { readonly kind: 'attached'; readonly layer: string }
  | { readonly kind: 'refused'; readonly limit: string };

/** What the desk's machinery asks of the engine after the bars of one instant. */
export interface Reaction {
  /** Why every working order that is no stop is to be cancelled first; null where none is. */
  readonly cancel: string | null;
  readonly placements: readonly Placement[];
  readonly stopMoves: readonly { readonly order: EngineOrder; readonly stopPrice: number }[];
}

type Report = (kind: string, detail: string) => void;

const DAY_MINUTES = 1440;
/** Bars that a correlation may be measured over: twice its sessions, and some for those not in common. */
const CORRELATED_BARS = 180;

/**
 * The live desk's risk machinery around the orders of a simulation: the same gate, breakers and pyramiding on the same
 * account book, which is folded from the simulation's executions. It decides; the engine enters, matches and cancels.
 */
export class RiskDesk {
  readonly #feeds: readonly Feed[];
  readonly #account: SimulatedAccount;
  readonly #policy: RiskPolicy;
  readonly #strategy: string;
  readonly #report: Report;
  readonly #refused: (limit: string) => void;
  readonly #ledger: RiskBook;
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #histories: readonly BarSeries[];
  #halt: GateInput['haltFlag'] = null;

  /** @throws InvalidRiskPolicyError for a policy that cannot be used */
  constructor(
    feeds: readonly Feed[],
    account: SimulatedAccount,
    policy: RiskPolicy,
    currency: string,
    strategy: string,
    report: Report,
    refused: (limit: string) => void,
  ) {
    this.#feeds = feeds;
    this.#account = account;
    this.#policy = parseRiskPolicy(policy);
    this.#strategy = strategy;
    this.#report = report;
    this.#refused = refused;
    this.#ledger = new RiskBook(currency, account.cash);
    this.#indexes = new Map(feeds.map(({ instrument }, i) => [instrument.id, i]));
    this.#histories = feeds.map(({ series, instrument }) =>
      series.interval.unit === 'session'
        ? series
        : aggregateBars(series, { unit: 'session' }, instrument.sessionTemplate),
    );
  }

  /** The first day begins with the first bar. */
  begin(at: number): void {
    this.#turnDay(at);
  }

  /** The day's figures begin anew once an order given now belongs to the next session: that of the first instrument. */
  #turnDay(now: number): void {
    this.#ledger.beginSession(now, this.#session(0, now), [...this.#indexes.keys()]);
  }

  /** The engine has entered an order that was permitted, under the id of the intent or for the layer it is attached to. */
  track(order: EngineOrder, intent: Intent): void {
    this.#ledger.track(order, intent);
  }

  /** The engine has entered an order that closes a layer beside its intents: its resting stop, or a target. */
  attach(order: EngineOrder, layer: string, role: 'stop' | 'target'): void {
    this.#ledger.attach(order, layer, role);
  }

  filled(order: EngineOrder, quantity: number, price: number, at: number): void {
    this.#ledger.fill(order, this.#id(order.instrument), quantity, price, at);
  }

  /** An instrument ends: what is held of it is closed at what its units were worth. */
  delisted(instrument: number, worth: number, at: number): void {
    this.#ledger.closeAll(this.#id(instrument), worth, at);
  }

  /** Whether the gate lets a request of the strategy pass, and as which orders. */
  permit(request: OrderRequest, parent: EngineOrder | null, nextId: number, now: number): Permission {
    this.#ledger.settle(now);
    if (parent !== null) return this.#attachment(request, parent);
    const i = request.instrument ?? 0;
    const terms = orderTerms(request);
    if (terms === null) return { kind: 'refused', limit: 'order-type' };
    const shared = {
      instrument: this.#id(i),
      strategy: this.#strategy,
      reference: this.#account.marks[i] as number,
      now,
      session: this.#session(i, now).date,
    };
    const position = this.#ledger.book.positions[shared.instrument];
    const held = positionQuantity(position);
    if (held.isZero() || held.gt(0) === (request.side === 'buy')) {
      const intent = openingIntent(request, terms, `S${nextId}`, {
        ...shared,
        expectedVolume: this.#expectedVolume(i),
        expectedSlippage: this.#slippage(i, request.quantity),
      });
      const limit = this.#gate(intent, i, now);
      return limit === null
        ? { kind: 'permitted', placements: [{ request, parent: null, intent }] }
        : { kind: 'refused', limit };
    }
    const parts = this.#byLayer(shared.instrument, request.quantity);
    const placements: Placement[] = [];
    for (const [index, { layer, quantity }] of parts.entries()) {
      const { protectiveStop: _, ...part } = { ...request, quantity };
      const intent = exitIntent(part, terms, `S${nextId + index}`, layer, shared);
      const limit = this.#gate(intent, i, now);
      // Only what asks for more than is free is refused, and then it is one part: nothing is done by halves.
      if (limit !== null) return { kind: 'refused', limit };
      placements.push(this.#closing(part, layer.intentId, intent));
    }
    return { kind: 'permitted', placements };
  }

  /** Layers of an exit, oldest first, each with what is free of it; one part where more is asked for than is free. */
  #byLayer(instrument: string, quantity: number) {
    const { book } = this.#ledger;
    const layers = openLayers(book.positions[instrument]);
    const parts = [];
    let wanted = new Decimal(quantity);
    for (const layer of layers) {
      const closing = Object.values(book.orders)
        .filter((order) => isLive(order) && order.intent.closes === layer.intentId)
        .reduce((total, order) => total.plus(remaining(order)), new Decimal(0));
      const part = Decimal.min(wanted, layerQuantity(layer).minus(closing));
      if (part.lte(0)) continue;
      parts.push({ layer, quantity: part.toNumber() });
      wanted = wanted.minus(part);
    }
    const [first] = layers;
    return wanted.isZero() || first === undefined ? parts : [{ layer: first, quantity }];
  }

  #attachment(request: OrderRequest, parent: EngineOrder): Permission {
    const layer = this.#ledger.layerOpenedBy(parent);
    const protects =
      layer !== null &&
      request.side !== parent.side &&
      request.quantity <= parent.quantity &&
      request.group === -parent.id;
    return protects ? { kind: 'attached', layer } : { kind: 'refused', limit: 'reduce-only' };
  }

  /** Null where a change of a working order may be made; it may only make an order smaller or a stop stricter. */
  refusalOfChange(order: EngineOrder, change: OrderChange, now: number): string | null {
    const place = this.#ledger.placeOf(order);
    if (place === null) return null;
    const smaller = change.quantity === undefined || change.quantity <= order.quantity;
    switch (place.role) {
      case 'order':
        return smaller && change.limitPrice === undefined && change.stopPrice === undefined
          ? null
          : 'order-change';
      case 'target':
        return smaller && change.stopPrice === undefined ? null : 'order-change';
      case 'stop': {
        if (change.quantity !== undefined || change.limitPrice !== undefined) return 'order-change';
        if (change.stopPrice === undefined) return null;
        const from = decimalOf(order.stopPrice);
        const move = {
          intentId: place.layer,
          instrument: this.#id(order.instrument),
          from,
          to: decimalOf(change.stopPrice),
        };
        const decision = decideStopMove(this.#ledger.book, {
          requestId: `${place.layer}/stop/${move.to}`,
          ...move,
          reason: 'the strategy moves it',
        });
        if (decision.kind === 'refused') return decision.data.limit;
        this.#ledger.moveStop(place.layer, move.instrument, move.to, now);
        return null;
      }
    }
  }

  /** A protective stop stays until its layer is closed, whatever a strategy asks. */
  mayCancel(order: EngineOrder): boolean {
    return this.#ledger.placeOf(order)?.role !== 'stop';
  }

  /** Whether a cancellation of all working orders takes this one: entries and exits, never stops and targets. */
  isWorking(order: EngineOrder): boolean {
    return this.#ledger.placeOf(order)?.role === 'order';
  }

  /** Values the book at the closes of this instant, trips the breakers, closes what they close, and adds to winners. */
  react(now: number): Reaction {
    const ledger = this.#ledger;
    ledger.settle(now);
    this.#feeds.forEach((feed, i) => {
      const index = feed.closed - 1;
      if (index >= 0 && feed.series.closeTime[index] === now) ledger.closeBar(feed, this.#minutes(i));
      this.#verify(i);
    });
    ledger.bookCash(this.#account.cash);
    const value = valuation(ledger.book, 'bar', null);
    if (value === null) return { cancel: null, placements: [], stopMoves: [] };
    const tripped = trip(ledger.book, value, this.#policy, now);
    ledger.book = tripped.book;
    let orders: BreakerOrders | null = null;
    for (const { type, data } of tripped.events) {
      this.#report(INCIDENT[type], data.reason);
      const causeId = `${type}@${now}`;
      switch (type) {
        case 'TradingHalted':
          this.#halt = { halted: true, by: data.by, reason: data.reason };
          orders = afterHalt(data, causeId, now);
          break;
        case 'TradingReducing':
          orders = afterReducing(data, causeId);
          break;
        case 'DrawdownWarned':
          break;
      }
    }
    const { cancel, flatten } = orders ?? afterRevaluation(ledger.book, value, now);
    this.#turnDay(now);
    // What is cancelled frees its layer, so the engine has to do it before the layer is closed anew.
    if (cancel !== null) ledger.cancelWorking(now);
    const placements = flatten.flatMap((intent) => this.#pass(intent, now));
    const grown = this.#pyramid({ ...value, tradingState: ledger.book.trading.state }, now);
    return {
      cancel: cancel?.reason ?? null,
      placements: [...placements, ...grown.placements],
      stopMoves: grown.stopMoves,
    };
  }

  #pyramid(value: EventData<'PortfolioRevalued'>, now: number): Pick<Reaction, 'placements' | 'stopMoves'> {
    const placements: Placement[] = [];
    const stopMoves: { order: EngineOrder; stopPrice: number }[] = [];
    const templateOf = ({ instrument }: { readonly instrument: string }): SessionTemplate | undefined =>
      this.#feeds[this.#indexes.get(instrument) ?? -1]?.instrument.sessionTemplate;
    for (const template of new Set(value.positions.map(templateOf))) {
      const positions = value.positions.filter((position) => templateOf(position) === template);
      const i = this.#indexes.get(positions[0]?.instrument ?? '');
      if (i === undefined) continue;
      const session = this.#session(i, now);
      const planned = planPyramiding({ ...value, positions }, this.#policy, {
        now,
        session: session.date,
        sessionClose: session.close,
        instrument: (id) => this.#feeds[this.#indexes.get(id) ?? -1]?.instrument,
        expectedVolume: (id) => this.#expectedVolume(this.#indexes.get(id) ?? -1) ?? undefined,
      });
      for (const move of planned.stopMoves) {
        const decision = decideStopMove(this.#ledger.book, {
          requestId: `${move.intentId}/stop/${move.to}`,
          ...move,
        });
        const order = this.#ledger.stopOf(move.intentId);
        if (decision.kind === 'refused') this.#refused(decision.data.limit);
        else if (order !== null) {
          this.#ledger.moveStop(move.intentId, move.instrument, move.to, now);
          stopMoves.push({ order, stopPrice: Number(move.to) });
        }
      }
      for (const intent of planned.intents) {
        const expectedSlippage = this.#slippage(
          this.#indexes.get(intent.instrument) ?? -1,
          Number(intent.quantity),
        );
        placements.push(...this.#pass({ ...intent, expectedSlippage }, now));
      }
    }
    return { placements, stopMoves };
  }

  /** An intent of the desk's own machinery through the gate; nothing where it is refused, which is counted. */
  #pass(intent: Intent, now: number): readonly Placement[] {
    const i = this.#indexes.get(intent.instrument) as number;
    const limit = this.#gate(intent, i, now);
    if (limit !== null) {
      this.#refused(limit);
      return [];
    }
    const request = layerRequest(intent, i);
    return [
      intent.closes === null
        ? { request, parent: null, intent }
        : this.#closing(request, intent.closes, intent),
    ];
  }

  /** What closes a layer works under the order that opened it, for no more than its other closing orders have left. */
  #closing(request: OrderRequest, layer: string, intent: Intent): Placement {
    const parent = this.#ledger.openerOf(layer);
    return { request: { ...request, parent: parent.id, group: 0 }, parent, intent };
  }

  /** The limit that refuses an intent, or null; then its reservation stands in the book. */
  #gate(intent: Intent, i: number, now: number): string | null {
    const ledger = this.#ledger;
    const decision = decide(
      {
        book: ledger.book,
        intent,
        policy: this.#policy,
        instrument: (this.#feeds[i] as Feed).instrument,
        now,
        session: this.#session(i, now),
        haltFlag: this.#halt,
        barMinutes: this.#minutes(i),
        instruments: (id) => this.#feeds[this.#indexes.get(id) ?? -1]?.instrument ?? null,
        correlation: (left, right) => returnCorrelation(this.#history(left, now), this.#history(right, now)),
      },
      'simulation',
    );
    if (decision.kind === 'refused' && decision.book !== ledger.book)
      this.#report('strategy-disabled', decision.data.explanation);
    ledger.book = decision.book;
    return decision.kind === 'authorized' ? null : decision.data.limit;
  }

  #id(i: number): string {
    return (this.#feeds[i] as Feed).instrument.id;
  }

  #minutes(i: number): number {
    const { interval } = (this.#feeds[i] as Feed).series;
    return interval.unit === 'minute' ? interval.count : DAY_MINUTES;
  }

  /** The session that an order given now can trade in: the one in progress, else the next. */
  #session(i: number, now: number): Session {
    const { sessionTemplate } = (this.#feeds[i] as Feed).instrument;
    return (
      sessionAt(sessionTemplate, now) ??
      (sessionAt(sessionTemplate, nextOpen(sessionTemplate, now)) as Session)
    );
  }

  #history(instrument: string, now: number): BarSeries {
    const closed = closedBy(this.#histories[this.#indexes.get(instrument) as number] as BarSeries, now);
    return sliceBars(closed, closed.length - CORRELATED_BARS, closed.length);
  }

  #recent(i: number): BarSeries {
    const { series, closed } = this.#feeds[i] as Feed;
    return sliceBars(series, closed - VOLATILITY_SESSIONS - 1, closed);
  }

  /** The median volume of the last bars; null where none is known. */
  #expectedVolume(i: number): number | null {
    const { volume } = this.#recent(i);
    const usual = median(volume);
    return Number.isFinite(usual) ? usual : null;
  }

  #slippage(i: number, quantity: number): number | null {
    return historySlippage(
      (this.#feeds[i] as Feed).instrument,
      this.#recent(i),
      this.#account.marks[i] as number,
      quantity,
    );
  }

  /** @throws ConservationError where the gate's book and the account hold different positions */
  #verify(i: number): void {
    const id = this.#id(i);
    const booked = positionQuantity(this.#ledger.book.positions[id]).toNumber();
    const held = this.#account.books.quantity[i] as number;
    if (Math.abs(booked - held) > 1e-6)
      throw new ConservationError(id, booked - held, 'the risk gate had booked its fills');
  }
}

const INCIDENT = {
  DrawdownWarned: 'drawdown-warning',
  TradingReducing: 'reducing',
  TradingHalted: 'halted',
} as const;
