import { journalEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { dateOfDay, dayNumber } from '#core/market/civil-date.ts';
import { instantText } from '#core/values/clock.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { say } from '#functions/runtime/handler.ts';

/** Announces the week that begins on this Monday: its sessions, and which of them end early. */
export async function prepareWeek(desk: Desk, monday: string): Promise<string> {
  const sessions = sessionsBetween('us-equity', monday, dateOfDay(dayNumber(monday) + 6));
  return say(desk, [
    journalEntry({
      type: 'WeekPrepared',
      key: monday,
      correlationId: correlations.desk,
      causationId: null,
      sender: desk.name,
      occurredAt: desk.clock.now(),
      data: {
        week: monday,
        sessions: sessions.map(({ date, open, close, earlyClose }) => ({
          session: date,
          open: instantText(open),
          close: instantText(close),
          earlyClose,
        })),
      },
    }),
  ]);
}
