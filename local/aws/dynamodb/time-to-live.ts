import type { Item } from './attribute-value.ts';
import type { Catalog } from './catalog.ts';
import type { CommitSink, Database, ItemChange } from './database.ts';
import { isRecord } from './dynalite.ts';
import type { Executor } from './executor.ts';
import { keysUnder } from './level.ts';
import type { WriteScope } from './write-scope.ts';

const EXPIRY_DIGITS = 12;
/** The service leaves alone what seems to have expired more than five years ago. */
const OLDEST_SECONDS = 5 * 365 * 24 * 60 * 60;
const CHUNK_ITEMS = 100;

const expiryPrefix = (table: string): string => `time-to-live~${table}~`;
const padded = (seconds: number): string => String(seconds).padStart(EXPIRY_DIGITS, '0');

interface TimeToLiveOptions {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly now: () => number;
  readonly executor: Executor;
}

/**
 * Expiry of items. An index by time of expiry is kept with the items of each table that has it enabled, so
 * that a sweep costs what it deletes, not what the table holds.
 */
export class TimeToLive {
  readonly #options: TimeToLiveOptions;

  constructor(options: TimeToLiveOptions) {
    this.#options = options;
    options.database.observe((change, sink) => this.#index(change, sink));
  }

  /** Indexes what a table already holds; the write must run alone. */
  async enable(scope: WriteScope, table: string, attribute: string): Promise<void> {
    const { database } = this.#options;
    const prefix = `item-${table}~`;
    for (const key of await keysUnder(database.level, prefix)) {
      const item = database.read(prefix + key);
      const expiry = isRecord(item) ? expiryOf(item, attribute) : null;
      if (expiry !== null) scope.put(`${expiryPrefix(table)}${padded(expiry)}~${key}`, 1);
    }
  }

  /** Removes the index of a table; the write must run alone. */
  async disable(scope: WriteScope, table: string): Promise<void> {
    const prefix = expiryPrefix(table);
    for (const key of await keysUnder(this.#options.database.level, prefix)) {
      scope.delete(prefix + key);
    }
  }

  /** Deletes what has expired by now in all tables, and says how many items. */
  async sweep(): Promise<number> {
    const { catalog, database } = this.#options;
    let deleted = 0;
    for (const { definition, settings } of catalog.values()) {
      if (settings.timeToLiveAttribute === null) continue;
      const table = definition.TableName;
      const now = Math.floor(this.#options.now() / 1000);
      const range = { gte: padded(Math.max(0, now - OLDEST_SECONDS)), lt: padded(now), limit: CHUNK_ITEMS };
      let chunk: string[];
      do {
        chunk = await keysUnder(database.level, expiryPrefix(table), range);
        const due = chunk;
        if (due.length > 0) {
          deleted += await database.write((scope) => this.#deleteDue(scope, table, due, now));
        }
      } while (chunk.length === CHUNK_ITEMS);
    }
    return deleted;
  }

  async #deleteDue(
    scope: WriteScope,
    tableName: string,
    due: readonly string[],
    now: number,
  ): Promise<number> {
    const table = this.#options.catalog.get(tableName);
    const attribute = table?.settings.timeToLiveAttribute;
    if (table === undefined || attribute === null || attribute === undefined) {
      return 0;
    }
    scope.byService = true;
    let deleted = 0;
    for (const entry of due) {
      const item = scope.get(`item-${tableName}~${entry.slice(EXPIRY_DIGITS + 1)}`);
      const expiry = isItem(item) ? expiryOf(item, attribute) : null;
      if (!isItem(item) || expiry === null || expiry >= now) {
        // a write that came first has deleted or prolonged the item
        scope.delete(expiryPrefix(tableName) + entry);
        continue;
      }
      const key: Item = Object.fromEntries(table.keyNames.map((name) => [name, item[name]!]));
      await this.#options.executor.write(scope, 'DeleteItem', { TableName: tableName, Key: key });
      deleted++;
    }
    return deleted;
  }

  #index(change: ItemChange, sink: CommitSink): void {
    const attribute = this.#options.catalog.get(change.table)?.settings.timeToLiveAttribute;
    if (attribute === null || attribute === undefined) {
      return;
    }
    const before = change.before === null ? null : expiryOf(change.before.item, attribute);
    const after = change.after === null ? null : expiryOf(change.after.item, attribute);
    if (before === after) {
      return;
    }
    const prefix = expiryPrefix(change.table);
    if (before !== null) sink.delete(`${prefix}${padded(before)}~${change.key}`);
    if (after !== null) sink.put(`${prefix}${padded(after)}~${change.key}`, '1');
  }
}

/** Seconds since 1970, or null when the attribute is not a number that can be a time. */
function expiryOf(item: Readonly<Record<string, unknown>>, attribute: string): number | null {
  const value = item[attribute];
  if (!isRecord(value) || typeof value['N'] !== 'string') {
    return null;
  }
  const seconds = Math.floor(Number(value['N']));
  return seconds >= 0 && seconds < 10 ** EXPIRY_DIGITS ? seconds : null;
}

function isItem(value: unknown): value is Item {
  return isRecord(value);
}
