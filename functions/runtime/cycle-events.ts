import type { DeskEvent, EventData, EventType } from '#contracts/registry.ts';
import type { CycleBody } from '#core/agents/context.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { Desk } from './desk.ts';

/** Event types whose data begins with the cycle's own members. */
export type CycleEventType = {
  [T in EventType]: EventData<T> extends { readonly cycleId: string; readonly snapshot: unknown } ? T : never;
}[EventType];

/** Seconds after which nobody should act on an event of a cycle any more. */
export const CYCLE_TTL_SECONDS = 1500;

/** The next event of a cycle: the cycle's members carried over from the cause, the rest from the use case. */
export function cycleEntry<T extends CycleEventType>(
  desk: Desk,
  cause: DeskEvent<CycleEventType>,
  type: T,
  key: string,
  body: CycleBody<T>,
  sequence = 0,
): JournalEntry<T> {
  const { cycleId, session, kind, snapshot } = cause.data;
  return journalEntry(
    {
      type,
      key,
      correlationId: cause.metadata.correlationId,
      causationId: cause.metadata.id,
      sender: desk.name,
      occurredAt: desk.clock.now(),
      ttlSeconds: CYCLE_TTL_SECONDS,
      data: { cycleId, session, kind, snapshot, ...body } as unknown as EventData<T>,
    },
    sequence,
  );
}
