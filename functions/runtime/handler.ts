import * as z from 'zod';
import { type DeskEvent, type EventType, InvalidEventError, parseEventOf } from '#contracts/registry.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { parseInstant } from '#core/values/clock.ts';
import type { Desk } from './desk.ts';

/** How an event reached the function: from the bus at once, or through a queue (fan-in, FIFO, deadline). */
export interface Arrival<T extends EventType> {
  readonly event: DeskEvent<T>;
  readonly via: 'bus' | 'queue';
}

/** One use case: what the arrivals of one invocation mean. Throwing makes the transport try again. */
export type UseCase<T extends EventType> = (desk: Desk, arrivals: readonly Arrival<T>[]) => Promise<void>;

export interface SqsBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const busShape = z.object({ detail: z.unknown() });
const queueShape = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      attributes: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

interface Incoming<T extends EventType> {
  readonly arrival: Arrival<T>;
  readonly messageId: string | null;
  /** The group of a FIFO queue whose order has to be kept; null elsewhere. */
  readonly group: string | null;
}

/**
 * The one transport wrapper. Takes bus events and SQS batches alike; drops what is expired (journaled as such); hands the
 * rest to the use case: all together (`batch`), or one by one in order (`each`), where a failure holds back what follows in
 * its FIFO group, so that the group keeps its order. An event that can never be parsed is a fault of its message alone: to
 * hold others back for it would only send them to the dead letters with it.
 */
export function deskHandler<T extends EventType>(
  desk: Desk,
  options: { readonly accepts: readonly T[]; readonly mode: 'batch' | 'each' },
  useCase: UseCase<T>,
): (input: unknown) => Promise<SqsBatchResponse | undefined> {
  return async (input) => {
    const failures: string[] = [];
    const incoming = await current(desk, read(desk, options.accepts, input, failures));
    const groups = options.mode === 'batch' ? [incoming] : incoming.map((one) => [one]);
    const heldBack = new Set<string>();
    for (const group of groups) {
      if (group.length === 0) continue;
      if (group.some((one) => one.group !== null && heldBack.has(one.group))) {
        failures.push(...identifiers(group));
        continue;
      }
      try {
        await useCase(
          desk,
          group.map(({ arrival }) => arrival),
        );
      } catch (error) {
        logFailure(desk, group, error);
        if (group.some(({ messageId }) => messageId === null)) throw error;
        failures.push(...identifiers(group));
        for (const one of group) if (one.group !== null) heldBack.add(one.group);
      }
    }
    return isQueue(input)
      ? { batchItemFailures: failures.map((itemIdentifier) => ({ itemIdentifier })) }
      : undefined;
  };
}

const identifiers = (group: readonly Incoming<EventType>[]) =>
  group.flatMap(({ messageId }) => messageId ?? []);
const isQueue = (input: unknown) => queueShape.safeParse(input).success;

function read<T extends EventType>(
  desk: Desk,
  accepts: readonly T[],
  input: unknown,
  failures: string[],
): readonly Incoming<T>[] {
  const queue = queueShape.safeParse(input);
  if (!queue.success) {
    const bus = busShape.safeParse(input);
    if (!bus.success)
      throw new InvalidEventError('unknown', 'the invocation carries neither a bus event nor queue records');
    return [
      {
        arrival: { event: parseEventOf(accepts, bus.data.detail), via: 'bus' },
        messageId: null,
        group: null,
      },
    ];
  }
  return queue.data.Records.flatMap((record) => {
    try {
      const body: unknown = JSON.parse(record.body);
      const detail = busShape.safeParse(body);
      const event = parseEventOf(accepts, detail.success ? detail.data.detail : body);
      const group = record.attributes?.['MessageGroupId'] ?? null;
      return [{ arrival: { event, via: 'queue' as const }, messageId: record.messageId, group }];
    } catch (error) {
      desk.log.error('a message cannot be read', { messageId: record.messageId, error: describe(error) });
      failures.push(record.messageId);
      return [];
    }
  });
}

/** Leaves out what has outlived its time to live, after journaling that it did. */
async function current<T extends EventType>(
  desk: Desk,
  incoming: readonly Incoming<T>[],
): Promise<readonly Incoming<T>[]> {
  const now = desk.clock.now();
  const kept: Incoming<T>[] = [];
  const expired: JournalEntry[] = [];
  for (const one of incoming) {
    const { metadata } = one.arrival.event;
    if (metadata.ttlSeconds === null || parseInstant(metadata.occurredAt) + metadata.ttlSeconds * 1000 >= now)
      kept.push(one);
    else {
      expired.push(
        journalEntry({
          type: 'MessageExpired',
          key: `${desk.name}/${metadata.id}`,
          correlationId: metadata.correlationId,
          causationId: metadata.id,
          sender: desk.name,
          occurredAt: now,
          data: {
            eventId: metadata.id,
            type: metadata.type,
            consumer: desk.name,
            expiredAt: new Date(now).toISOString(),
          },
        }),
      );
    }
  }
  for (const entry of expired) await desk.store.commit({ entries: [entry] });
  return kept;
}

function logFailure(desk: Desk, group: readonly Incoming<EventType>[], error: unknown): void {
  const first = group[0]?.arrival.event.metadata;
  desk.log.error('an event could not be handled', {
    correlationId: first?.correlationId,
    causationId: first?.id,
    type: first?.type,
    error: describe(error),
  });
}

export function describe(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof Error
    ? {
        name: error.name,
        message: error.message,
        stack: error.stack
          ?.split('\n')
          .slice(1, 4)
          .map((line) => line.trim()),
      }
    : { message: String(error) };
}

/** Appends events that follow from one cause. A repeat finds them in the journal already: then there is nothing to do. */
export async function say(desk: Desk, entries: readonly JournalEntry[]): Promise<'said' | 'said before'> {
  if (entries.length === 0) return 'said';
  const result = await desk.store.commit({ entries });
  switch (result.kind) {
    case 'committed':
      return 'said';
    case 'duplicate':
      return 'said before';
    case 'conflict':
      throw new Error('an append without state cannot conflict; the store is at fault');
  }
}

/**
 * Appends events of which some may have been said before, for another cause: each on its own, so that a repeat holds back
 * nothing but itself.
 */
export async function sayEach(desk: Desk, entries: readonly JournalEntry[]): Promise<void> {
  for (const entry of entries) await say(desk, [entry]);
}
