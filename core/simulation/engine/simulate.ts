import { seededRandom } from '#core/values/random.ts';
import { ActionPlayer } from './action-player.ts';
import { EngineContext } from './engine-context.ts';
import { InvalidSimulationError, StrategyError } from './errors.ts';
import { Feed } from './feed.ts';
import { leverageRefusal } from './leverage-limit.ts';
import { MarkColumns } from './mark-columns.ts';
import {
  checkOptions,
  type EngineResult,
  fillModelOf,
  SIMULATION_DEFAULTS,
  type SimulatedInstrument,
  type SimulationOptions,
} from './options.ts';
import { EngineOrder, faultOf, isPrice, type OrderChange, type OrderRequest } from './order.ts';
import type { Placement } from './reaction.ts';
import { RiskDesk } from './risk-desk.ts';
import { SimulatedAccount } from './simulated-account.ts';
import { pastOf, type Strategy } from './strategy.ts';
import { WorkingOrders } from './working-orders.ts';

const DAY = 86_400_000;

interface Incident {
  readonly time: number;
  readonly kind: string;
  readonly detail: string;
}

/**
 * Runs a strategy over bars: it decides at the close of each, its orders trade from the next open. Deterministic: the
 * same strategy, bars and options give the same result. Bars of several instruments are merged by closing time; bars that
 * close together are all matched, in the order of the instruments, before the strategy is called once.
 *
 * @param columns where the marks are written; the caller's to reuse, for whom marks returned earlier are then gone
 * @throws InvalidSimulationError for bars or options that can't be used, UnknownRateError for a currency without a rate,
 * StrategyError for a strategy that looks ahead or gives an unreadable order
 */
export function simulate(
  strategy: Strategy,
  instruments: readonly SimulatedInstrument[],
  options: SimulationOptions,
  columns: MarkColumns = new MarkColumns(),
): EngineResult {
  return new Simulation(instruments, { ...SIMULATION_DEFAULTS, ...options }, columns).run(strategy);
}

class Simulation {
  time = 0;
  index = -1;
  readonly account: SimulatedAccount;
  readonly orders: EngineOrder[] = [];
  readonly working: readonly WorkingOrders[];
  readonly #feeds: readonly Feed[];
  readonly #options: Required<SimulationOptions>;
  readonly #actions: ActionPlayer;
  readonly #columns: MarkColumns;
  readonly #refusals: Record<string, number> = {};
  readonly #incidents: Incident[] = [];
  #risk: RiskDesk | null = null;
  #liquidating = false;
  #ruined = false;

