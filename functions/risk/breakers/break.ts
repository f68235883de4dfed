import type { DeskEvent } from '#contracts/registry.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { afterHalt, afterReducing, afterRevaluation, type BreakerOrders } from '#core/risk/breaker-orders.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';

export const BREAKER_TYPES = ['TradingHalted', 'TradingReducing', 'PortfolioRevalued'] as const;
type BreakerType = (typeof BREAKER_TYPES)[number];

/** What follows from a tripped breaker: working orders are cancelled, and after a drawdown halt every layer is closed. */
export async function followBreaker(desk: Desk, arrivals: readonly Arrival<BreakerType>[]): Promise<void> {
  for (const { event } of arrivals) {
    switch (event.metadata.type) {
      case 'TradingHalted':
        await plan(
          desk,
          event,
          afterHalt((event as DeskEvent<'TradingHalted'>).data, event.metadata.id, desk.clock.now()),
        );
        break;
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

async function plan(
  desk: Desk,
  cause: DeskEvent<BreakerType>,
  { cancel, flatten }: BreakerOrders,
): Promise<void> {
  const shared = {
    correlationId: cause.metadata.correlationId,
    causationId: cause.metadata.id,
    sender: desk.name,
    occurredAt: desk.clock.now(),
    urgency: 'critical' as const,
  };
  const entries: JournalEntry[] = flatten.map((intent, index) =>
    journalEntry({ ...shared, type: 'OrderPlanned', key: intent.intentId, data: { intent } }, index + 1),
  );
  if (cancel !== null)
    entries.unshift(journalEntry({ ...shared, type: 'CancelPlanned', key: cause.metadata.id, data: cancel }));
  await say(desk, entries);
}
