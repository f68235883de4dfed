import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { positionQuantity } from '#core/portfolio/position.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { afterHalt, afterReducing, afterRevaluation, type BreakerOrders } from '#core/risk/breaker-orders.ts';
import { trip } from '#core/risk/breakers.ts';
import { decide, decideStopMove } from '#core/risk/gate.ts';
import type { GateInput } from '#core/risk/limit.ts';
import { parseRiskPolicy, type RiskPolicy } from '#core/risk/policy.ts';
import type { StopMove } from '#core/risk/pyramiding.ts';
import { decideResume, resumption } from '#core/risk/resume.ts';
import { SimulatedOperator } from '../simulated-operator.ts';
import { ConservationError } from './errors.ts';
import { exitParts } from './exit-parts.ts';
import type { Feed } from './feed.ts';
import { LayerPlanner } from './layer-planner.ts';
import { MarketFacts } from './market-facts.ts';
import type { EngineOrder, OrderChange, OrderRequest } from './order.ts';
import { decimalOf, exitIntent, layerRequest, openingIntent, orderTerms } from './order-intents.ts';
import type { Permission, Placement, Reaction } from './reaction.ts';
import { RiskBook } from './risk-book.ts';
import type { SimulatedAccount } from './simulated-account.ts';

export interface RiskDeskOptions {
  readonly policy: RiskPolicy;
  readonly currency: string;
  /** The strategy's name, under which the gate counts and disables. */
  readonly strategy: string;
  /** Sessions after a drawdown step from which on a simulated person resumes trading; null where nobody does. */
  readonly resumeAfter: number | null;
  readonly report: (kind: string, detail: string) => void;
  readonly refused: (limit: string) => void;
}

/**
 * The live desk's risk machinery around the orders of a simulation: the same gate, breakers and pyramiding on the same
 * account book, which is folded from the simulation's executions. It decides; the engine enters, matches and cancels.
 */
export class RiskDesk {
  readonly #feeds: readonly Feed[];
  readonly #account: SimulatedAccount;
  readonly #options: RiskDeskOptions;
  readonly #policy: RiskPolicy;
  readonly #operator: SimulatedOperator | null;
  readonly #ledger: RiskBook;
  readonly #market: MarketFacts;
  readonly #layers: LayerPlanner;
  #halt: GateInput['haltFlag'] = null;
  #resumptions = 0;

  /** @throws InvalidRiskPolicyError for a policy that cannot be used */
  constructor(feeds: readonly Feed[], account: SimulatedAccount, options: RiskDeskOptions) {
    const { policy, currency, resumeAfter } = options;
    this.#feeds = feeds;
    this.#account = account;
    this.#options = options;
    this.#policy = parseRiskPolicy(policy);
    this.#operator = resumeAfter === null ? null : new SimulatedOperator(resumeAfter);
    this.#ledger = new RiskBook(currency, account.cash);
    this.#market = new MarketFacts(feeds, account);
    this.#layers = new LayerPlanner(this.#market, this.#policy);
  }

  /** The first day begins with the first bar. */
  begin(at: number): void {
    this.#turnDay(at);
  }

  /** The day's figures begin anew once an order given now belongs to the next session: that of the first instrument. */
  #turnDay(now: number): void {
    const turned = this.#ledger.beginSession(now, this.#market.session(0, now), this.#market.ids);
    if (turned && this.#operator?.isDue(this.#ledger.book.trading) === true)
      this.#resume(this.#operator, now);
  }

