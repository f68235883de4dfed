import type { StatementSync } from 'node:sqlite';
import { AwsError, type HostContext } from '../../host/kernel.ts';
import { transaction } from '../../host/store.ts';
import type { MachineDefinition } from './definition.ts';
import { StateError } from './expressions.ts';
import { type Frame, newFrame } from './frame.ts';
import { type ExecutionWorld, runBranch, StoppedError } from './interpreter.ts';

/** A state machine as executions run it. */
export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: MachineDefinition;
  call(resource: string, input: unknown): Promise<unknown>;
}

/** An execution as it is stored. */
export interface ExecutionRow {
  readonly arn: string;
  readonly machine_arn: string;
  readonly name: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly started_at: number;
  readonly stopped_at: number | null;
  readonly frame: string;
}

export interface HistoryRow {
  readonly id: number;
  readonly at: number;
  readonly type: string;
  readonly details: string;
}

/** Runs executions and keeps them: one transaction a transition, so that a restart goes on from the last one. */
export class Executions {
  readonly #context: HostContext;
  readonly #machines = new Map<string, Machine>();
  readonly #running = new Map<string, { stop: () => void }>();
  readonly #insert: StatementSync;
  readonly #save: StatementSync;
  readonly #finish: StatementSync;
  readonly #record: StatementSync;
  #closed = false;

  constructor(context: HostContext) {
    this.#context = context;
    context.store.exec(`CREATE TABLE IF NOT EXISTS executions (
      arn TEXT PRIMARY KEY, machine_arn TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, output TEXT,
      error TEXT, cause TEXT, started_at INTEGER NOT NULL, stopped_at INTEGER, frame TEXT NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS executions_by_machine ON executions (machine_arn, started_at);
      CREATE TABLE IF NOT EXISTS execution_history (
      id INTEGER PRIMARY KEY AUTOINCREMENT, execution_arn TEXT NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL, details TEXT NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS execution_history_by_execution ON execution_history (execution_arn, id)`);
    this.#insert = context.store.prepare(
      "INSERT INTO executions (arn, machine_arn, name, status, input, started_at, frame) VALUES (?, ?, ?, 'RUNNING', ?, ?, ?)",
    );
    this.#save = context.store.prepare('UPDATE executions SET frame = ? WHERE arn = ?');
    this.#finish = context.store.prepare(
      'UPDATE executions SET status = ?, output = ?, error = ?, cause = ?, stopped_at = ? WHERE arn = ?',
    );
    this.#record = context.store.prepare(
      'INSERT INTO execution_history (execution_arn, at, type, details) VALUES (?, ?, ?, ?)',
    );
  }

  add(machine: Machine): void {
    this.#machines.set(machine.arn, machine);
  }

  get machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  machine(arn: string): Machine {
    const machine = this.#machines.get(arn);
    if (machine === undefined)
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return machine;
  }

  /** Starts an execution; with a name and input that are known already, gives that one. */
  start(machineArn: string, name: string, input: string): ExecutionRow {
    const machine = this.machine(machineArn);
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const existing = this.find(arn);
    if (existing !== undefined) {
      if (existing.status === 'RUNNING' && existing.input === input) return existing;
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const now = this.#context.clock.now();
    const frame = newFrame(machine.definition.StartAt, JSON.parse(input), {}, now);
    transaction(this.#context.store, () => {
      this.#insert.run(arn, machineArn, name, input, now, JSON.stringify(frame));
      this.#record.run(arn, now, 'ExecutionStarted', JSON.stringify({ input, roleArn: machine.roleArn }));
    });
    const row = this.describe(arn);
    // Not before the transaction around this call has ended.
    queueMicrotask(() => this.#run(machine, row));
    return row;
  }

  stop(arn: string, error: string | null, cause: string | null): ExecutionRow {
    const row = this.describe(arn);
    if (row.status === 'RUNNING') {
      this.#conclude(arn, 'ABORTED', null, error, cause);
      this.#running.get(arn)?.stop();
    }
    return this.describe(arn);
  }

  find(arn: string): ExecutionRow | undefined {
    return this.#context.store.prepare('SELECT * FROM executions WHERE arn = ?').get(arn) as unknown as
      | ExecutionRow
      | undefined;
  }

  describe(arn: string): ExecutionRow {
    const row = this.find(arn);
    if (row === undefined) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return row;
  }

  list(machineArn: string, status: string | undefined): readonly ExecutionRow[] {
    this.machine(machineArn);
    const rows = this.#context.store
      .prepare('SELECT * FROM executions WHERE machine_arn = ? ORDER BY started_at DESC, rowid DESC')
      .all(machineArn) as unknown as ExecutionRow[];
    return rows.filter((row) => status === undefined || row.status === status);
  }

  history(arn: string): readonly HistoryRow[] {
    this.describe(arn);
    return this.#context.store
      .prepare('SELECT id, at, type, details FROM execution_history WHERE execution_arn = ? ORDER BY id')
      .all(arn) as unknown as HistoryRow[];
  }

  /** Goes on with the executions that an earlier run of the host left. */
  resume(): void {
    const rows = this.#context.store
      .prepare("SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY started_at, arn")
      .all() as unknown as ExecutionRow[];
    for (const row of rows) {
      const machine = this.#machines.get(row.machine_arn);
      if (machine !== undefined) this.#run(machine, row);
      else
        this.#conclude(
          row.arn,
          'ABORTED',
          null,
          'StateMachineDeleted',
          'its state machine is no longer part of the assembly',
        );
    }
  }

  close(): void {
    this.#closed = true;
    for (const { stop } of this.#running.values()) stop();
  }

  #run(machine: Machine, row: ExecutionRow): void {
    if (this.#closed || this.#running.has(row.arn)) return;
    const frame = JSON.parse(row.frame) as Frame;
    const world = new World(this.#context, machine, row, (type, details) => {
      transaction(this.#context.store, () => {
        this.#save.run(JSON.stringify(frame), row.arn);
        this.#record.run(row.arn, this.#context.clock.now(), type, JSON.stringify(details));
      });
    });
    this.#running.set(row.arn, { stop: () => world.stop() });
    const limit = machine.definition.TimeoutSeconds;
    const deadline =
      limit === undefined
        ? undefined
        : this.#context.clock.schedule(row.started_at + limit * 1000, () => {
            this.#conclude(row.arn, 'TIMED_OUT', null, 'States.Timeout', null);
            world.stop();
          });
    void world
      .run(() => runBranch(machine.definition, frame, world.view))
      .then(
        (output) => this.#conclude(row.arn, 'SUCCEEDED', JSON.stringify(output), null, null),
        (error: unknown) => {
          if (error instanceof StoppedError) return;
          if (error instanceof StateError)
            this.#conclude(
              row.arn,
              error.code === 'States.Timeout' ? 'TIMED_OUT' : 'FAILED',
              null,
              error.code,
              error.reason,
            );
          else {
            this.#context.log.error('an execution failed in the host', {
              execution: row.arn,
              error: String(error),
            });
            this.#conclude(row.arn, 'FAILED', null, 'States.Runtime', String(error));
          }
        },
      )
      .finally(() => {
        deadline?.cancel();
        this.#running.delete(row.arn);
      });
  }

  #conclude(
    arn: string,
    status: ExecutionRow['status'],
    output: string | null,
    error: string | null,
    cause: string | null,
  ): void {
    if (this.#closed) return;
    const now = this.#context.clock.now();
    const types = {
      RUNNING: 'ExecutionStarted',
      SUCCEEDED: 'ExecutionSucceeded',
      FAILED: 'ExecutionFailed',
      TIMED_OUT: 'ExecutionTimedOut',
      ABORTED: 'ExecutionAborted',
    };
    transaction(this.#context.store, () => {
      this.#finish.run(status, output, error, cause, now, arn);
      this.#record.run(
        arn,
        now,
        types[status],
        JSON.stringify({
          ...(output === null ? {} : { output }),
          ...(error === null ? {} : { error }),
          ...(cause === null ? {} : { cause }),
        }),
      );
    });
  }
}

