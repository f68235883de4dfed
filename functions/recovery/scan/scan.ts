import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { stateKeys } from '#core/events/state-keys.ts';
import { newYorkDate, sessionOn } from '#core/market/calendar.ts';
import { parseInstant } from '#core/values/clock.ts';
import { sessionRecord } from '#functions/cycle/session-record.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { isFinished } from '../cycle-progress.ts';

const scheduled = z.object({ scheduledTime: z.iso.datetime({ offset: true }) });
/** Older cycles are past their time to live: nobody would act on them any more. */
const RECENT_CYCLES = 2;
const GRACE_MILLIS = 5 * 60_000;

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
    const [stored] = await desk.store.read([stateKeys.session(date)]);
    const cycles = stored === null || stored === undefined ? [] : sessionRecord.parse(stored.value).cycles;
    const started: string[] = [];
    for (const cycleId of cycles.slice(-RECENT_CYCLES)) {
      const entries = await desk.store.journal(cycleId);
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

function isOverdue(
  entries: readonly { readonly sortKey: string; readonly canonical: string }[],
  now: number,
): boolean {
  const requested = entries.find(({ sortKey }) => sortKey.startsWith('CycleRequested#'));
  if (requested === undefined) return false;
  const { metadata } = JSON.parse(requested.canonical) as { metadata: { occurredAt: string } };
  return parseInstant(metadata.occurredAt) + GRACE_MILLIS < now;
}
