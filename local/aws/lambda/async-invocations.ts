import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AwsError, type Caller } from '../../host/kernel.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import type { InvocationOutcome } from './function-worker.ts';

/** What a function does with events it takes asynchronously. */
export interface AsyncSettings {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMillis: number;
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
  readonly deadLetterQueue: string | undefined;
}

export interface AsyncFunction {
  readonly arn: string;
  readonly concurrency: number;
  readonly settings: AsyncSettings;
  /** The function's role: what destinations are written with. */
  readonly caller: Caller;
  /** `payload` may be made when the call is let in: a source that fills up meanwhile then hands over all it has. */
  invoke(source: string, payload: string | (() => string)): Promise<InvocationOutcome>;
}

interface Row {
  readonly id: number;
  readonly request_id: string;
  readonly function_arn: string;
  readonly payload: string;
  readonly attempts: number;
  readonly accepted_at: number;
  readonly due_at: number;
}

/** Real time: rows of finished invocations are deleted together. */
const FORGET_AFTER_MILLIS = 20;
/** Lambda waits a minute before the second attempt and two before the third. */
const RETRY_DELAYS_MILLIS = [60_000, 120_000] as const;

/**
 * The event queue in front of every function: what is accepted here is on disk until the handler has succeeded, the
 * retries are used up or the event is too old; the last two go to the on-failure destination or dead-letter queue.
 */
export class AsyncInvocations {
  readonly #parts: RuntimeParts;
  readonly #find: (functionArn: string) => AsyncFunction | undefined;
  readonly #store: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #postpone: StatementSync;
  readonly #delete: StatementSync;
  readonly #queues = new Map<string, { readonly waiting: Row[]; running: number }>();
  #finished: number[] = [];
  #closed = false;