/** An execution's link to the host: counts as in flight except while it waits for a timer or a function. */
class World {
  readonly #context: HostContext;
  #end: () => void = () => {};
  #stopped = false;
  #wake: (() => void)[] = [];
  readonly view: ExecutionWorld;

  constructor(
    context: HostContext,
    machine: Machine,
    row: ExecutionRow,
    checkpoint: ExecutionWorld['checkpoint'],
  ) {
    this.#context = context;
    const { clock } = context;
    const self = this;
    this.view = {
      context: {
        Execution: {
          Id: row.arn,
          Name: row.name,
          Input: JSON.parse(row.input),
          RoleArn: machine.roleArn,
          StartTime: new Date(row.started_at).toISOString(),
        },
        StateMachine: { Id: machine.arn, Name: machine.name },
      },
      get stopped() {
        return self.#stopped;
      },
      now: () => clock.now(),
      uuid: () => context.nextId('states-uuid'),
      checkpoint,
      call: (resource, input) => this.#away(machine.call(resource, input)),
      sleepUntil: (at) =>
        this.#away(
          new Promise<void>((resolve) => {
            const timer = clock.schedule(at, resolve);
            this.#wake.push(() => {
              timer.cancel();
              resolve();
            });
          }),
        ),
      async within(seconds, work) {
        if (seconds === undefined) return work;
        const timeout = Promise.withResolvers<never>();
        const timer = clock.schedule(clock.now() + seconds * 1000, () =>
          timeout.reject(new StateError('States.Timeout', `the task did not end within ${seconds} seconds`)),
        );
        try {
          return await Promise.race([work, timeout.promise]);
        } finally {
          timer.cancel();
        }
      },
    };
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#begin();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const wake of this.#wake.splice(0)) wake();
  }

  #begin(): void {
    this.#busy += 1;
    if (this.#busy === 1) this.#end = this.#context.activity.begin('execution');
  }

  #leave(): void {
    this.#busy -= 1;
    if (this.#busy === 0) this.#end();
  }

  #busy = 0;

  async #away<T>(promise: Promise<T>): Promise<T> {
    this.#leave();
    try {
      return await promise;
    } finally {
      this.#begin();
    }
  }
}