  constructor(
    instruments: readonly SimulatedInstrument[],
    options: Required<SimulationOptions>,
    columns: MarkColumns,
  ) {
    this.#columns = columns;
    checkOptions(options);
    if (instruments.length === 0)
      throw new InvalidSimulationError(
        'there are no instruments to simulate; give at least one with its bars',
      );
    this.#options = options;
    this.#feeds = instruments.map((one) => new Feed(one.instrument, one.bars, fillModelOf(one)));
    this.account = new SimulatedAccount(this.#feeds, options);
    this.working = this.#feeds.map(
      (feed) =>
        new WorkingOrders(feed, (order, quantity, price, reference, impact) => {
          this.account.fill(this.time, order, quantity, price, reference, impact);
          this.#risk?.filled(order, quantity, price, this.time);
        }),
    );
    this.#actions = new ActionPlayer(instruments, this.#feeds, this.account, {
      cancelAll: (i, reason) => this.cancelAll(i, reason),
      incident: (kind, detail) => this.#incident(kind, detail),
      delisted: (i, price, now) => this.#risk?.delisted(i, price, now),
    });
  }

  run(strategy: Strategy): EngineResult {
    const feeds = this.#feeds;
    const { account } = this;
    const alone = feeds.length === 1;
    const most = feeds.reduce((sum, { series }) => sum + series.length, 0);
    // One instrument's marks are taken at its own closes: their times are there already.
    const known = alone ? (feeds[0] as Feed).series.closeTime : undefined;
    const { time, equity, cash, grossExposure, netExposure, drawdown } = this.#columns.of(most, known);
    const past = Object.freeze(feeds.map(pastOf));
    const context = new EngineContext(this, past);
    const { schedule } = this.#actions;
    this.#risk = this.#riskDesk(strategy);
    this.#risk?.begin(Math.min(...feeds.map(({ series }) => series.openTime[0] as number)));
    const decide = strategy.start({
      instruments: feeds.map(({ instrument }) => instrument),
      random: seededRandom(this.#options.seed),
    });
    let highest = account.equity;
    let steps = 0;
    let midnight = Number.NaN;
    for (let now = this.#nextClose(); now < Number.POSITIVE_INFINITY; now = this.#nextClose()) {
      this.time = now;
      this.index = steps;
      if (!(now < midnight)) {
        const next = (Math.floor(now / DAY) + 1) * DAY;
        if (!Number.isNaN(midnight)) account.accrue((next - midnight) / DAY);
        midnight = next;
      }
      if (now >= schedule.nextDelisting) this.#actions.delist(now);
      for (let i = 0; i < feeds.length; i++) {
        if (alone || (feeds[i] as Feed).nextClose === now) this.#playBar(i, now);
      }
      account.revalue();
      if (account.equity > highest) highest = account.equity;
      if (!alone) time[steps] = now;
      equity[steps] = account.equity;
      cash[steps] = account.cash;
      grossExposure[steps] = account.gross;
      netExposure[steps] = account.net;
      drawdown[steps] = 1 - account.equity / highest;
      steps++;
      if (this.#risk !== null) this.#followRisk(this.#risk);
      this.#watchMargin();
      if (!this.#ruined) decide(context);
    }
    this.#actions.reportPending();
    return {
      marks: this.#columns.marks(steps),
      fills: account.fills,
      trades: account.allTrades(this.time),
      orders: this.orders,
      costs: account.costs,
      currency: this.#options.currency,
      cashByCurrency: Object.fromEntries(
        account.rates.currencies.map((currency, i) => [currency, account.books.cash[i] as number]),
      ),
      refusals: this.#refusals,
      incidents: this.#incidents,
    };
  }

  #nextClose(): number {
    if (this.#feeds.length === 1) return (this.#feeds[0] as Feed).nextClose;
    let next = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#feeds.length; i++) {
      const close = (this.#feeds[i] as Feed).nextClose;
      if (close < next) next = close;
    }
    return next;
  }

  #playBar(i: number, now: number): void {
    const feed = this.#feeds[i] as Feed;
    feed.advance();
    if (feed.openTime >= (this.#actions.schedule.nextAt[i] as number))
      this.#actions.play(i, feed.openTime, now);
    const working = this.working[i] as WorkingOrders;
    if ((this.account.books.quantity[i] as number) !== 0) this.account.excursion(i);
    if (working.orders.length > 0) {
      feed.load();
      working.match(now);
    }
    this.account.marks[i] = feed.close;
  }

  /** Below maintenance margin, or without equity, everything is closed; without equity for good. */
  #watchMargin(): void {
    const { account } = this;
    if (account.equity <= 0 && !this.#ruined) {
      this.#ruined = true;
      this.#liquidate('ruin', `equity is ${account.equity.toFixed(2)}; the strategy is not asked again`);
    } else if (!this.#liquidating && !this.#ruined) {
      const excess = account.excessLiquidity();
      if (excess < 0) this.#liquidate('liquidation', `excess liquidity is ${excess.toFixed(2)}`);
    } else if (account.gross === 0) {
      this.#liquidating = false;
    }
  }

  #liquidate(kind: string, detail: string): void {
    this.#liquidating = true;
    this.#incident(kind, detail);
    for (let i = 0; i < this.#feeds.length; i++) {
      this.cancelAll(i, `the account is in ${kind}`);
      const held = this.account.books.quantity[i] as number;
      if (held === 0) continue;
      this.#enter(
        { instrument: i, side: held > 0 ? 'sell' : 'buy', quantity: Math.abs(held), type: 'MKT' },
        null,
      );
    }
  }

  /** The desk's machinery for this run, where the options have a policy. @throws InvalidSimulationError at a split */
  #riskDesk(strategy: Strategy): RiskDesk | null {
    const { risk, currency, resumeAfter } = this.#options;
    if (risk === null) return null;
    const split = this.#actions.schedule.firstSplit();
    if (split !== undefined)
      throw new InvalidSimulationError(
        `${split.action.instrument} splits on ${split.action.exDate}; under a risk policy give split-adjusted bars and leave the split out`,
      );
    return new RiskDesk(this.#feeds, this.account, {
      policy: risk,
      currency,
      strategy: strategy.name,
      resumeAfter,
      report: (kind, detail) => this.#incident(kind, detail),
      refused: (limit) => this.#countRefusal(limit),
    });
  }

  #followRisk(risk: RiskDesk): void {
    const { cancel, placements, stopMoves } = risk.react(this.time);
    if (cancel !== null) {
      for (const { orders } of this.working)
        for (const order of orders) if (risk.isWorking(order)) order.end('cancelled', cancel);
      for (const working of this.working) working.compact();
    }
    for (const { order, stopPrice } of stopMoves) order.atWork.stopPrice = stopPrice;
    for (const placement of placements) this.#place(risk, placement);
  }

  #place(risk: RiskDesk, { request, parent, intent }: Placement): EngineOrder {
    const order = this.#enter(request, parent);
    risk.track(order, intent);
    const stop = this.#enterStop(order, request);
    if (stop !== null) risk.attach(stop, intent.intentId, 'stop');
    return order;
  }

  /** The stop that is placed with an order, for what the order fills. */
  #enterStop(
    order: EngineOrder,
    { protectiveStop, instrument = 0, quantity }: OrderRequest,
  ): EngineOrder | null {
    if (protectiveStop === undefined) return null;
    const side = order.side === 'buy' ? 'sell' : 'buy';
    return this.#enter(
      {
        instrument,
        side,
        quantity,
        type: 'STP',
        stopPrice: protectiveStop,
        parent: order.id,
        group: -order.id,
      },
      order,
    );
  }

  #incident(kind: string, detail: string): void {
    this.#incidents.push({ time: this.time, kind, detail });
  }

  #countRefusal(rule: string): void {
    this.#refusals[rule] = (this.#refusals[rule] ?? 0) + 1;
  }

  cancelAll(i: number, reason: string): void {
    const working = this.working[i] as WorkingOrders;
    for (const order of working.orders) if (order.alive) order.end('cancelled', reason);
    working.compact();
  }

  #enter(request: OrderRequest, parent: EngineOrder | null): EngineOrder {
    const order = new EngineOrder(this.orders.length + 1, request, this.time, parent);
    this.orders.push(order);
    (this.working[order.instrument] as WorkingOrders).orders.push(order);
    return order;
  }

  submit(request: OrderRequest): number {
    const fault = faultOf(request, this.#feeds.length);
    if (fault !== undefined) throw new StrategyError(`order ${this.orders.length + 1}: ${fault}`);
    const parent = request.parent === undefined ? null : this.order(request.parent);
    if (parent !== null && parent.instrument !== (request.instrument ?? 0))
      throw new StrategyError(
        `order ${this.orders.length + 1}: its parent ${parent.id} is in another instrument; children trade in their parent's`,
      );
    const refusal = this.#refusalOf(request, parent);
    if (refusal !== undefined) return this.#refuse(request, parent, refusal);
    const risk = this.#risk;
    if (risk === null) {
      const order = this.#enter(request, parent);
      this.#enterStop(order, request);
      return order.id;
    }
    const permission = risk.permit(request, parent, this.orders.length + 1, this.time);
    switch (permission.kind) {
      case 'refused':
        return this.#refuse(request, parent, permission.limit);
      case 'attached': {
        const order = this.#enter(request, parent);
        risk.attach(order, permission.layer, 'target');
        return order.id;
      }
      case 'permitted': {
        const [first] = permission.placements.map((placement) => this.#place(risk, placement));
        return (first as EngineOrder).id;
      }
    }
  }

  #refuse(request: OrderRequest, parent: EngineOrder | null, rule: string): number {
    const order = this.#enter(request, parent);
    order.end('refused', rule);
    this.#enterStop(order, request)?.end('refused', 'its parent was refused');
    (this.working[order.instrument] as WorkingOrders).compact();
    this.#countRefusal(rule);
    return order.id;
  }

  /** The rule that refuses a request, or undefined. What closes or reduces is never refused for its size. */
  #refusalOf(request: OrderRequest, parent: EngineOrder | null): string | undefined {
    const i = request.instrument ?? 0;
    const { lot } = (this.#feeds[i] as Feed).model;
    if (this.#actions.schedule.isDelisted(i)) return 'delisted';
    if (this.#liquidating) return 'liquidating';
    if (!(this.#feeds[i] as Feed).instrument.tradable) return 'not-tradable';
    if (Math.abs(request.quantity / lot - Math.round(request.quantity / lot)) > 1e-6) return 'lot';
    return leverageRefusal(this.account, this.working, this.#options.maximumLeverage, request, parent);
  }

  order(id: number): EngineOrder {
    const order = this.orders[id - 1];
    if (order === undefined)
      throw new StrategyError(`there is no order ${id}; ids are those that submit returned`);
    return order;
  }

  cancel(id: number): boolean {
    const order = this.order(id);
    if (!order.alive || this.#risk?.mayCancel(order) === false) return false;
    order.end('cancelled', 'the strategy withdrew it');
    (this.working[order.instrument] as WorkingOrders).compact();
    return true;
  }

  modify(id: number, change: OrderChange): boolean {
    const order = this.order(id);
    for (const [name, value] of Object.entries(change))
      if (!isPrice(value)) throw new StrategyError(`${name} ${value} of order ${id} is not above zero`);
    if (!order.alive) return false;
    const refused = this.#risk?.refusalOfChange(order, change, this.time) ?? null;
    if (refused !== null) {
      this.#countRefusal(refused);
      return false;
    }
    const quantity = change.quantity ?? order.quantity;
    if (quantity > order.quantity) {
      const request = { instrument: order.instrument, side: order.side, type: order.type } as const;
      const { limitPrice } = order.atWork;
      const price = Number.isNaN(limitPrice) ? {} : { limitPrice };
      const refusal = this.#refusalOf(
        { ...request, ...price, quantity: quantity - order.quantity },
        order.parent,
      );
      if (refusal !== undefined) {
        this.#countRefusal(refusal);
        return false;
      }
    }
    order.quantity = quantity;
    const { atWork } = order;
    atWork.limitPrice = change.limitPrice ?? atWork.limitPrice;
    atWork.stopPrice = change.stopPrice ?? atWork.stopPrice;
    if (order.exhausted) {
      order.end(order.filled > 0 ? 'filled' : 'cancelled', 'its quantity was reduced to what it had filled');
      (this.working[order.instrument] as WorkingOrders).compact();
    }
    return true;
  }
}
