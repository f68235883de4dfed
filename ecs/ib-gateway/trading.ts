import type { AccountWatch } from './account-watch.ts';
import type { Bridge } from './bridge-parts.ts';
import type { CommandBoard } from './command-board.ts';
import type { MarketDataDesk } from './market-data-desk.ts';
import type { OrderServices } from './order-services.ts';
import type { Preflight } from './preflight.ts';
import type { Reconciler } from './reconciler.ts';

export interface TradingParts {
  readonly orders: OrderServices;
  readonly reconciler: Reconciler;
  readonly marketData: MarketDataDesk;
  readonly account: AccountWatch;
  readonly preflight: Preflight;
  readonly board: CommandBoard;
  /** Whether questions may go out. */
  readonly mayAsk: () => boolean;
  readonly isReady: () => boolean;
}

/** What is done when the bridge is READY, and again and again while it is. */
export class Trading {
  readonly #bridge: Bridge;
  readonly #parts: TradingParts;
  #wasHalted = false;

  constructor(bridge: Bridge, parts: TradingParts) {
    this.#bridge = bridge;
    this.#parts = parts;
  }

  /** Begins with what the last link may have swallowed and ends with what has waited. */
  async begin(): Promise<void> {
    const { orders, marketData, account, preflight, board } = this.#parts;
    orders.withdrawals.resume();
    orders.desk.resumeWishes();
    await orders.lapsed.settleAll();
    marketData.resume();
    account.ask(null);
    preflight.ask();
    await this.pollHalt();
    await board.pump();
  }

  /** Calls working entries back as soon as the kill switch is thrown. */
  async pollHalt(): Promise<void> {
    const { killSwitch, log } = this.#bridge;
    if (!this.#bridge.mayTrade()) return;
    const reason = await killSwitch.read();
    if (reason !== null && !this.#wasHalted) {
      log('warn', 'the kill switch is thrown; opening orders are called back', { reason });
      await this.#parts.orders.desk.cancelOpening(`the kill switch is thrown: ${reason}`);
    }
    this.#wasHalted = reason !== null;
  }

  /** Compares orders and executions with the broker while trading goes on. */
  async compareOrders(): Promise<void> {
    const { reconciler, isReady } = this.#parts;
    if (isReady() && !reconciler.running) await reconciler.start(true);
  }

  /** Compares orders, executions, positions and money with the broker, out of turn. */
  async compare(): Promise<void> {
    await this.compareOrders();
    if (this.#parts.mayAsk()) this.#parts.account.ask(null);
  }
}