  constructor(parts: RuntimeParts, find: (functionArn: string) => AsyncFunction | undefined) {
    this.#parts = parts;
    this.#find = find;
    this.#store = parts.context.store;
    this.#store.exec(`CREATE TABLE IF NOT EXISTS lambda_async_invocations (
      id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, function_arn TEXT NOT NULL, payload TEXT NOT NULL,
      attempts INTEGER NOT NULL, accepted_at INTEGER NOT NULL, due_at INTEGER NOT NULL) STRICT`);
    this.#insert = this.#store.prepare(
      'INSERT INTO lambda_async_invocations (request_id, function_arn, payload, attempts, accepted_at, due_at) VALUES (?, ?, ?, 0, ?, ?)',
    );
    this.#postpone = this.#store.prepare(
      'UPDATE lambda_async_invocations SET attempts = ?, due_at = ? WHERE id = ?',
    );
    this.#delete = this.#store.prepare('DELETE FROM lambda_async_invocations WHERE id = ?');
  }

  /** Takes an event; when this returns it is durable. Returns the request id. */
  accept(functionArn: string, payload: string): string {
    const { context } = this.#parts;
    const now = context.clock.now();
    const requestId = context.nextId('async-invocation');
    const { lastInsertRowid } = this.#insert.run(requestId, functionArn, payload, now, now);
    this.#plan({
      id: Number(lastInsertRowid),
      request_id: requestId,
      function_arn: functionArn,
      payload,
      attempts: 0,
      accepted_at: now,
      due_at: now,
    });
    return requestId;
  }

  /** Takes up what an earlier run of the host left behind. */
  start(): void {
    const rows = this.#store
      .prepare('SELECT * FROM lambda_async_invocations ORDER BY id')
      .all() as unknown as Row[];
    for (const row of rows) this.#plan(row);
  }

  close(): void {
    this.#closed = true;
    this.#forgetFinished();
  }

  /** Events not yet done with, by function ARN. */
  depth(functionArn: string): number {
    const queue = this.#queues.get(functionArn);
    return queue === undefined ? 0 : queue.waiting.length + queue.running;
  }

  #plan(row: Row): void {
    const { clock } = this.#parts.context;
    if (row.due_at > clock.now()) clock.schedule(row.due_at, () => this.#enqueue(row));
    else this.#enqueue(row);
  }

  #enqueue(row: Row): void {
    let queue = this.#queues.get(row.function_arn);
    if (queue === undefined) {
      queue = { waiting: [], running: 0 };
      this.#queues.set(row.function_arn, queue);
    }
    queue.waiting.push(row);
    const known = queue;
    // Not before the transaction that accepts the event has ended.
    queueMicrotask(() => this.#dispatch(row.function_arn, known));
  }

  #dispatch(functionArn: string, queue: { readonly waiting: Row[]; running: number }): void {
    const target = this.#find(functionArn);
    if (target === undefined) {
      for (const row of queue.waiting.splice(0)) {
        this.#parts.context.log.warn('function of a queued event no longer exists; the event is dropped', {
          functionArn,
          requestId: row.request_id,
        });
        this.#delete.run(row.id);
      }
      return;
    }
    while (!this.#closed && queue.running < target.concurrency && queue.waiting.length > 0) {
      const [row] = queue.waiting.splice(this.#parts.faults.pick(queue.waiting.length), 1);
      if (row === undefined) return;
      queue.running += 1;
      void this.#attempt(target, row).finally(() => {
        queue.running -= 1;
        this.#dispatch(functionArn, queue);
      });
    }
  }

  async #attempt(target: AsyncFunction, row: Row): Promise<void> {
    const { clock } = this.#parts.context;
    const { settings } = target;
    if (clock.now() - row.accepted_at > settings.maximumEventAgeMillis) {
      await this.#conclude(target, row, 'EventAgeExceeded', undefined);
      return;
    }
    const outcome = await this.#invoke(target, row);
    if (this.#closed) return;
    if (outcome.kind === 'succeeded') {
      await this.#conclude(target, row, 'Success', outcome);
      return;
    }
    const delay = RETRY_DELAYS_MILLIS[row.attempts];
    if (row.attempts >= settings.maximumRetryAttempts || delay === undefined) {
      await this.#conclude(target, { ...row, attempts: row.attempts + 1 }, 'RetriesExhausted', outcome);
      return;
    }
    const due = clock.now() + delay;
    if (due - row.accepted_at > settings.maximumEventAgeMillis) {
      await this.#conclude(target, { ...row, attempts: row.attempts + 1 }, 'EventAgeExceeded', outcome);
      return;
    }
    this.#postpone.run(row.attempts + 1, due, row.id);
    this.#plan({ ...row, attempts: row.attempts + 1, due_at: due });
  }

  async #invoke(target: AsyncFunction, row: Row): Promise<InvocationOutcome> {
    try {
      return await target.invoke(`async:${row.function_arn}`, row.payload);
    } catch (error) {
      // Throttled: reserved concurrency of 0 switches a function off.
      if (!(error instanceof AwsError)) throw error;
      return {
        kind: 'failed',
        payload: JSON.stringify({ errorType: error.code, errorMessage: error.message, trace: [] }),
      };
    }
  }

  async #conclude(
    target: AsyncFunction,
    row: Row,
    condition: 'Success' | 'RetriesExhausted' | 'EventAgeExceeded',
    outcome: InvocationOutcome | undefined,
  ): Promise<void> {
    const { context, targets } = this.#parts;
    const { settings } = target;
    const destination = condition === 'Success' ? settings.onSuccess : settings.onFailure;
    const end = context.activity.begin('lambda-destination');
    try {
      if (destination !== undefined) {
        await targets
          .find(destination)
          ?.deliver(invocationRecord(row, condition, outcome, context.clock.now()), {
            sender: target.caller,
          });
      } else if (condition !== 'Success' && settings.deadLetterQueue !== undefined) {
        await targets
          .find(settings.deadLetterQueue)
          ?.deliver(JSON.parse(row.payload), { sender: target.caller });
      }
      if (condition !== 'Success')
        context.log.warn('asynchronous invocation given up', {
          functionArn: row.function_arn,
          requestId: row.request_id,
          condition,
          error: outcome?.payload,
        });
    } catch (error) {
      context.log.error('destination of an asynchronous invocation refused it', {
        functionArn: row.function_arn,
        destination: destination ?? settings.deadLetterQueue,
        error: String(error),
      });
    } finally {
      end();
    }
    if (this.#finished.push(row.id) === 1)
      setTimeout(() => this.#forgetFinished(), FORGET_AFTER_MILLIS).unref();
  }

  /** Deleting late costs at most a repeated call after a crash, so finished rows go together, in one transaction. */
  #forgetFinished(): void {
    const ids = this.#finished;
    this.#finished = [];
    if (ids.length === 0 || !this.#store.isOpen) return;
    this.#store.exec('BEGIN');
    for (const id of ids) this.#delete.run(id);
    this.#store.exec('COMMIT');
  }
}

function invocationRecord(
  row: Row,
  condition: string,
  outcome: InvocationOutcome | undefined,
  now: number,
): unknown {
  return {
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    requestContext: {
      requestId: row.request_id,
      functionArn: `${row.function_arn}:$LATEST`,
      condition,
      approximateInvokeCount: Math.max(1, row.attempts),
    },
    requestPayload: JSON.parse(row.payload),
    ...(outcome === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            ...(outcome.kind === 'failed' ? { functionError: 'Unhandled' } : {}),
          },
          responsePayload: JSON.parse(outcome.payload),
        }),
  };
}
