import { createRequire } from 'node:module';
import type { KeyRange } from './dynalite.ts';

export type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** A fixed view of the database; close it, or its files stay. */
export interface Snapshot {
  close(): Promise<void>;
}

export interface LevelIterator {
  nextv(size: number): Promise<string[]>;
  all(): Promise<string[]>;
  close(): Promise<void>;
}

type ReadOptions = { readonly snapshot?: Snapshot };

/** The part of `abstract-level` 3 that is used: text keys and text values. */
export interface Level {
  open(): Promise<void>;
  close(): Promise<void>;
  getSync(key: string, options?: ReadOptions): string | undefined;
  batch(operations: readonly LevelOperation[]): Promise<void>;
  keys(range: KeyRange & ReadOptions): LevelIterator;
  /** `highWaterMarkBytes` bounds what one `nextv` fetches; LevelDB's own bound is 16 KB. */
  values(range: KeyRange & ReadOptions & { highWaterMarkBytes?: number }): LevelIterator;
  snapshot(): Snapshot;
}

interface LevelModule {
  Level: new (directory: string, options: object) => Level;
}
interface MemoryLevelModule {
  MemoryLevel: new (options: object) => Level;
}

// dynalite's own LevelDB bindings, found from where it is installed
const loadFromDynalite = createRequire(createRequire(import.meta.url).resolve('dynalite'));

/**
 * Opens LevelDB in `directory`, or a store in memory when it is `null`.
 *
 * A batch is in the file system's hands when its promise resolves: it survives the death of the process,
 * not necessarily a loss of power.
 */
export async function openLevel(directory: string | null): Promise<Level> {
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'utf8' };
  let level: Level;
  if (directory === null) {
    const { MemoryLevel }: MemoryLevelModule = loadFromDynalite('memory-level');
    level = new MemoryLevel({ ...encodings, storeEncoding: 'utf8' });
  } else {
    const { Level }: LevelModule = loadFromDynalite('level');
    level = new Level(directory, { ...encodings, writeBufferSize: 16 * 1024 * 1024 });
  }
  await level.open();
  return level;
}

/** The end of the range of keys that start with `prefix`, which itself ends with `~`. */
export function endOfPrefix(prefix: string): string {
  return `${prefix.slice(0, -1)}\u007f`;
}

/** All keys that start with `prefix`, without it. */
export async function keysUnder(level: Level, prefix: string, range: KeyRange = {}): Promise<string[]> {
  const bounds: KeyRange = { gte: prefix, lt: endOfPrefix(prefix) };
  if (range.lt !== undefined) bounds.lt = prefix + range.lt;
  if (range.gte !== undefined) bounds.gte = prefix + range.gte;
  if (range.limit !== undefined) bounds.limit = range.limit;
  const keys = await level.keys(bounds).all();
  return keys.map((key) => key.slice(prefix.length));
}
