import { canonicalJson } from '#core/events/canonical.ts';
import {
  type Commit,
  type CommitResult,
  CommitTooLargeError,
  type DeskStore,
  RepeatedItemError,
  type StateKey,
  type StoredEntry,
  type StoredState,
} from '#core/events/desk-store.ts';

const MAXIMUM_ITEMS = 100;

/** {@link DeskStore} in memory, for tests and for the research engine. Same semantics as the DynamoDB one. */
export function inMemoryDeskStore(): DeskStore & { readonly all: () => readonly StoredEntry[] } {
  const state = new Map<string, StoredState>();
  const journal = new Map<string, StoredEntry>();
  const processed = new Set<string>();
  const address = (key: StateKey) => `${key.partition}\u0000${key.sort}`;
  const versionOf = (key: StateKey) => state.get(address(key))?.version ?? 0;

  function commit(change: Commit): CommitResult {
    const writes = change.writes ?? [];
    const checks = change.checks ?? [];
    const causes = change.processed?.eventIds ?? [];
    const items = change.entries.length + writes.length + checks.length + causes.length;
    if (items > MAXIMUM_ITEMS) throw new CommitTooLargeError(items);
    const names = [
      ...causes.map((id) => `cause ${change.processed?.consumer}#${id}`),
      ...[...writes, ...checks].map(({ key }) => `state ${address(key)}`),
      ...change.entries.map(
        ({ key, event: { metadata } }) => `entry ${metadata.correlationId}#${metadata.type}#${key}`,
      ),
    ];
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new RepeatedItemError(twice);

    const done = causes.filter((id) => processed.has(`${change.processed?.consumer}#${id}`));
    if (done.length > 0) return { kind: 'duplicate', of: 'cause', ids: done };
    const stale = [...writes, ...checks].filter(
      ({ key, expectedVersion }) => versionOf(key) !== expectedVersion,
    );
    if (stale.length > 0) return { kind: 'conflict', keys: stale.map(({ key }) => key) };
    const stored = change.entries.map(({ key, event }) => ({
      id: event.metadata.id,
      entry: {
        correlationId: event.metadata.correlationId,
        sortKey: `${event.metadata.type}#${key}`,
        canonical: canonicalJson(event),
      },
    }));
    const repeated = stored.filter(({ entry }) =>
      journal.has(`${entry.correlationId}\u0000${entry.sortKey}`),
    );
    if (repeated.length > 0) return { kind: 'duplicate', of: 'entry', ids: repeated.map(({ id }) => id) };

    for (const { entry } of stored) journal.set(`${entry.correlationId}\u0000${entry.sortKey}`, entry);
    for (const { key, value, expectedVersion } of writes) {
      state.set(address(key), { value: structuredClone(value), version: expectedVersion + 1 });
    }
    for (const id of causes) processed.add(`${change.processed?.consumer}#${id}`);
    return { kind: 'committed' };
  }

  return {
    read: async (keys) => keys.map((key) => structuredClone(state.get(address(key)) ?? null)),
    commit: async (change) => commit(change),
    entries: async (references) =>
      references.map(
        ({ correlationId, type, key }) => journal.get(`${correlationId}\u0000${type}#${key}`) ?? null,
      ),
    journal: async (correlationId, types) =>
      [...journal.values()]
        .filter((entry) => entry.correlationId === correlationId)
        .filter((entry) => types === undefined || types.includes(entry.sortKey.split('#', 1)[0] as string))
        .sort((left, right) => (left.sortKey < right.sortKey ? -1 : 1)),
    all: () => [...journal.values()],
  };
}
