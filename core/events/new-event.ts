import {
  checkEventData,
  type DeskEvent,
  EVENTS,
  type EventData,
  type EventType,
} from '#contracts/registry.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { eventId } from './event-id.ts';

/** What a use case says when it emits an event; the rest of the envelope follows from it. */
export interface NewEvent<T extends EventType> {
  readonly type: T;
  /**
   * Distinguishes this event from others of its type and sender in the same correlation, e.g. `round:2` or an intent id.
   * Together they are the event's identity: choose it so that redoing the work gives the same key.
   */
  readonly key: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly sender: string;
  readonly occurredAt: EpochMillis;
  readonly data: EventData<T>;
  readonly recipients?: readonly string[];
  readonly urgency?: 'low' | 'normal' | 'high' | 'critical';
  readonly requiresResponse?: boolean;
  readonly ttlSeconds?: number | null;
}

/** An event with the key under which the journal stores it: partition = correlationId, sort = `<type>#<key>`. */
export interface JournalEntry<T extends EventType = EventType> {
  readonly key: string;
  readonly event: DeskEvent<T>;
}

/**
 * Builds the full event; `sequence` is its position among the events of one handling. What does not match its schema is
 * refused here, where it is made: in the journal it would stay for ever, and every consumer would stumble over it.
 * @throws InvalidEventError
 */
export function journalEntry<T extends EventType>(input: NewEvent<T>, sequence = 0): JournalEntry<T> {
  checkEventData(input.type, input.data);
  return trustedEntry(input, sequence);
}

/**
 * {@link journalEntry} without the schema's check, for data that are what it says by the way they are made, and that do not
 * leave the process. What is journaled is checked.
 * @param id what it is told apart by in the process; without it the id that a journaled one has
 */
export function trustedEntry<T extends EventType>(
  input: NewEvent<T>,
  sequence = 0,
  id = eventId(input.correlationId, input.sender, input.type, input.key),
): JournalEntry<T> {
  const event = {
    metadata: {
      id,
      type: input.type,
      version: EVENTS[input.type].version,
      occurredAt: instantText(input.occurredAt),
      correlationId: input.correlationId,
      causationId: input.causationId,
      sender: input.sender,
      recipients: [...(input.recipients ?? [])],
      sequence,
      urgency: input.urgency ?? 'normal',
      requiresResponse: input.requiresResponse ?? false,
      ttlSeconds: input.ttlSeconds ?? null,
    },
    data: input.data,
  };
  return { key: input.key, event: event as DeskEvent<T> };
}
