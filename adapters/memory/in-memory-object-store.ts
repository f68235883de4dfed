import type { ObjectStore } from '#core/events/object-store.ts';

/** {@link ObjectStore} in memory, for tests and for the research engine. */
export function inMemoryObjectStore(): ObjectStore & { readonly keys: () => readonly string[] } {
  const objects = new Map<string, Uint8Array>();
  return {
    put: async (key, bytes) => {
      objects.set(key, bytes.slice());
    },
    get: async (key) => objects.get(key)?.slice() ?? null,
    keys: () => [...objects.keys()].sort(),
  };
}
