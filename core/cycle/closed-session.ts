import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import type { Speaker } from './cycle-events.ts';

/** The end of a session with the figures it ended on. */
export function sessionClosed(
  { name, now }: Speaker,
  session: string,
  book: AccountBook,
  cycles: readonly string[],
): JournalEntry<'SessionClosed'> {
  const value = valuation(book, 'bar', null);
  return journalEntry({
    type: 'SessionClosed',
    key: session,
    correlationId: correlations.session(session),
    causationId: null,
    sender: name,
    occurredAt: now,
    data: {
      session,
      equity: value?.equity ?? null,
      realized: value?.realized ?? null,
      fees: value?.fees ?? null,
      openPositions: value?.openPositions ?? 0,
      cycles: [...cycles],
    },
  });
}
