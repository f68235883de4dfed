import type { DeskEvent, EventData, EventType } from '#contracts/registry.ts';
import type { CycleBody } from '#core/agents/context.ts';
import { type JournalEntry, journalEntry, trustedEntry } from '#core/events/new-event.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/** Event types whose data begins with the cycle's own members. */
export type CycleEventType = {
  [T in EventType]: EventData<T> extends { readonly cycleId: string; readonly snapshot: unknown } ? T : never;
}[EventType];

/** Seconds after which nobody should act on an event of a cycle any more. */
export const CYCLE_TTL_SECONDS = 1500;

/** Who says something, and when. */
export interface Speaker {
  readonly name: string;
  readonly now: EpochMillis;
  /** Whether what is said stays in the process and is believed: see {@link trustedEntry}. */
  readonly trusted?: boolean;
}

/** The next event of a cycle: the cycle's members carried over from the cause, the rest from the step. */
export function cycleEvent<T extends CycleEventType>(
  { name, now, trusted }: Speaker,
  cause: DeskEvent<CycleEventType>,
  type: T,
  key: string,
  body: CycleBody<T>,
  sequence = 0,
): JournalEntry<T> {
  const { cycleId, session, kind, snapshot } = cause.data;
  return (trusted === true ? trustedEntry : journalEntry)(
    {
      type,
      key,
      correlationId: cause.metadata.correlationId,
      causationId: cause.metadata.id,
      sender: name,
      occurredAt: now,
      ttlSeconds: CYCLE_TTL_SECONDS,
      data: { cycleId, session, kind, snapshot, ...body } as EventData<T>,
    },
    sequence,
  );
}
