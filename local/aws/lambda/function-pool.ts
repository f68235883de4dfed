import type { HostContext } from '../../host/kernel.ts';
import { FunctionWorker, type Invocation, type InvocationOutcome } from './function-worker.ts';
import type { FunctionCode, ThreadSource } from './runtime-thread.ts';

/** Workers of a function where the template reserves no concurrency: enough to overlap, small enough for a laptop. */
export const LOCAL_CONCURRENCY = 2;

/** The workers of one function: spawned when first needed, kept, at most `concurrency` of them. */
export class FunctionPool {
  readonly code: FunctionCode;
  readonly concurrency: number;
  readonly #context: HostContext;
  readonly #threads: ThreadSource;
  readonly #onLines: (lines: readonly string[]) => void;
  readonly #idle: FunctionWorker[] = [];
  readonly #all = new Set<FunctionWorker>();
  readonly #waiting: {
    readonly invocation: Omit<Invocation, 'now'>;
    readonly settle: (outcome: InvocationOutcome) => void;
  }[] = [];

  constructor(
    code: FunctionCode,
    concurrency: number,
    context: HostContext,
    threads: ThreadSource,
    onLines: (lines: readonly string[]) => void,
  ) {
    this.code = code;
    this.concurrency = concurrency;
    this.#context = context;
    this.#threads = threads;
    this.#onLines = onLines;
  }

  /** Runs the handler once; waits for a free worker first. Never rejects. */
  invoke(payload: string, crash = false): Promise<InvocationOutcome> {
    const invocation = { id: this.#context.nextId('request'), payload, crash };
    return new Promise((settle) => {
      this.#waiting.push({ invocation, settle });
      this.#dispatch();
    });
  }

  get workers(): number {
    return this.#all.size;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
    this.#all.clear();
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle.pop() ?? (this.#all.size < this.concurrency ? this.#spawn() : undefined);
      const next = worker === undefined ? undefined : this.#waiting.shift();
      if (worker === undefined || next === undefined) return;
      void worker.invoke({ ...next.invocation, now: this.#context.clock.now() }).then((outcome) => {
        if (this.#all.has(worker)) this.#idle.push(worker);
        next.settle(outcome);
        this.#dispatch();
      });
    }
  }

  #spawn(): FunctionWorker {
    const worker = new FunctionWorker(this.code, this.#threads(this.code), {
      onLines: this.#onLines,
      onGone: (gone) => this.#forget(gone),
    });
    this.#all.add(worker);
    return worker;
  }

  #forget(worker: FunctionWorker): void {
    this.#all.delete(worker);
    const index = this.#idle.indexOf(worker);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}
