import { inMemoryDeskStore } from '#adapters/memory/in-memory-desk-store.ts';
import { inMemoryObjectStore } from '#adapters/memory/in-memory-object-store.ts';
import { type DeskEvent, type EventType, parseEvent } from '#contracts/registry.ts';
import type { StateKey } from '#core/events/desk-store.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { parseDeskEnvironment } from '#functions/runtime/environment.ts';
import type { Arrival } from '#functions/runtime/handler.ts';
import { jsonLog } from '#functions/runtime/log.ts';
import { NOW } from './desk-events.ts';

export const DESK_VARIABLES = {
  JOURNAL_TABLE: 'journal',
  STATE_TABLE: 'state',
  IDEMPOTENCY_TABLE: 'idempotency',
  OBJECT_BUCKET: 'objects',
  DESK_ENVIRONMENT: 'test',
  DESK_MODE: 'paper',
  BAR_MINUTES: '15',
  INSTRUMENTS: 'AAPL, XLK',
  DESK_SEED: 'test',
};

/** A desk on in-memory stores with a clock that the test sets. */
export interface MemoryDesk extends Desk {
  readonly store: ReturnType<typeof inMemoryDeskStore>;
  readonly objects: ReturnType<typeof inMemoryObjectStore>;
  readonly lines: string[];
  time: number;
  /** Everything journaled of some types, in the order it was appended. */
  said<T extends EventType>(...types: readonly T[]): readonly DeskEvent<T>[];
  put(key: StateKey, value: unknown): Promise<void>;
  get(key: StateKey): Promise<unknown>;
}

export function memoryDesk(name = 'test'): MemoryDesk {
  const store = inMemoryDeskStore();
  const lines: string[] = [];
  const desk: MemoryDesk = {
    name,
    environment: parseDeskEnvironment(DESK_VARIABLES),
    store,
    objects: inMemoryObjectStore(),
    time: NOW,
    clock: { now: () => desk.time },
    lines,
    log: jsonLog(
      DESK_VARIABLES.DESK_ENVIRONMENT,
      { function: name },
      () => desk.time,
      (line) => lines.push(line),
    ),
    said: (...types) =>
      store.all().flatMap(({ canonical }) => {
        const event = parseEvent(JSON.parse(canonical));
        return (types as readonly string[]).includes(event.metadata.type)
          ? [event as DeskEvent<(typeof types)[number]>]
          : [];
      }),
    async put(key, value) {
      const [stored] = await store.read([key]);
      await store.commit({ entries: [], writes: [{ key, value, expectedVersion: stored?.version ?? 0 }] });
    },
    async get(key) {
      const [stored] = await store.read([key]);
      return stored?.value;
    },
  };
  return desk;
}

/** A desk whose default policy is in force. */
export async function deskInForce(name?: string): Promise<MemoryDesk> {
  const desk = memoryDesk(name);
  await desk.put(stateKeys.policy, DEFAULT_RISK_POLICY);
  return desk;
}

export const arrival = <T extends EventType>(
  event: DeskEvent<T>,
  via: 'bus' | 'queue' = 'queue',
): Arrival<T> => ({
  event,
  via,
});
