import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import { parseEvent } from '#contracts/registry.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { publish } from '#functions/audit/relay/publish.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { say } from '#functions/runtime/handler.ts';
import { isFinished } from '../cycle-progress.ts';

const request = z.object({ cycleId: z.string().min(1), attempt: z.int().min(1) });

/** The bus did not take part of a cycle's events. The state machine tries again. */
export class ReplayInterruptedError extends Error {
  readonly code = 'ReplayInterrupted';
  readonly retryable = true;
  constructor(cycleId: string, eventId: string) {
    super(`the bus did not take the event ${eventId} of ${cycleId}`);
    this.name = 'ReplayInterruptedError';
  }
}

/** Puts a cycle's events on the bus once more, unless it has ended meanwhile. Whoever had done its part drops the repeat. */
export function replayCycle(
  desk: Desk,
  client: EventBridgeClient,
  bus: string,
): (input: unknown) => Promise<{ readonly outcome: 'finished' | 'replayed' }> {
  return async (input) => {
    const { cycleId, attempt } = request.parse(input);
    const entries = await desk.store.journal(cycleId);
    const finished = isFinished(entries);
    if (finished || attempt === 1) {
      await say(desk, [
        finished
          ? journalEntry({
              type: 'RecoveryFinished',
              key: String(attempt),
              correlationId: cycleId,
              causationId: null,
              sender: desk.name,
              occurredAt: desk.clock.now(),
              data: {
                cycleId,
                outcome: attempt === 1 ? 'nothing-to-do' : 'recovered',
                detail:
                  attempt === 1 ? 'the cycle had ended' : `the cycle ended after ${attempt - 1} replays`,
              },
            })
          : journalEntry({
              type: 'RecoveryStarted',
              key: '1',
              correlationId: cycleId,
              causationId: null,
              sender: desk.name,
              occurredAt: desk.clock.now(),
              data: {
                cycleId,
                lastEvent: entries.at(-1)?.sortKey ?? 'none',
                reason: 'the cycle has not ended in time',
              },
            }),
      ]);
    }
    if (finished) return { outcome: 'finished' };
    const messages = entries
      .map(({ canonical }) => ({ canonical, event: parseEvent(JSON.parse(canonical)) }))
      .sort((left, right) => (left.event.metadata.occurredAt < right.event.metadata.occurredAt ? -1 : 1))
      .map(({ canonical, event: { metadata } }) => ({
        id: metadata.id,
        detailType: `${metadata.type}.v${metadata.version}`,
        occurredAt: metadata.occurredAt,
        canonical,
      }));
    const failed = await publish(client, bus, messages, desk.log);
    if (failed !== null) throw new ReplayInterruptedError(cycleId, failed);
    return { outcome: 'replayed' };
  };
}
