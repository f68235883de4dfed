import type { EngineOrder, OrderChange, OrderRequest, OrderStatus } from './order.ts';
import type { SimulatedAccount } from './simulated-account.ts';
import type { InstrumentPast, StrategyContext } from './strategy.ts';
import type { WorkingOrders } from './working-orders.ts';

/** What stands behind a strategy's view of a running simulation. */
export interface RunningSimulation {
  readonly time: number;
  readonly index: number;
  readonly account: SimulatedAccount;
  readonly working: readonly WorkingOrders[];
  submit(order: OrderRequest): number;
  cancel(id: number): boolean;
  modify(id: number, change: OrderChange): boolean;
  order(id: number): EngineOrder;
}

/** The face that a strategy sees; nothing behind it can be reached. */
export class EngineContext implements StrategyContext {
  readonly instruments: readonly InstrumentPast[];
  readonly #simulation: RunningSimulation;

  constructor(simulation: RunningSimulation, instruments: readonly InstrumentPast[]) {
    this.#simulation = simulation;
    this.instruments = instruments;
    Object.freeze(this);
  }

  get time(): number {
    return this.#simulation.time;
  }

  get index(): number {
    return this.#simulation.index;
  }

  get equity(): number {
    return this.#simulation.account.equity;
  }

  get cash(): number {
    return this.#simulation.account.cash;
  }

  position(instrument: number): number {
    return this.#simulation.account.books.quantity[instrument] ?? Number.NaN;
  }

  rate(instrument: number): number {
    return this.#simulation.account.rateOf(instrument);
  }

  workingOrders(instrument: number): number {
    return this.#simulation.working[instrument]?.orders.length ?? Number.NaN;
  }

  submit(order: OrderRequest): number {
    return this.#simulation.submit(order);
  }

  cancel(id: number): boolean {
    return this.#simulation.cancel(id);
  }

  modify(id: number, change: OrderChange): boolean {
    return this.#simulation.modify(id, change);
  }

  status(id: number): OrderStatus {
    return this.#simulation.order(id).status;
  }

  filled(id: number): number {
    return this.#simulation.order(id).filled;
  }
}
