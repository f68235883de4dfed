import type { EventData, EventType } from '#contracts/registry.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { type JournalEntry, journalEntry, type NewEvent } from './new-event.ts';
import { correlations } from './state-keys.ts';

/** What a person has done to the desk, for the desk's own journal. */
export function operatorEntry<T extends EventType>(
  type: T,
  key: string,
  urgency: NonNullable<NewEvent<T>['urgency']>,
  data: EventData<T>,
  now: EpochMillis,
): JournalEntry<T> {
  return journalEntry<T>({
    type,
    key,
    correlationId: correlations.desk,
    causationId: null,
    sender: 'operator',
    occurredAt: now,
    urgency,
    data,
  });
}