  #resume({ resumer }: SimulatedOperator, now: number): void {
    const decision = decideResume(this.#ledger.book, this.#policy, resumer, now);
    if (decision.kind === 'refused') return;
    this.#resumptions += 1;
    const { entry, flag } = resumption(resumer, decision.highWater, this.#resumptions, now);
    this.#ledger.resume(entry.event);
    this.#halt = flag;
    this.#options.report('resumed', resumer.reason);
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
      strategy: this.#options.strategy,
      reference: this.#market.mark(i),
      now,
      session: this.#market.session(i, now).date,
    };
    const position = this.#ledger.book.positions[shared.instrument];
    const held = positionQuantity(position);
    if (held.isZero() || held.gt(0) === (request.side === 'buy')) {
      const intent = openingIntent(request, terms, `S${nextId}`, {
        ...shared,
        expectedVolume: this.#market.expectedVolume(i),
        expectedSlippage: this.#market.slippage(i, request.quantity),
      });
      const limit = this.#gate(intent, i, now);
      return limit === null
        ? { kind: 'permitted', placements: [{ request, parent: null, intent }] }
        : { kind: 'refused', limit };
    }
    const parts = exitParts(this.#ledger.book, shared.instrument, request.quantity);
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
    if (place.role === 'stop') return this.#refusalOfStopMove(order, place.layer, change, now);
    const smaller = change.quantity === undefined || change.quantity <= order.quantity;
    const priced = place.role === 'order' && change.limitPrice !== undefined;
    return smaller && !priced && change.stopPrice === undefined ? null : 'order-change';
  }

  #refusalOfStopMove(order: EngineOrder, layer: string, change: OrderChange, now: number): string | null {
    if (change.quantity !== undefined || change.limitPrice !== undefined) return 'order-change';
    if (change.stopPrice === undefined) return null;
    const move = {
      intentId: layer,
      instrument: this.#id(order.instrument),
      from: decimalOf(order.stopPrice),
      to: decimalOf(change.stopPrice),
      reason: 'the strategy moves it',
    };
    return this.#moveStop(move, now);
  }

  /** Null where the stop of a layer has been moved in the book, else the limit that refuses it. */
  #moveStop(move: StopMove, now: number): string | null {
    const request = { requestId: `${move.intentId}/stop/${move.to}`, ...move };
    const decision = decideStopMove(this.#ledger.book, request);
    if (decision.kind === 'refused') return decision.data.limit;
    this.#ledger.moveStop(move.intentId, move.instrument, move.to, now);
    return null;
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
      if (index >= 0 && feed.series.closeTime[index] === now) ledger.closeBar(feed, this.#market.minutes(i));
      this.#verify(i);
    });
    ledger.bookCash(this.#account.cash);
    const value = valuation(ledger.book, 'bar', null);
    if (value === null) return { cancel: null, placements: [], stopMoves: [] };
    const { cancel, flatten } = this.#trip(value, now);
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

  #trip(value: EventData<'PortfolioRevalued'>, now: number): BreakerOrders {
    const { book, events } = trip(this.#ledger.book, value, this.#policy, now);
    this.#ledger.book = book;
    let orders: BreakerOrders | null = null;
    for (const { type, data } of events) {
      this.#options.report(INCIDENT[type], data.reason);
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
    return orders ?? afterRevaluation(book, value, now);
  }

  #pyramid(value: EventData<'PortfolioRevalued'>, now: number): Pick<Reaction, 'placements' | 'stopMoves'> {
    const planned = this.#layers.plan(value, now);
    const stopMoves: { order: EngineOrder; stopPrice: number }[] = [];
    for (const move of planned.stopMoves) {
      const order = this.#ledger.stopOf(move.intentId);
      if (order === null) continue;
      const limit = this.#moveStop(move, now);
      if (limit !== null) this.#options.refused(limit);
      else stopMoves.push({ order, stopPrice: Number(move.to) });
    }
    return { placements: planned.intents.flatMap((intent) => this.#pass(intent, now)), stopMoves };
  }

  /** An intent of the desk's own machinery through the gate; nothing where it is refused, which is counted. */
  #pass(intent: Intent, now: number): readonly Placement[] {
    const i = this.#market.indexOf(intent.instrument) as number;
    const limit = this.#gate(intent, i, now);
    if (limit !== null) {
      this.#options.refused(limit);
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
        instrument: this.#market.at(i),
        now,
        session: this.#market.session(i, now),
        haltFlag: this.#halt,
        barMinutes: this.#market.minutes(i),
        instruments: (id) => this.#market.find(id) ?? null,
        correlation: (left, right) => this.#market.correlation(left, right, now),
      },
      'simulation',
    );
    if (decision.kind === 'refused' && decision.book !== ledger.book)
      this.#options.report('strategy-disabled', decision.data.explanation);
    ledger.book = decision.book;
    return decision.kind === 'authorized' ? null : decision.data.limit;
  }

  #id(i: number): string {
    return this.#market.ids[i] as string;
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
