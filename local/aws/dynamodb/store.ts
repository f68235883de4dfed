import { Stream } from 'node:stream';
import { serviceError } from './aws-error.ts';
import type { Callback, DynaliteStore, KeyRange, SubDatabase, TableDefinition } from './dynalite.ts';
import type { Level, LevelIterator, Snapshot } from './level.ts';
import { endOfPrefix } from './level.ts';
import type { WriteScope } from './write-scope.ts';

/** The largest item the service takes, in bytes. */
export const MAXIMUM_ITEM_BYTES = 400 * 1024;

/**
 * What is fetched from the database at a time: a partition that fits costs one hop to its thread, and a limit
 * is never overshot by more.
 */
const CHUNK_ROWS = 64;
const CHUNK_BYTES = 1024 * 1024;

/** Where a store reads and writes; keys are whole keys of the database. */
export interface Rows {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
  delete(key: string): void;
  keys(range: KeyRange): LevelIterator;
  values(range: KeyRange): LevelIterator;
}

interface StoreOptions {
  readonly region: string;
  readonly accountId: string;
  /** The definition of a table, or undefined when there is none. */
  readonly table: (name: string) => TableDefinition | undefined;
}

/** The committed data, read only; with a snapshot, as it stood then. */
export function committedRows(level: Level, snapshot?: Snapshot): Rows {
  const at = snapshot === undefined ? undefined : { snapshot };
  return {
    get(key) {
      const text = at === undefined ? level.getSync(key) : level.getSync(key, at);
      return text === undefined ? undefined : JSON.parse(text);
    },
    put: readOnly,
    delete: readOnly,
    keys: (range) => level.keys({ ...range, ...at }),
    values: (range) => level.values({ ...range, ...at, highWaterMarkBytes: CHUNK_BYTES }),
  };
}

/** The data as the write that `current` gives sees it. Writes read by key only. */
export function scopeRows(current: () => WriteScope): Rows {
  return {
    get: (key) => current().get(key),
    put: (key, value) => current().put(key, value),
    delete: (key) => current().delete(key),
    keys: noRanges,
    values: noRanges,
  };
}

function readOnly(key: string): never {
  throw new Error(`a read tried to write ${key}`);
}

function noRanges(): never {
  throw new Error('a write tried to read a range');
}

/** Builds what dynalite's actions run over. Its locks are free: writes already run one at a time. */
export function createStore(rows: Rows, options: StoreOptions): DynaliteStore {
  const databases = new Map<string, SubDatabase>();
  const database = (name: string): SubDatabase => {
    let found = databases.get(name);
    if (found === undefined) {
      found = subDatabase(rows, `${name}~`);
      databases.set(name, found);
    }
    return found;
  };
  const index = (kind: string, table: string, name: string): SubDatabase =>
    database(`index-${kind.toLowerCase()}~${table}~${name}`);
  // the rows of a deleted table are removed by the caller of the action, in the same batch
  const alreadyCleared = (callback: Callback): void => callback(null);
  return {
    options: { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, maxItemSize: MAXIMUM_ITEM_BYTES },
    tableDb: { ...subDatabase(rows, 'table~'), awsRegion: options.region, awsAccountId: options.accountId },
    getItemDb: (table) => database(`item-${table}`),
    deleteItemDb: (_table, callback) => alreadyCleared(callback),
    getIndexDb: index,
    deleteIndexDb: (_kind, _table, _index, callback) => alreadyCleared(callback),
    getTagDb: (table) => database(`tag-${table}`),
    deleteTagDb: (_table, callback) => alreadyCleared(callback),
    getTable(name, checkStatus, callback) {
      const done = typeof checkStatus === 'function' ? checkStatus : callback!;
      const definition = options.table(name);
      if (definition !== undefined) {
        done(null, definition);
      } else {
        done(tableNotFound(checkStatus === false ? name : null));
      }
    },
  };
}

/** The sub-databases a table's rows are in. */
export function tablePrefixes(definition: TableDefinition): string[] {
  const name = definition.TableName;
  const indexes = (kind: 'Local' | 'Global'): string[] => {
    const list = definition[`${kind}SecondaryIndexes`];
    return Array.isArray(list)
      ? list.map((index: { IndexName: string }) => `index-${kind.toLowerCase()}~${name}~${index.IndexName}~`)
      : [];
  };
  return [`item-${name}~`, `tag-${name}~`, ...indexes('Local'), ...indexes('Global')];
}

export function tableNotFound(name: string | null): Error {
  const suffix = name === null ? '' : `: Table: ${name} not found`;
  const error = serviceError('ResourceNotFoundException', `Requested resource not found${suffix}`);
  // dynalite's tagging tells a missing table by this name
  return Object.defineProperty(error, 'name', { value: 'NotFoundError' });
}

function subDatabase(rows: Rows, prefix: string): SubDatabase {
  return {
    lock: (_key, work) => work((callback) => callback),
    get: (key, callback) => callback(null, rows.get(prefix + key)),
    put(key, value, callback) {
      rows.put(prefix + key, value);
      callback(null);
    },
    del(key, callback) {
      rows.delete(prefix + key);
      callback(null);
    },
    batch(operations, callback) {
      for (const { type, key, value } of operations) {
        if (type === 'del') rows.delete(prefix + key);
        else rows.put(prefix + key, value);
      }
      callback(null);
    },
    createKeyStream: (range = {}) =>
      new RowStream(rows.keys(withPrefix(prefix, range)), (key) => key.slice(prefix.length)),
    createValueStream: (range = {}) =>
      new RowStream(rows.values(withPrefix(prefix, range)), (text) => JSON.parse(text)),
  };
}

function withPrefix(prefix: string, range: KeyRange): KeyRange {
  const bounds: KeyRange = {};
  if (range.gt !== undefined) bounds.gt = prefix + range.gt;
  else bounds.gte = prefix + (range.gte ?? '');
  if (range.lt !== undefined) bounds.lt = prefix + range.lt;
  else if (range.lte !== undefined) bounds.lte = prefix + range.lte;
  else bounds.lt = endOfPrefix(prefix);
  if (range.reverse !== undefined) bounds.reverse = range.reverse;
  if (range.limit !== undefined) bounds.limit = range.limit;
  return bounds;
}

/** The rows of an iterator as the events that dynalite listens to, without a stream's cost per row. */
class RowStream extends Stream {
  #stopped = false;

  constructor(iterator: LevelIterator, parse: (row: string) => unknown) {
    super();
    // after the caller has attached its listeners
    queueMicrotask(() => void this.#pump(iterator, parse));
  }

  destroy(): void {
    this.#stopped = true;
  }

  async #pump(iterator: LevelIterator, parse: (row: string) => unknown): Promise<void> {
    try {
      try {
        while (!this.#stopped) {
          const rows = await iterator.nextv(CHUNK_ROWS);
          if (rows.length === 0) break;
          for (const row of rows) {
            if (this.#stopped) break;
            this.emit('data', parse(row));
          }
        }
      } finally {
        await iterator.close();
      }
      if (!this.#stopped) this.emit('end');
    } catch (error) {
      this.emit('error', error);
    }
  }
}
