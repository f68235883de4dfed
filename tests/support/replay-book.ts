import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import type { RecentExit } from '#core/agents/strategy/proposal-screen.ts';
import type { StopMove } from '#core/risk/pyramiding.ts';
import { portfolio } from './agent-context.ts';

type Portfolio = EventData<'PortfolioRevalued'>;
type Layer = Portfolio['positions'][number]['layers'][number];

/** Half the spread and slippage, as the desk's fill model assumes them. */
const COST = 0.0002;

export interface Execution {
  readonly at: string;
  readonly instrument: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: number;
  readonly price: number;
  readonly purpose: Intent['purpose'] | 'stop';
  readonly strategy: string;
}

interface Holding {
  readonly layer: Layer;
  readonly opening: Intent;
}

/**
 * The simplest honest book for long-only replays in tests: orders fill at the open of the next bar with a cost, stops at
 * the worse of their price and the open. It is not the product's ledger and knows nothing of the gate.
 */
export class ReplayBook {
  readonly executions: Execution[] = [];
  readonly exits: RecentExit[] = [];
  private cash: number;
  private highWater: number;
  private realized = 0;
  private holdings: Holding[] = [];
  private working: Intent[] = [];
  private readonly marks = new Map<string, number>();

  constructor(equity: number) {
    this.cash = equity;
    this.highWater = equity;
  }

  submit(intents: readonly Intent[]): void {
    for (const intent of intents) {
      const known = this.working.some(({ intentId }) => intentId === intent.intentId);
      const filled = this.holdings.some(({ layer }) => layer.intentId === intent.intentId);
      if (!known && !filled) this.working.push(intent);
    }
  }

  moveStops(moves: readonly StopMove[]): void {
    this.holdings = this.holdings.map((holding) => {
      const move = moves.find(({ intentId }) => intentId === holding.layer.intentId);
      return move === undefined ? holding : { ...holding, layer: { ...holding.layer, stop: move.to } };
    });
  }

  /** One bar of one instrument: what works fills at its open, then stops are tested against its low. */
  bar(
    session: string,
    instrument: string,
    at: string,
    bar: { open: number; low: number; close: number },
  ): void {
    for (const intent of this.working.filter((entry) => entry.instrument === instrument)) {
      if (intent.side === 'BUY') this.buy(intent, at, bar.open * (1 + COST));
      else this.sell(session, intent.closes, intent.purpose, intent.strategy, at, bar.open * (1 - COST));
    }
    this.working = this.working.filter((entry) => entry.instrument !== instrument);
    for (const { layer, opening } of this.holdings) {
      if (opening.instrument !== instrument || bar.low > Number(layer.stop)) continue;
      const price = Math.min(bar.open, Number(layer.stop)) * (1 - COST);
      this.sell(session, layer.intentId, 'stop', opening.strategy, at, price);
    }
    this.marks.set(instrument, bar.close);
  }

  private buy(intent: Intent, at: string, price: number): void {
    if (price > Number(intent.limitPrice)) return;
    const quantity = Number(intent.quantity);
    this.cash -= quantity * price;
    const layer: Layer = {
      intentId: intent.intentId,
      positionId: intent.positionId,
      quantity: intent.quantity,
      averagePrice: price.toFixed(4),
      stop: intent.protectiveStop,
      openedAt: at,
    };
    this.holdings.push({ layer, opening: intent });
    this.record(at, intent, 'BUY', quantity, price, intent.purpose, intent.strategy);
  }

  private sell(
    session: string,
    layerId: string | null,
    purpose: Execution['purpose'],
    strategy: string,
    at: string,
    price: number,
  ): void {
    const holding = this.holdings.find(({ layer }) => layer.intentId === layerId);
    if (holding === undefined) return;
    const quantity = Number(holding.layer.quantity);
    this.cash += quantity * price;
    this.realized += quantity * (price - Number(holding.layer.averagePrice));
    this.holdings = this.holdings.filter((entry) => entry !== holding);
    this.record(at, holding.opening, 'SELL', quantity, price, purpose, strategy);
    const { instrument } = holding.opening;
    this.exits.push({ instrument, session, by: purpose === 'stop' ? 'stop' : 'decision' });
  }

  private record(
    at: string,
    { instrument }: Intent,
    side: Execution['side'],
    quantity: number,
    price: number,
    purpose: Execution['purpose'],
    strategy: string,
  ): void {
    this.executions.push({ at, instrument, side, quantity, price, purpose, strategy });
  }

  revalue(session: string, at: string): Portfolio {
    const mark = (instrument: string) => this.marks.get(instrument) ?? Number.NaN;
    const value = ({ layer, opening }: Holding) => Number(layer.quantity) * mark(opening.instrument);
    const gross = this.holdings.reduce((sum, holding) => sum + value(holding), 0);
    const equity = this.cash + gross;
    this.highWater = Math.max(this.highWater, equity);
    const cents = (amount: number) => amount.toFixed(2);
    const instruments = [
      ...new Set(
        [...this.holdings.map(({ opening }) => opening), ...this.working].map((entry) => entry.instrument),
      ),
    ];
    return portfolio({
      session,
      equity: cents(equity),
      cash: cents(this.cash),
      realized: cents(this.realized),
      highWater: cents(this.highWater),
      drawdown: Math.max(0, 1 - equity / this.highWater),
      grossExposure: cents(gross),
      openPositions: new Set(this.holdings.map(({ opening }) => opening.instrument)).size,
      positions: instruments.map((instrument) => {
        const held = this.holdings.filter(({ opening }) => opening.instrument === instrument);
        const quantity = held.reduce((sum, { layer }) => sum + Number(layer.quantity), 0);
        const cost = held.reduce(
          (sum, { layer }) => sum + Number(layer.quantity) * Number(layer.averagePrice),
          0,
        );
        const first = held[0]?.opening;
        return {
          instrument,
          quantity: String(quantity),
          averagePrice: quantity === 0 ? '0' : (cost / quantity).toFixed(4),
          mark: String(Number.isNaN(mark(instrument)) ? 0 : mark(instrument)),
          markedAt: at,
          marketValue: cents(quantity === 0 ? 0 : quantity * mark(instrument)),
          unrealized: cents(quantity === 0 ? 0 : quantity * mark(instrument) - cost),
          layers: held.map(({ layer }) => layer),
          plan: first?.plan ?? null,
          initialRisk: first?.initialRisk ?? null,
          target: first?.target ?? null,
          pending: this.working
            .filter((entry) => entry.instrument === instrument && entry.closes === null)
            .map(({ intentId }) => intentId),
        };
      }),
    });
  }
}
