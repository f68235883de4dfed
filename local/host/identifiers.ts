import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/**
 * Deterministic ids: the same seed and history give the same ids. Each start on a directory counts as one more run,
 * so that a restarted host does not repeat the ids of the run before.
 */
export function createIdentifiers(store: DatabaseSync, seed: string): (kind: string) => string {
  store.exec(
    'CREATE TABLE IF NOT EXISTS host_runs (only INTEGER PRIMARY KEY CHECK (only = 1), run INTEGER NOT NULL) STRICT',
  );
  const row = store
    .prepare(
      'INSERT INTO host_runs VALUES (1, 1) ON CONFLICT (only) DO UPDATE SET run = run + 1 RETURNING run',
    )
    .get();
  const prefix = `${seed}\n${String(row?.['run'])}\n`;
  const counters = new Map<string, number>();
  return (kind) => {
    const count = (counters.get(kind) ?? 0) + 1;
    counters.set(kind, count);
    return uuidOf(hash('sha256', `${prefix}${kind}\n${count}`));
  };
}

/** The first 122 bits of a hexadecimal digest in the form of a random UUID (version 4). */
function uuidOf(digest: string): string {
  const variant = '89ab'.charAt(Number.parseInt(digest.charAt(16), 16) & 3);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
