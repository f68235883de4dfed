import { type DeskEvent, type EventType, parseEventOf } from '#contracts/registry.ts';
import type { EntryReference, StoredEntry } from '#core/events/desk-store.ts';
import type { Desk } from './desk.ts';

/** An event that must be there by the order of the flow is not (yet). The transport tries again. */
export class MissingCauseError extends Error {
  readonly code = 'MissingCause';
  readonly retryable = true;
  constructor(correlationId: string, type: string, key: string) {
    super(`${correlationId} has no ${type} (${key}) in the journal yet; its consumer is tried again`);
    this.name = 'MissingCauseError';
  }
}

export const eventOf = <T extends EventType>(types: readonly T[], entry: StoredEntry): DeskEvent<T> =>
  parseEventOf(types, JSON.parse(entry.canonical));

/** The event that was read from its place in the journal. @throws MissingCauseError where there was none */
export function causeIn<T extends EventType>(
  types: readonly T[],
  entry: StoredEntry | null,
  { correlationId, type, key }: EntryReference,
): DeskEvent<T> {
  if (entry === null) throw new MissingCauseError(correlationId, type, key);
  return eventOf(types, entry);
}

/** One event by its place in the journal. @throws MissingCauseError */
export async function causeOf<T extends EventType>(
  desk: Desk,
  correlationId: string,
  type: T,
  key: string,
): Promise<DeskEvent<T>> {
  const reference = { correlationId, type, key };
  const [entry] = await desk.store.entries([reference]);
  return causeIn([type], entry ?? null, reference);
}

/** Whether the journal has at least one of some entries. */
export async function isThere(desk: Desk, references: readonly EntryReference[]): Promise<boolean> {
  return (await desk.store.entries(references)).some((entry) => entry !== null);
}

/** All events of some types in one correlation, in journal order. */
export async function eventsOf<T extends EventType>(
  desk: Desk,
  correlationId: string,
  types: readonly T[],
): Promise<readonly DeskEvent<T>[]> {
  return (await desk.store.journal(correlationId, types)).map((entry) => eventOf(types, entry));
}
