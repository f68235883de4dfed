import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Message, MessageAttribute } from './message-queue.ts';

/** An accepted deduplication id. */
export interface Deduplication {
  readonly key: string;
  readonly messageId: string;
  readonly sequence: number;
  readonly expiresAt: EpochMillis;
}

/** Messages and deduplication ids as they survive the process. One table for all queues; queues by name. */
export class MessageStore {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #clear: StatementSync;
  readonly #select: StatementSync;
  readonly #lastSequence: StatementSync;
  readonly #putSequence: StatementSync;
  readonly #putDeduplication: StatementSync;
  readonly #pruneDeduplication: StatementSync;
  readonly #selectDeduplication: StatementSync;

  constructor(store: DatabaseSync) {
    store.exec(`
      CREATE TABLE IF NOT EXISTS sqs_messages (
        queue TEXT NOT NULL, sequence INTEGER NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
        attributes TEXT NOT NULL, sender_id TEXT NOT NULL, sent_at INTEGER NOT NULL, group_id TEXT,
        deduplication_id TEXT, source_queue_arn TEXT, trace_header TEXT, receive_count INTEGER NOT NULL,
        first_received_at INTEGER, visible_at INTEGER NOT NULL, PRIMARY KEY (queue, sequence)
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS sqs_sequences (queue TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS sqs_deduplication (
        queue TEXT NOT NULL, key TEXT NOT NULL, message_id TEXT NOT NULL, sequence INTEGER NOT NULL,
        expires_at INTEGER NOT NULL, PRIMARY KEY (queue, key)
      ) WITHOUT ROWID;`);
    this.#insert = store.prepare(
      'INSERT INTO sqs_messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = store.prepare(
      'UPDATE sqs_messages SET receive_count = ?, first_received_at = ?, visible_at = ? WHERE queue = ? AND sequence = ?',
    );
    this.#delete = store.prepare('DELETE FROM sqs_messages WHERE queue = ? AND sequence = ?');
    this.#clear = store.prepare('DELETE FROM sqs_messages WHERE queue = ?');
    this.#select = store.prepare('SELECT * FROM sqs_messages WHERE queue = ? ORDER BY sequence');
    this.#lastSequence = store.prepare('SELECT last FROM sqs_sequences WHERE queue = ?');
    this.#putSequence = store.prepare(
      'INSERT INTO sqs_sequences VALUES (?, ?) ON CONFLICT (queue) DO UPDATE SET last = excluded.last',
    );
    this.#putDeduplication = store.prepare('INSERT OR REPLACE INTO sqs_deduplication VALUES (?, ?, ?, ?, ?)');
    this.#pruneDeduplication = store.prepare(
      'DELETE FROM sqs_deduplication WHERE queue = ? AND expires_at <= ?',
    );
    this.#selectDeduplication = store.prepare(
      'SELECT * FROM sqs_deduplication WHERE queue = ? ORDER BY expires_at',
    );
  }

  insert(queue: string, message: Message): void {
    this.#insert.run(
      queue,
      message.sequence,
      message.messageId,
      message.body,
      JSON.stringify(message.attributes),
      message.senderId,
      message.sentAt,
      message.groupId ?? null,
      message.deduplicationId ?? null,
      message.sourceQueueArn ?? null,
      message.traceHeader ?? null,
      message.receiveCount,
      message.firstReceivedAt ?? null,
      message.visibleAt,
    );
    this.#putSequence.run(queue, message.sequence);
  }

  /** Keeps what a receive or a change of visibility changed. */
  update(queue: string, message: Message): void {
    this.#update.run(
      message.receiveCount,
      message.firstReceivedAt ?? null,
      message.visibleAt,
      queue,
      message.sequence,
    );
  }

  delete(queue: string, sequence: number): void {
    this.#delete.run(queue, sequence);
  }

  clear(queue: string): void {
    this.#clear.run(queue);
  }

  /** Sequence numbers are never used twice, even after their message is gone. */
  lastSequence(queue: string): number {
    return Number(this.#lastSequence.get(queue)?.['last'] ?? 0);
  }

  load(queue: string): readonly Message[] {
    return this.#select.all(queue).map((row) => ({
      sequence: Number(row['sequence']),
      messageId: String(row['message_id']),
      body: String(row['body']),
      attributes: JSON.parse(String(row['attributes'])) as Record<string, MessageAttribute>,
      senderId: String(row['sender_id']),
      sentAt: Number(row['sent_at']),
      groupId: optionalText(row['group_id']),
      deduplicationId: optionalText(row['deduplication_id']),
      sourceQueueArn: optionalText(row['source_queue_arn']),
      traceHeader: optionalText(row['trace_header']),
      receiveCount: Number(row['receive_count']),
      firstReceivedAt: row['first_received_at'] === null ? undefined : Number(row['first_received_at']),
      visibleAt: Number(row['visible_at']),
    }));
  }

  putDeduplication(queue: string, { key, messageId, sequence, expiresAt }: Deduplication): void {
    this.#putDeduplication.run(queue, key, messageId, sequence, expiresAt);
  }

  pruneDeduplication(queue: string, now: EpochMillis): void {
    this.#pruneDeduplication.run(queue, now);
  }

  loadDeduplication(queue: string): readonly Deduplication[] {
    return this.#selectDeduplication.all(queue).map((row) => ({
      key: String(row['key']),
      messageId: String(row['message_id']),
      sequence: Number(row['sequence']),
      expiresAt: Number(row['expires_at']),
    }));
  }
}

function optionalText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}
