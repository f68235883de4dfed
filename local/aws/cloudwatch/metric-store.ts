import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EpochMillis } from '#core/values/clock.ts';

/** A metric: namespace, name and dimensions. */
export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What one minute recorded. */
export interface Minute {
  readonly sum: number;
  readonly count: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Each value, for percentiles; only the first {@link valuesKept}. */
  readonly values: readonly number[];
}

const minuteMillis = 60_000;
const valuesKept = 1_000;
/** Longer than the longest window of an alarm (one day), and little enough to keep for every metric. */
const retentionMillis = 2 * 86_400_000;

/** The text that tells metrics apart. */
export function metricKey({ namespace, name, dimensions }: MetricId): string {
  const sorted = Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([namespace, name, sorted]);
}

/**
 * Metrics by the minute. Those that an alarm watches are kept in the store, so that an alarm continues after a restart;
 * the others only in memory.
 */
export class MetricStore {
  readonly #metrics = new Map<string, Map<EpochMillis, Minute>>();
  readonly #watched = new Set<string>();
  readonly #upsert: StatementSync;
  readonly #prune: StatementSync;
  readonly #select: StatementSync;

  constructor(store: DatabaseSync) {
    store.exec(
      'CREATE TABLE IF NOT EXISTS cloudwatch_minutes (metric TEXT NOT NULL, minute INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (metric, minute)) WITHOUT ROWID',
    );
    this.#upsert = store.prepare('INSERT OR REPLACE INTO cloudwatch_minutes VALUES (?, ?, ?)');
    this.#prune = store.prepare('DELETE FROM cloudwatch_minutes WHERE metric = ? AND minute < ?');
    this.#select = store.prepare('SELECT minute, data FROM cloudwatch_minutes WHERE metric = ?');
  }

  /** Keeps a metric in the store from now on, and loads what is there. */
  watch(key: string): void {
    if (this.#watched.has(key)) return;
    this.#watched.add(key);
    const minutes = this.#minutes(key);
    for (const row of this.#select.all(key))
      minutes.set(Number(row['minute']), JSON.parse(String(row['data'])) as Minute);
  }

  record(key: string, at: EpochMillis, value: number, count = 1): void {
    const minutes = this.#minutes(key);
    const minute = at - (at % minuteMillis);
    const before = minutes.get(minute);
    const values = before?.values ?? [];
    const after: Minute = {
      sum: (before?.sum ?? 0) + value * count,
      count: (before?.count ?? 0) + count,
      minimum: Math.min(before?.minimum ?? value, value),
      maximum: Math.max(before?.maximum ?? value, value),
      values: values.length < valuesKept ? [...values, value] : values,
    };
    if (before === undefined) this.#forget(key, minutes, minute - retentionMillis);
    minutes.set(minute, after);
    if (this.#watched.has(key)) this.#upsert.run(key, minute, JSON.stringify(after));
  }

  /** The minutes of `[from, to)` put together; undefined where nothing was recorded. */
  read(key: string, from: EpochMillis, to: EpochMillis): Minute | undefined {
    const minutes = this.#metrics.get(key);
    if (minutes === undefined) return undefined;
    let merged: Minute | undefined;
    for (let minute = from; minute < to; minute += minuteMillis) {
      const data = minutes.get(minute);
      if (data === undefined) continue;
      merged =
        merged === undefined
          ? data
          : {
              sum: merged.sum + data.sum,
              count: merged.count + data.count,
              minimum: Math.min(merged.minimum, data.minimum),
              maximum: Math.max(merged.maximum, data.maximum),
              values: [...merged.values, ...data.values],
            };
    }
    return merged;
  }

  #minutes(key: string): Map<EpochMillis, Minute> {
    const minutes = this.#metrics.get(key) ?? new Map<EpochMillis, Minute>();
    this.#metrics.set(key, minutes);
    return minutes;
  }

  #forget(key: string, minutes: Map<EpochMillis, Minute>, before: EpochMillis): void {
    let pruned = false;
    for (const minute of minutes.keys()) {
      if (minute >= before) break;
      minutes.delete(minute);
      pruned = true;
    }
    if (pruned && this.#watched.has(key)) this.#prune.run(key, before);
  }
}

/** A statistic of what was recorded. @throws RangeError for one that CloudWatch has and the host has not. */
export function statisticOf(data: Minute, statistic: string): number {
  switch (statistic) {
    case 'Sum':
      return data.sum;
    case 'SampleCount':
      return data.count;
    case 'Average':
      return data.sum / data.count;
    case 'Minimum':
      return data.minimum;
    case 'Maximum':
      return data.maximum;
    default:
      return percentile(data.values, percentileOf(statistic));
  }
}

/** The rank of `p99` or `p99.9`. @throws RangeError for another statistic */
export function percentileOf(statistic: string): number {
  const match = /^p(\d{1,2}(?:\.\d+)?|100)$/i.exec(statistic);
  if (match === null)
    throw new RangeError(`the statistic ${statistic} is not one that the embedded host computes`);
  return Number(match[1]) / 100;
}

/** Linear interpolation between the closest ranks. */
function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const position = rank * (sorted.length - 1);
  const lower = sorted[Math.floor(position)]!;
  const upper = sorted[Math.ceil(position)]!;
  return lower + (upper - lower) * (position - Math.floor(position));
}
