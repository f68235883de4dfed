import type { OrderRecord } from '#core/broker/order-record.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { AccountWatch } from './account-watch.ts';
import type { Bridge } from './bridge-parts.ts';
import type { CommandBoard } from './command-board.ts';
import type { MarketDataDesk } from './market-data-desk.ts';
import type { OrderServices } from './order-services.ts';
import type { Preflight } from './preflight.ts';
import type { Reconciler } from './reconciler.ts';

/** While the kill switch is thrown, what is still open is called back so often: a cancel may have come to nothing. */
const CALL_BACK_AGAIN_MS = 15_000;

export interface TradingParts {
  readonly orders: OrderServices;
  readonly reconciler: Reconciler;
  readonly marketData: MarketDataDesk;
  readonly account: AccountWatch;
  readonly preflight: Preflight;
  readonly board: CommandBoard;
  readonly isReady: () => boolean;
}

/** What is done when the bridge is READY, and again and again while it is. */
export class Trading {
  readonly #bridge: Bridge;
  readonly #parts: TradingParts;
  /** When opening orders were last called back because of the kill switch; null while it is not thrown. */
  #calledBackAt: EpochMillis | null = null;

  constructor(bridge: Bridge, parts: TradingParts) {
    this.#bridge = bridge;
    this.#parts = parts;
  }

  /** Begins with what the last link may have swallowed and ends with what has waited. */
  async begin(): Promise<void> {
    const { orders, marketData, account, preflight, board } = this.#parts;
    orders.withdrawals.resume();
    orders.desk.resumeCancels();
    await orders.stops.begin();
    marketData.resume();
    account.ask(null);
    preflight.ask();
    await this.pollHalt();
    await board.pump();
  }

  /** The broker has shown its orders while trading went on: what it has not done of what it was asked for is asked again. */
  async compared(began: EpochMillis, unchanged: (record: OrderRecord) => boolean): Promise<void> {
    const { desk, stops } = this.#parts.orders;
    desk.resumeCancels();
    await stops.compared(began, unchanged);
  }

  /** Calls working entries back as soon as the kill switch is thrown, and again while any is left. */
  async pollHalt(): Promise<void> {
    const { killSwitch, log, schedule } = this.#bridge;
    if (!this.#bridge.mayTrade()) return;
    const reason = await killSwitch.read();
    if (reason === null) {
      this.#calledBackAt = null;
      return;
    }
    const now = schedule.now();
    if (this.#calledBackAt !== null && now - this.#calledBackAt < CALL_BACK_AGAIN_MS) return;
    this.#calledBackAt = now;
    const any = await this.#parts.orders.desk.cancelOpening(`the kill switch is thrown: ${reason}`);
    if (any) log('warn', 'the kill switch is thrown; opening orders are called back', { reason });
  }

  /** Compares orders and executions with the broker while trading goes on. */
  async compareOrders(): Promise<void> {
    const { reconciler, isReady } = this.#parts;
    if (isReady() && !reconciler.running) await reconciler.start(true);
  }

  /** Compares orders, executions, positions and money with the broker, out of turn. */
  async compare(): Promise<void> {
    await this.compareOrders();
    if (this.#bridge.mayAsk()) this.#parts.account.ask(null);
  }
}
