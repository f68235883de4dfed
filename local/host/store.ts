import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Opens the host's one database: in `directory`, or in memory where it is null.
 *
 * WAL with `synchronous = NORMAL`: a commit is handed to the operating system before the call returns, so that killing
 * the process loses nothing acknowledged. Losing power may lose the last commits (never tear one); a development
 * machine accepts that for a tenth of the cost.
 */
export function openStore(directory: string | null): DatabaseSync {
  if (directory !== null) mkdirSync(directory, { recursive: true });
  const store = new DatabaseSync(directory === null ? ':memory:' : join(directory, 'host.sqlite'));
  store.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;',
  );
  return store;
}

/**
 * Runs `work` in one transaction: all of its statements are kept, or (when it throws) none. Inside another transaction
 * it joins that one. `work` is synchronous by contract: nothing else can come between its statements.
 */
export function transaction<T>(store: DatabaseSync, work: () => T): T {
  if (store.isTransaction) return work();
  store.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    store.exec('COMMIT');
    return result;
  } catch (cause) {
    store.exec('ROLLBACK');
    throw cause;
  }
}
