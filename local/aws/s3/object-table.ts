import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EpochMillis } from '#core/values/clock.ts';

/** How long a version may not be deleted. */
export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly until: EpochMillis;
}

/** One version of an object, or a delete marker. */
export interface ObjectVersion {
  readonly bucket: string;
  readonly key: string;
  /** `null` in buckets without versioning. */
  readonly versionId: string;
  /** Order of writing; the highest of a key is its current version. */
  readonly sequence: number;
  readonly deleteMarker: boolean;
  readonly etag: string;
  readonly size: number;
  readonly lastModified: EpochMillis;
  /** Members of the API that are stored as given: ContentType, Metadata, checksums, encryption. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly retention: Retention | undefined;
  readonly legalHold: boolean;
  /** Name in the content store; empty for a delete marker. */
  readonly content: string;
}

/** What is known about objects, apart from their contents. */
export class ObjectTable {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #lock: StatementSync;
  readonly #current: StatementSync;
  readonly #version: StatementSync;
  readonly #versions: StatementSync;
  readonly #list: StatementSync;
  readonly #next: StatementSync;

  constructor(store: DatabaseSync) {
    store.exec(`
      CREATE TABLE IF NOT EXISTS s3_versions (
        bucket TEXT NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL, sequence INTEGER NOT NULL, delete_marker INTEGER NOT NULL,
        etag TEXT NOT NULL, size INTEGER NOT NULL, last_modified INTEGER NOT NULL, members TEXT NOT NULL, lock_mode TEXT,
        locked_until INTEGER, legal_hold INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (bucket, key, version_id)
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS s3_versions_by_order ON s3_versions (bucket, key, sequence DESC);
      CREATE TABLE IF NOT EXISTS s3_sequence (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL);
      INSERT OR IGNORE INTO s3_sequence VALUES (1, 0);`);
    this.#insert = store.prepare(
      'INSERT OR REPLACE INTO s3_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#delete = store.prepare('DELETE FROM s3_versions WHERE bucket = ? AND key = ? AND version_id = ?');
    this.#lock = store.prepare(
      'UPDATE s3_versions SET lock_mode = ?, locked_until = ?, legal_hold = ? WHERE bucket = ? AND key = ? AND version_id = ?',
    );
    this.#current = store.prepare(
      'SELECT * FROM s3_versions WHERE bucket = ? AND key = ? ORDER BY sequence DESC LIMIT 1',
    );
    this.#version = store.prepare(
      'SELECT * FROM s3_versions WHERE bucket = ? AND key = ? AND version_id = ?',
    );
    this.#versions = store.prepare(
      'SELECT * FROM s3_versions WHERE bucket = ? AND key >= ? ORDER BY key, sequence DESC',
    );
    this.#list = store.prepare(`
      SELECT * FROM s3_versions AS v WHERE bucket = ? AND key > ? AND delete_marker = 0
      AND sequence = (SELECT MAX(sequence) FROM s3_versions WHERE bucket = v.bucket AND key = v.key) ORDER BY key`);
    this.#next = store.prepare('UPDATE s3_sequence SET last = last + 1 RETURNING last');
  }

  nextSequence(): number {
    return Number(this.#next.get()!['last']);
  }

  put(version: ObjectVersion): void {
    this.#insert.run(
      version.bucket,
      version.key,
      version.versionId,
      version.sequence,
      version.deleteMarker ? 1 : 0,
      version.etag,
      version.size,
      version.lastModified,
      JSON.stringify(version.members),
      version.retention?.mode ?? null,
      version.retention?.until ?? null,
      version.legalHold ? 1 : 0,
      version.content,
    );
  }

  delete({ bucket, key, versionId }: ObjectVersion): void {
    this.#delete.run(bucket, key, versionId);
  }

  lock(
    { bucket, key, versionId }: ObjectVersion,
    retention: Retention | undefined,
    legalHold: boolean,
  ): void {
    this.#lock.run(
      retention?.mode ?? null,
      retention?.until ?? null,
      legalHold ? 1 : 0,
      bucket,
      key,
      versionId,
    );
  }

  /** The newest version, a delete marker included. */
  current(bucket: string, key: string): ObjectVersion | undefined {
    return toVersion(this.#current.get(bucket, key));
  }

  version(bucket: string, key: string, versionId: string): ObjectVersion | undefined {
    return toVersion(this.#version.get(bucket, key, versionId));
  }

  /** Current objects whose key lies after `after`, in order of their keys (bytes of UTF-8). */
  *objectsAfter(bucket: string, after: string): Generator<ObjectVersion> {
    for (const row of this.#list.iterate(bucket, after)) yield toVersion(row)!;
  }

  /** All versions from `key` on, newest first within a key. */
  *versionsFrom(bucket: string, key: string): Generator<ObjectVersion> {
    for (const row of this.#versions.iterate(bucket, key)) yield toVersion(row)!;
  }
}

function toVersion(row: Record<string, unknown> | undefined): ObjectVersion | undefined {
  if (row === undefined) return undefined;
  return {
    bucket: String(row['bucket']),
    key: String(row['key']),
    versionId: String(row['version_id']),
    sequence: Number(row['sequence']),
    deleteMarker: row['delete_marker'] === 1,
    etag: String(row['etag']),
    size: Number(row['size']),
    lastModified: Number(row['last_modified']),
    members: JSON.parse(String(row['members'])) as Record<string, unknown>,
    retention:
      row['lock_mode'] === null
        ? undefined
        : { mode: row['lock_mode'] as Retention['mode'], until: Number(row['locked_until']) },
    legalHold: row['legal_hold'] === 1,
    content: String(row['content']),
  };
}
