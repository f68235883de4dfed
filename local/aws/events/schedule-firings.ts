import type { StatementSync } from 'node:sqlite';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { HostContext } from '../../host/kernel.ts';
import { transaction } from '../../host/store.ts';
import type { ScheduleExpression } from './schedule-expression.ts';

/** One schedule as the firings know it. */
export interface FiringSchedule {
  readonly arn: string;
  readonly expression: ScheduleExpression;
  readonly startAt?: EpochMillis | undefined;
  readonly endAt?: EpochMillis | undefined;
  /** Firings missed while the host was down are made up for, unless they are older than this. */
  readonly maximumEventAgeMillis: number;
  /** Hands the firing on durably, within the transaction that records it. */
  fire(scheduledAt: EpochMillis): void;
  /** Called when there will be no further firing. */
  completed?(): void;
}

/**
 * Fires schedules on the host's clock. The last firing of each is recorded in the transaction that hands it on, so a
 * restart neither loses nor repeats one.
 */
export class ScheduleFirings {
  readonly #context: HostContext;
  readonly #load: StatementSync;
  readonly #save: StatementSync;
  readonly #delete: StatementSync;
  readonly #timers = new Map<string, Timer>();

  constructor(context: HostContext) {
    this.#context = context;
    context.store.exec(
      'CREATE TABLE IF NOT EXISTS schedule_firings (arn TEXT PRIMARY KEY, anchor INTEGER NOT NULL, last_fired_at INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    );
    this.#load = context.store.prepare('SELECT anchor, last_fired_at FROM schedule_firings WHERE arn = ?');
    this.#save = context.store.prepare(
      'INSERT INTO schedule_firings (arn, anchor, last_fired_at) VALUES (?, ?, ?) ON CONFLICT (arn) DO UPDATE SET last_fired_at = excluded.last_fired_at',
    );
    this.#delete = context.store.prepare('DELETE FROM schedule_firings WHERE arn = ?');
  }

  /** Starts a schedule, from where an earlier run of the host left it. */
  start(schedule: FiringSchedule): void {
    const now = this.#context.clock.now();
    const known = this.#load.get(schedule.arn) as
      | { readonly anchor: number; readonly last_fired_at: number }
      | undefined;
    const anchor = known?.anchor ?? Math.max(now, schedule.startAt ?? 0);
    if (known === undefined) this.#save.run(schedule.arn, anchor, now);
    this.#plan(schedule, anchor, known?.last_fired_at ?? Math.max(now, (schedule.startAt ?? 0) - 1));
  }

  /** Ends a schedule; its past is kept, so that enabling it again goes on from now. */
  stop(arn: string): void {
    this.#timers.get(arn)?.cancel();
    this.#timers.delete(arn);
  }

  /** Ends a schedule that is deleted. */
  forget(arn: string): void {
    this.stop(arn);
    this.#delete.run(arn);
  }

  #plan(schedule: FiringSchedule, anchor: EpochMillis, after: EpochMillis): void {
    const oldest = this.#context.clock.now() - schedule.maximumEventAgeMillis;
    const next = schedule.expression.next(Math.max(after, oldest, (schedule.startAt ?? 0) - 1), anchor);
    if (next === undefined || (schedule.endAt !== undefined && next > schedule.endAt)) {
      this.#timers.delete(schedule.arn);
      schedule.completed?.();
      return;
    }
    this.#timers.set(
      schedule.arn,
      this.#context.clock.schedule(next, () => {
        transaction(this.#context.store, () => {
          this.#save.run(schedule.arn, anchor, next);
          schedule.fire(next);
        });
        this.#plan(schedule, anchor, next);
      }),
    );
  }
}
