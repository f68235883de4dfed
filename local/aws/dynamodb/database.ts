import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Item } from './attribute-value.ts';
import { sameItem } from './attribute-value.ts';
import { isRecord } from './dynalite.ts';
import type { Level, LevelOperation } from './level.ts';
import type { Entry } from './write-scope.ts';
import { WriteScope } from './write-scope.ts';

export interface StoredItem {
  readonly item: Item;
  readonly text: string;
}

/** What one write did to one item; never a change that left the data as it was. */
export interface ItemChange {
  readonly table: string;
  /** The key within the table's sub-database. */
  readonly key: string;
  readonly before: StoredItem | null;
  readonly after: StoredItem | null;
  /** Whether the service itself did this (expiry), not a caller. */
  readonly byService: boolean;
}

/** Where an observer of item changes adds what must be committed together with them. */
export interface CommitSink {
  put(key: string, text: string): void;
  delete(key: string): void;
  afterCommit(work: () => void): void;
}

export type ChangeObserver = (change: ItemChange, sink: CommitSink) => void;

interface Job {
  readonly alone: boolean;
  run(scope: WriteScope): Promise<void>;
  succeed(): void;
  fail(error: unknown): void;
}

const ITEM_PREFIX = 'item-';
/** Bounds how long one commit group may hold the event loop. */
const GROUP_JOBS = 64;
const GROUP_CHARACTERS = 4 * 1024 * 1024;

/** The writes of several requests that go to the disk as one batch, in the order they were asked for. */
class CommitGroup implements CommitSink {
  readonly #level: Level;
  readonly #pending = new Map<string, Entry | null>();
  readonly #hooks: (() => void)[] = [];
  characters = 0;

  constructor(level: Level) {
    this.#level = level;
  }

  entry(key: string): Entry | null {
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      return pending;
    }
    const text = this.#level.getSync(key);
    return text === undefined ? null : { value: JSON.parse(text), text };
  }

  put(key: string, text: string): void {
    this.#pending.set(key, { value: undefined, text });
    this.characters += text.length;
  }

  delete(key: string): void {
    this.#pending.set(key, null);
  }

  afterCommit(work: () => void): void {
    this.#hooks.push(work);
  }

  merge(scope: WriteScope, observers: readonly ChangeObserver[]): void {
    for (const [key, entry] of scope.writes) {
      if (key.startsWith(ITEM_PREFIX)) {
        const change = itemChange(key, scope, entry);
        if (change === null) continue;
        for (const observe of observers) observe(change, this);
      }
      if (entry !== null) {
        entry.text ??= JSON.stringify(entry.value);
        this.characters += entry.text.length;
      }
      this.#pending.set(key, entry);
    }
    for (const key of scope.discarded) this.#pending.set(key, null);
    this.#hooks.push(...scope.hooks);
  }

  get operations(): LevelOperation[] {
    const operations: LevelOperation[] = [];
    for (const [key, entry] of this.#pending) {
      operations.push(
        entry === null
          ? { type: 'del', key }
          : { type: 'put', key, value: entry.text ?? JSON.stringify(entry.value) },
      );
    }
    return operations;
  }

  committed(): void {
    for (const hook of this.#hooks) hook();
  }
}

function itemChange(key: string, scope: WriteScope, after: Entry | null): ItemChange | null {
  const before = scope.before(key);
  if (before === null && after === null) {
    return null;
  }
  const stored = { before: storedItem(before), after: storedItem(after) };
  if (stored.before !== null && stored.after !== null && sameData(stored.before, stored.after)) {
    return null;
  }
  const separator = key.indexOf('~');
  return {
    table: key.slice(ITEM_PREFIX.length, separator),
    key: key.slice(separator + 1),
    ...stored,
    byService: scope.byService,
  };
}

