import type { HostActivity } from '../../host/activity.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import { type ContainerCode, type Links, Task } from './task.ts';

/** A container as the host runs it, or not. */
export interface TaskStatus {
  readonly service: string;
  readonly container: string;
  readonly state: 'running' | 'restarting' | 'stopped' | 'not-run-locally';
  readonly restarts: number;
  /** What the entry says of itself (`parentPort.postMessage({type: 'health', healthy})`); undefined where it says nothing. */
  readonly healthy: boolean | undefined;
}

const FIRST_RESTART_MILLIS = 1_000;
const LONGEST_RESTART_MILLIS = 60_000;
/** A task that has run this long has started well: its next failure waits the shortest time again. */
const STEADY_MILLIS = 60_000;
/** Keeps one container running while it is wanted, with a growing pause between failures. */
export class ContainerRunner {
  readonly #parts: RuntimeParts;
  readonly #activity: HostActivity;
  readonly #links: Links;
  readonly #container: {
    readonly service: string;
    readonly container: string;
    readonly code: () => Promise<ContainerCode>;
  };
  #task: Task | undefined;
  #restarts = 0;
  #failures = 0;
  wanted: boolean;

  constructor(
    parts: RuntimeParts,
    activity: HostActivity,
    links: Links,
    settings: {
      readonly service: string;
      readonly container: string;
      readonly code: () => Promise<ContainerCode>;
    },
    desiredCount: number,
  ) {
    this.#parts = parts;
    this.#activity = activity;
    this.#links = links;
    this.#container = settings;
    this.wanted = desiredCount > 0;
  }

  get status(): TaskStatus {
    const state = this.#task !== undefined ? 'running' : this.wanted ? 'restarting' : 'stopped';
    return {
      service: this.#container.service,
      container: this.#container.container,
      state,
      restarts: this.#restarts,
      healthy: this.#task?.healthy,
    };
  }

  async start(): Promise<void> {
    this.wanted = true;
    const { clock, nextId } = this.#parts.context;
    const code = await this.#container.code();
    if (!this.wanted || this.#task !== undefined) return;
    const startedAt = clock.now();
    // Never that of a task before, of this run of the host or another: what it draws names its transactions.
    const seed = nextId(`task/${code.name}`);
    const task = new Task(this.#parts, this.#links, code, seed, (status) =>
      this.#exited(task, status, startedAt),
    );
    this.#task = task;
    this.#activity.addParticipant(task);
  }

  async stop(longestMillis?: number): Promise<void> {
    this.wanted = false;
    await this.#task?.stop(longestMillis);
  }

  #exited(task: Task, status: number, startedAt: number): void {
    const { clock, log } = this.#parts.context;
    this.#activity.removeParticipant(task);
    this.#task = undefined;
    if (!this.wanted) return;
    this.#failures = clock.now() - startedAt >= STEADY_MILLIS ? 1 : this.#failures + 1;
    const pause = Math.min(LONGEST_RESTART_MILLIS, FIRST_RESTART_MILLIS * 2 ** (this.#failures - 1));
    log.warn('a task exited; it starts again', { task: task.name, status, inMillis: pause });
    clock.schedule(clock.now() + pause, () => {
      if (!this.wanted) return;
      this.#restarts += 1;
      const end = this.#activity.begin(`task:${task.name}`);
      void this.start()
        .catch((error: unknown) =>
          log.error('a task could not start', { task: task.name, error: String(error) }),
        )
        .finally(end);
    });
  }
}
