import type { StatementSync } from 'node:sqlite';
import type { EpochMillis } from '#core/values/clock.ts';
import type { HostContext } from '../../host/kernel.ts';
import type { EventPattern } from './event-pattern.ts';

/** An archive of a bus. */
export interface Archive {
  readonly name: string;
  readonly arn: string;
  readonly busArn: string;
  readonly matches: EventPattern;
  /** 0 keeps events for ever. */
  readonly retentionDays: number;
}

const DAY_MILLIS = 86_400_000;
const PRUNE_EVERY = 1_000;

/** What archives hold, in the host's store. */
export class Archives {
  readonly #context: HostContext;
  readonly #archives = new Map<string, Archive>();
  readonly #insert: StatementSync;
  readonly #prune: StatementSync;
  readonly #page: StatementSync;
  #added = 0;

  constructor(context: HostContext) {
    this.#context = context;
    context.store.exec(`CREATE TABLE IF NOT EXISTS event_archive (
      id INTEGER PRIMARY KEY AUTOINCREMENT, archive_arn TEXT NOT NULL, archived_at INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS event_archive_by_time ON event_archive (archive_arn, archived_at)`);
    this.#insert = context.store.prepare(
      'INSERT INTO event_archive (archive_arn, archived_at, event) VALUES (?, ?, ?)',
    );
    this.#prune = context.store.prepare(
      'DELETE FROM event_archive WHERE archive_arn = ? AND archived_at < ?',
    );
    this.#page = context.store.prepare(
      'SELECT id, event FROM event_archive WHERE archive_arn = ? AND archived_at >= ? AND archived_at < ? AND id > ? ORDER BY id LIMIT ?',
    );
  }

  add(archive: Archive): void {
    this.#archives.set(archive.arn, archive);
  }

  find(arn: string): Archive | undefined {
    return this.#archives.get(arn);
  }

  /** Keeps an event in every archive of its bus whose pattern it fits. Runs within the caller's transaction. */
  record(busArn: string, event: unknown, text: string): void {
    for (const archive of this.#archives.values()) {
      if (archive.busArn !== busArn || !archive.matches(event)) continue;
      const now = this.#context.clock.now();
      this.#insert.run(archive.arn, now, text);
      this.#added += 1;
      if (archive.retentionDays > 0 && this.#added % PRUNE_EVERY === 0)
        this.#prune.run(archive.arn, now - archive.retentionDays * DAY_MILLIS);
    }
  }

  /** Up to `limit` events archived from `start` to before `end`, after the event `afterId`. */
  page(
    arn: string,
    start: EpochMillis,
    end: EpochMillis,
    afterId: number,
    limit: number,
  ): readonly { readonly id: number; readonly event: string }[] {
    return this.#page.all(arn, start, end, afterId, limit) as unknown as readonly {
      readonly id: number;
      readonly event: string;
    }[];
  }
}