function storedItem(entry: Entry | null): StoredItem | null {
  if (entry === null) {
    return null;
  }
  entry.text ??= JSON.stringify(entry.value);
  const { value, text } = entry;
  if (!isItem(value)) {
    throw new TypeError(`expected an item, found ${text.slice(0, 80)}`);
  }
  return { item: value, text };
}

// only items are ever written below the item prefix, and dynalite has checked them
function isItem(value: unknown): value is Item {
  return isRecord(value);
}

function sameData(before: StoredItem, after: StoredItem): boolean {
  // the same data in another order has the same length
  return (
    before.text === after.text ||
    (before.text.length === after.text.length && sameItem(before.item, after.item))
  );
}

/**
 * The store and its one queue of writes.
 *
 * Each write runs alone over a {@link WriteScope}; writes that wait at the same time are committed as one
 * LevelDB batch and answered only after it, refusals included, since a refusal may rest on a write that is
 * in the same batch. If a batch fails, the state in memory may be ahead of the disk, so the database
 * refuses all further writes and has to be opened again.
 */
export class Database {
  readonly level: Level;
  readonly #observers: ChangeObserver[] = [];
  readonly #commitListeners: (() => void)[] = [];
  readonly #jobs: Job[] = [];
  #draining: Promise<void> | null = null;
  #failure: Error | null = null;

  constructor(level: Level) {
    this.level = level;
  }

  /** Has `observer` called for each item change, as it is merged, in commit order. */
  observe(observer: ChangeObserver): void {
    this.#observers.push(observer);
  }

  /** Has `listener` called after each commit, when all that it changed can be read. */
  onCommit(listener: () => void): void {
    this.#commitListeners.push(listener);
  }

  /** The committed value at `key`. */
  read(key: string): unknown {
    const text = this.level.getSync(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /**
   * Queues a write. `alone` gives it a batch of its own, so that what it reads with an iterator is current.
   */
  write<Result>(work: (scope: WriteScope) => Promise<Result>, alone = false): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      let result: Result;
      this.#jobs.push({
        alone,
        run: async (scope) => {
          result = await work(scope);
        },
        succeed: () => resolve(result),
        fail: reject,
      });
      this.#draining ??= this.#drain();
    });
  }

  /** Waits for the queued writes and closes the store. */
  async close(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
    await this.level.close();
  }

  async #drain(): Promise<void> {
    // callers of the same turn get into one group
    await Promise.resolve();
    while (this.#jobs.length > 0) {
      await this.#commitGroup();
      if (this.#jobs.length > 0) await nextTurn();
    }
    this.#draining = null;
  }

  async #commitGroup(): Promise<void> {
    const group = new CommitGroup(this.level);
    const jobs: Job[] = [];
    const outcomes: (() => void)[] = [];
    try {
      if (this.#failure !== null) {
        jobs.push(...this.#jobs.splice(0));
        throw this.#failure;
      }
      while (jobs.length < GROUP_JOBS && group.characters < GROUP_CHARACTERS) {
        const job = this.#jobs[0];
        if (job === undefined || (job.alone && jobs.length > 0)) break;
        this.#jobs.shift();
        jobs.push(job);
        outcomes.push(await this.#run(job, group));
        if (job.alone) break;
      }
      const operations = group.operations;
      if (operations.length > 0) await this.level.batch(operations);
    } catch (error) {
      this.#failure ??= new Error('a commit failed: open the database again', { cause: error });
      for (const job of jobs) job.fail(this.#failure);
      return;
    }
    group.committed();
    for (const settle of outcomes) settle();
    for (const listener of this.#commitListeners) listener();
  }

  /** A write that fails leaves no trace; a merge that fails has left half of one, and fails the group. */
  async #run(job: Job, group: CommitGroup): Promise<() => void> {
    const scope = new WriteScope(group);
    try {
      await job.run(scope);
    } catch (error) {
      return () => job.fail(error);
    }
    group.merge(scope, this.#observers);
    return () => job.succeed();
  }
}
