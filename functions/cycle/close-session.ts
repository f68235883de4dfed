import { sessionClosed } from '#core/cycle/closed-session.ts';
import type { SessionRecord } from '#core/cycle/session-record.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { Session } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { say } from '#functions/runtime/handler.ts';

/** Announces the end of the session with the figures it ended on: learning, memory and the statement start from it. */
export async function closeSession(desk: Desk, session: Session): Promise<string> {
  const [book, record] = await desk.store.read([stateKeys.book, stateKeys.session(session.date)]);
  return say(desk, [
    sessionClosed(
      speaking(desk),
      session.date,
      (book?.value as AccountBook | undefined) ?? EMPTY_BOOK,
      (record?.value as SessionRecord | undefined)?.cycles ?? [],
    ),
  ]);
}
