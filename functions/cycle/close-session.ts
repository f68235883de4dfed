import type { SessionRecord } from '#core/cycle/session-record.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import type { Session } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { say } from '#functions/runtime/handler.ts';

/** Announces the end of the session with the figures it ended on: learning, memory and the statement start from it. */
export async function closeSession(desk: Desk, session: Session): Promise<string> {
  const [book, record] = await desk.store.read([stateKeys.book, stateKeys.session(session.date)]);
  const value = valuation((book?.value as AccountBook | undefined) ?? EMPTY_BOOK, 'bar', null);
  return say(desk, [
    journalEntry({
      type: 'SessionClosed',
      key: session.date,
      correlationId: correlations.session(session.date),
      causationId: null,
      sender: desk.name,
      occurredAt: desk.clock.now(),
      data: {
        session: session.date,
        equity: value?.equity ?? null,
        realized: value?.realized ?? null,
        fees: value?.fees ?? null,
        openPositions: value?.openPositions ?? 0,
        cycles: (record?.value as SessionRecord | undefined)?.cycles ?? [],
      },
    }),
  ]);
}
