import * as z from 'zod';
import { journalEntry } from '#core/events/new-event.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import { newYorkDate, sessionOn } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { parseRiskPolicy } from '#core/risk/policy.ts';
import { riskReportOf } from '#core/risk/report.ts';
import { parseInstant } from '#core/values/clock.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { say } from '#functions/runtime/handler.ts';

const scheduled = z.object({ scheduledTime: z.iso.datetime({ offset: true }) });

/** Says, on every day with a session, how much of each limit is used. */
export function riskReport(desk: Desk): (input: unknown) => Promise<{ readonly outcome: string }> {
  return async (input) => {
    const at = parseInstant(scheduled.parse(input).scheduledTime);
    const date = newYorkDate(at);
    if (sessionOn('us-equity', date) === null) return { outcome: 'skipped: no session on this date' };
    const [book, policy] = await desk.store.read([stateKeys.book, stateKeys.policy]);
    const data = riskReportOf(
      (book?.value as AccountBook | undefined) ?? EMPTY_BOOK,
      parseRiskPolicy(policy?.value),
      date,
    );
    const outcome = await say(desk, [
      journalEntry({
        type: 'RiskReported',
        key: String(at),
        correlationId: correlations.session(date),
        causationId: null,
        sender: desk.name,
        occurredAt: desk.clock.now(),
        data,
      }),
    ]);
    return { outcome };
  };
}
