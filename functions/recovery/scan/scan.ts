import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { sessionRecord } from '#core/cycle/session-record.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { newYorkDate, sessionAt, sessionOn } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { parseInstant } from '#core/values/clock.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { isFinished, milestonesOf } from '../cycle-progress.ts';

const scheduled = z.object({ scheduledTime: z.iso.datetime({ offset: true }) });
/** Older cycles are past their time to live: nobody would act on them any more. */
const RECENT_CYCLES = 2;
const MINUTE_MILLIS = 60_000;
const GRACE_MILLIS = 5 * MINUTE_MILLIS;

/** Looks through the session's cycles for those that should have ended and have not, and starts the recovery of each once. */
export function scanForLostCycles(
  desk: Desk,
  client: SFNClient,
  machine: string,
): (input: unknown) => Promise<{ readonly started: readonly string[] }> {
  return async (input) => {
    const at = parseInstant(scheduled.parse(input).scheduledTime);
    const date = newYorkDate(at);
    if (sessionOn('us-equity', date) === null) return { started: [] };
    const [stored, book] = await desk.store.read([stateKeys.session(date), stateKeys.book]);
    reportPriceAge(desk, (book?.value as AccountBook | undefined) ?? EMPTY_BOOK);
    const cycles = stored === null || stored === undefined ? [] : sessionRecord.parse(stored.value).cycles;
    const started: string[] = [];
    const recent = await Promise.all(
      cycles.slice(-RECENT_CYCLES).map(async (cycleId) => ({
        cycleId,
        entries: (await desk.store.entries(milestonesOf(cycleId))).filter((entry) => entry !== null),
      })),
    );
    for (const { cycleId, entries } of recent) {
      if (isFinished(entries) || !isOverdue(entries, desk.clock.now())) continue;
      try {
        await client.send(
          new StartExecutionCommand({
            stateMachineArn: machine,
            name: cycleId.replaceAll(/[^A-Za-z0-9-]/g, '-'),
            input: JSON.stringify({ cycleId }),
          }),
        );
        started.push(cycleId);
        desk.log.warn('recovery started', { correlationId: cycleId });
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
        desk.log.metric('CycleNotRecovered', 1, 'Count');
      }
    }
    return { started };
  };
}

/**
 * How long the quietest of the desk's instruments has had no price, while the market is open: the alarm on a silent
 * broker listens to it. Before an instrument's first price of the session there is nothing to measure from but the open.
 */
function reportPriceAge(desk: Desk, book: AccountBook): void {
  const now = desk.clock.now();
  const session = sessionAt('us-equity', now);
  if (session === null) return;
  const ages = desk.environment.INSTRUMENTS.map((instrument) => {
    const mark = book.marks[instrument];
    const since = mark === undefined ? session.open : Math.max(session.open, parseInstant(mark.at));
    return (now - since) / MINUTE_MILLIS;
  });
  if (ages.length > 0) desk.log.metric('PriceAgeMinutes', Math.max(...ages), 'Count');
}

function isOverdue(
  entries: readonly { readonly sortKey: string; readonly canonical: string }[],
  now: number,
): boolean {
  const requested = entries.find(({ sortKey }) => sortKey.startsWith('CycleRequested#'));
  if (requested === undefined) return false;
  const { metadata } = JSON.parse(requested.canonical) as { metadata: { occurredAt: string } };
  return parseInstant(metadata.occurredAt) + GRACE_MILLIS < now;
}
