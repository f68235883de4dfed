import type { StatementSync } from 'node:sqlite';
import { isDurable } from '../../host/durable-target.ts';
import { AwsError, type Caller } from '../../host/kernel.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';

/** Where a rule or a schedule sends what it has to send. */
export interface Route {
  /** Names the route across restarts: the ARN of the rule or schedule and the id of the target. */
  readonly key: string;
  /** ARN of the rule or schedule, as its messages in a dead-letter queue name it. */
  readonly sourceArn: string;
  readonly targetArn: string;
  readonly sender: Caller;
  readonly messageGroupId: string | undefined;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMillis: number;
  readonly deadLetterArn: string | undefined;
  /** Takes the place of the target's own delivery, e.g. PutEvents for a schedule that aims at a bus. */
  readonly send?: (payload: string) => Promise<void>;
}

/** The retry policy of EventBridge and Scheduler where none is given: 24 hours and 185 attempts. */
export const DEFAULT_RETRY_POLICY = { maximumRetryAttempts: 185, maximumEventAgeMillis: 86_400_000 } as const;

interface Row {
  readonly id: number;
  readonly route: string;
  readonly payload: string;
  readonly attempts: number;
  readonly accepted_at: number;
  readonly due_at: number;
}

/** Real time: rows of finished deliveries are deleted together. */
const FORGET_AFTER_MILLIS = 20;
const FIRST_BACKOFF_MILLIS = 1_000;
const LONGEST_BACKOFF_MILLIS = 600_000;

/**
 * Deliveries that survive `kill -9`: on disk from the moment they are accepted until the target has taken them, the
 * retry policy is used up, or they went to the dead-letter queue. Deliveries of a route are made one after another,
 * as accepted; one that fails steps aside until its retry and does not hold up the others.
 */
export class Deliveries {
  readonly #parts: RuntimeParts;
  readonly #routes = new Map<string, Route>();
  readonly #queues = new Map<string, Row[]>();
  readonly #active = new Set<string>();
  readonly #insert: StatementSync;
  readonly #postpone: StatementSync;
  readonly #delete: StatementSync;
  readonly #select: string;
  #finished: number[] = [];
  #closed = false;

