import type { DeskEvent } from '#contracts/registry.ts';
import { type HaltFlag, isHaltLifted, stateKeys } from '#core/events/state-keys.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { afterHalt, afterReducing, afterRevaluation, type BreakerOrders } from '#core/risk/breaker-orders.ts';
import { breakerEvents } from '#core/risk/follow-up-events.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, sayEach } from '#functions/runtime/handler.ts';

export const BREAKER_TYPES = ['TradingHalted', 'TradingReducing', 'PortfolioRevalued'] as const;
type BreakerType = (typeof BREAKER_TYPES)[number];

/** What follows from a tripped breaker: working orders are cancelled, and after a drawdown halt every layer is closed. */
export async function followBreaker(desk: Desk, arrivals: readonly Arrival<BreakerType>[]): Promise<void> {
  for (const { event } of arrivals) {
    switch (event.metadata.type) {
      case 'TradingHalted': {
        const [halt] = await desk.store.read([stateKeys.halt]);
        if (isHaltLifted((halt?.value as HaltFlag | undefined) ?? null)) break;
        await plan(
          desk,
          event,
          afterHalt((event as DeskEvent<'TradingHalted'>).data, event.metadata.id, desk.clock.now()),
        );
        break;
      }
      case 'TradingReducing':
        await plan(
          desk,
          event,
          afterReducing((event as DeskEvent<'TradingReducing'>).data, event.metadata.id),
        );
        break;
      case 'PortfolioRevalued': {
        const [stored] = await desk.store.read([stateKeys.book]);
        const book = (stored?.value as AccountBook | undefined) ?? EMPTY_BOOK;
        await plan(
          desk,
          event,
          afterRevaluation(book, (event as DeskEvent<'PortfolioRevalued'>).data, desk.clock.now()),
        );
        break;
      }
    }
  }
}

const plan = (desk: Desk, cause: DeskEvent<BreakerType>, orders: BreakerOrders) =>
  sayEach(desk, breakerEvents(speaking(desk), cause, orders));