  /** `table` keeps the deliveries of one service apart from another's. */
  constructor(parts: RuntimeParts, table: 'event_deliveries' | 'schedule_deliveries') {
    this.#parts = parts;
    const { store } = parts.context;
    store.exec(`CREATE TABLE IF NOT EXISTS ${table} (
      id INTEGER PRIMARY KEY AUTOINCREMENT, route TEXT NOT NULL, payload TEXT NOT NULL,
      attempts INTEGER NOT NULL, accepted_at INTEGER NOT NULL, due_at INTEGER NOT NULL) STRICT`);
    this.#insert = store.prepare(
      `INSERT INTO ${table} (route, payload, attempts, accepted_at, due_at) VALUES (?, ?, 0, ?, ?)`,
    );
    this.#postpone = store.prepare(`UPDATE ${table} SET attempts = ?, due_at = ? WHERE id = ?`);
    this.#delete = store.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.#select = `SELECT * FROM ${table} ORDER BY id`;
  }

  addRoute(route: Route): void {
    this.#routes.set(route.key, route);
  }

  /** Takes a payload (JSON text) for a route; durable when the surrounding transaction commits. */
  accept(route: Route, payload: string): void {
    const { context, faults } = this.#parts;
    for (let copies: number = faults.copies(); copies > 0; copies -= 1) {
      const delay = faults.delay();
      if (delay === 0 && this.#handOver(route, payload)) continue;
      const now = context.clock.now();
      const { lastInsertRowid } = this.#insert.run(route.key, payload, now, now + delay);
      this.#plan({
        id: Number(lastInsertRowid),
        route: route.key,
        payload,
        attempts: 0,
        accepted_at: now,
        due_at: now + delay,
      });
    }
  }

  /** Gives a payload to a target that keeps it by itself, in the same transaction. False where that is not possible. */
  #handOver(route: Route, payload: string): boolean {
    if (route.send !== undefined || route.messageGroupId !== undefined) return false;
    const target = this.#parts.targets.find(route.targetArn);
    if (target === undefined || !isDurable(target)) return false;
    try {
      target.accept(payload, route.sender);
      return true;
    } catch (error) {
      // Refused: the ordinary way retries it, or hands it to the dead-letter queue.
      if (error instanceof AwsError) return false;
      throw error;
    }
  }

  /** Takes up what an earlier run of the host left behind. All routes must be known by now. */
  start(): void {
    for (const row of this.#parts.context.store.prepare(this.#select).all() as unknown as Row[]) {
      if (this.#routes.has(row.route)) {
        this.#plan(row);
      } else {
        this.#parts.context.log.warn(
          'a delivery belongs to a rule or schedule that no longer exists; it is dropped',
          { route: row.route },
        );
        this.#delete.run(row.id);
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#forgetFinished();
  }

  #plan(row: Row): void {
    const { clock } = this.#parts.context;
    if (row.due_at > clock.now()) clock.schedule(row.due_at, () => this.#enqueue(row));
    else this.#enqueue(row);
  }

  #enqueue(row: Row): void {
    const queue = this.#queues.get(row.route);
    if (queue === undefined) this.#queues.set(row.route, [row]);
    else queue.push(row);
    if (this.#active.has(row.route)) return;
    this.#active.add(row.route);
    // The delivery begins in a microtask: by then the transaction that accepted it has committed.
    const end = this.#parts.context.activity.begin('delivery');
    queueMicrotask(() => void this.#drain(row.route).finally(end));
  }

  async #drain(key: string): Promise<void> {
    const queue = this.#queues.get(key) ?? [];
    const route = this.#routes.get(key);
    while (route !== undefined && !this.#closed && queue.length > 0) {
      const [row] = queue.splice(this.#parts.faults.pick(queue.length), 1);
      if (row !== undefined) await this.#attempt(route, row);
    }
    this.#active.delete(key);
  }

  async #attempt(route: Route, row: Row): Promise<void> {
    try {
      await this.#send(route, row.payload);
      this.#forget(row);
    } catch (error) {
      // Closed meanwhile: the delivery is still on disk, and the next run makes it.
      if (!this.#closed) await this.#failed(route, row, error);
    }
  }

  async #send(route: Route, payload: string): Promise<void> {
    if (route.send !== undefined) {
      await route.send(payload);
      return;
    }
    const target = this.#parts.targets.find(route.targetArn);
    if (target === undefined)
      throw new AwsError('ResourceNotFoundException', `no target ${route.targetArn}`, 404);
    await target.deliver(payload, {
      sender: route.sender,
      ...(route.messageGroupId === undefined ? {} : { messageGroupId: route.messageGroupId }),
    });
  }

  async #failed(route: Route, row: Row, error: unknown): Promise<void> {
    const { clock, log } = this.#parts.context;
    const attempts = row.attempts + 1;
    const code = error instanceof AwsError ? error.code : 'InternalFailure';
    const message = error instanceof Error ? error.message : String(error);
    const hopeless = /AccessDenied|ResourceNotFound|NonExistent|InvalidParameter|Validation/.test(code);
    const due = clock.now() + Math.min(LONGEST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** row.attempts);
    const tooOld = due - row.accepted_at > route.maximumEventAgeMillis;
    if (!hopeless && !tooOld && attempts <= route.maximumRetryAttempts) {
      this.#postpone.run(attempts, due, row.id);
      this.#plan({ ...row, attempts, due_at: due });
      return;
    }
    log.warn('delivery given up', {
      source: route.sourceArn,
      target: route.targetArn,
      attempts,
      code,
      message,
    });
    const queue =
      route.deadLetterArn === undefined ? undefined : this.#parts.targets.find(route.deadLetterArn);
    try {
      await queue?.deliver(row.payload, {
        sender: route.sender,
        ...(queue.arn.endsWith('.fifo') ? { messageGroupId: route.sourceArn } : {}),
      });
    } catch (cause) {
      log.error('dead-letter queue refused a delivery', {
        queue: route.deadLetterArn,
        source: route.sourceArn,
        error: String(cause),
      });
    }
    this.#forget(row);
  }

  #forget(row: Row): void {
    if (this.#finished.push(row.id) === 1)
      setTimeout(() => this.#forgetFinished(), FORGET_AFTER_MILLIS).unref();
  }

  /** Deleting late costs at most a repeated delivery after a crash, so finished rows go together, in one transaction. */
  #forgetFinished(): void {
    const ids = this.#finished;
    this.#finished = [];
    const { store } = this.#parts.context;
    if (ids.length === 0 || !store.isOpen) return;
    store.exec('BEGIN');
    for (const id of ids) this.#delete.run(id);
    store.exec('COMMIT');
  }
}
