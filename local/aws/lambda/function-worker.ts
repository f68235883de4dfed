import { Worker } from 'node:worker_threads';
import type { HostClock } from '../../host/kernel.ts';

/** What a function is to its workers. */
export interface FunctionCode {
  readonly name: string;
  readonly arn: string;
  readonly moduleUrl: string;
  readonly exportName: string;
  readonly memoryMegabytes: number;
  readonly timeoutMillis: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** How an invocation ended. `payload` is JSON text: the handler's result, or the error as Lambda reports it. */
export type InvocationOutcome =
  | { readonly kind: 'succeeded'; readonly payload: string }
  | { readonly kind: 'failed'; readonly payload: string };

export interface Invocation {
  readonly id: string;
  readonly payload: string;
  readonly now: number;
  /** A fault on demand: the worker exits in the middle of the call. */
  readonly crash: boolean;
}

type Answer = {
  readonly id?: string;
  readonly ok?: string;
  readonly error?: string;
  readonly ready?: true;
  readonly failed?: string;
  readonly lines?: readonly string[];
};

/** Loading a bundle is not part of the function's time-out; a bundle that takes longer than this never will load. */
const LOAD_LIMIT_MILLIS = 60_000;
/** The SDK alone needs some 20 MB of heap; a function gets what it asks for, but at least this. */
const SMALLEST_HEAP_MEGABYTES = 96;
const YOUNG_GENERATION_MEGABYTES = 16;
const BOOTSTRAP = new URL('./worker-bootstrap.mjs', import.meta.url);

const failure = (errorType: string, errorMessage: string): InvocationOutcome => ({
  kind: 'failed',
  payload: JSON.stringify({ errorType, errorMessage, trace: [] }),
});

/** One worker thread with one copy of a function's module. Takes one call at a time; after a crash it is gone. */
export class FunctionWorker {
  readonly #code: FunctionCode;
  readonly #worker: Worker;
  readonly #onLines: (lines: readonly string[]) => void;
  readonly #onGone: (worker: FunctionWorker) => void;
  #ready = false;
  #gone = false;
  #call:
    | { readonly invocation: Invocation; readonly settle: (outcome: InvocationOutcome) => void }
    | undefined;
  #alarm: NodeJS.Timeout | undefined;

  constructor(
    code: FunctionCode,
    clock: { readonly mode: HostClock['mode']; readonly scale: number; readonly now: number },
    hooks: {
      readonly onLines: (lines: readonly string[]) => void;
      readonly onGone: (worker: FunctionWorker) => void;
    },
  ) {
    this.#code = code;
    this.#onLines = hooks.onLines;
    this.#onGone = hooks.onGone;
    this.#worker = new Worker(BOOTSTRAP, {
      name: code.name,
      env: { ...code.environment },
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(SMALLEST_HEAP_MEGABYTES, code.memoryMegabytes),
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MEGABYTES,
      },
      workerData: {
        moduleUrl: code.moduleUrl,
        exportName: code.exportName,
        functionName: code.name,
        functionArn: code.arn,
        memoryMegabytes: code.memoryMegabytes,
        clock,
      },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('error', (error: Error & { readonly code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
        this.#leave(failure('Runtime.OutOfMemory', 'Runtime exited with error: signal: killed'));
      else this.#leave(failure('Runtime.ExitError', `Runtime exited with error: ${error.message}`));
    });
    this.#worker.on('exit', (status) =>
      this.#leave(failure('Runtime.ExitError', `Runtime exited with error: exit status ${status}`)),
    );
  }

  /** Makes a call. There must be none in flight. Never rejects. */
  invoke(invocation: Invocation): Promise<InvocationOutcome> {
    return new Promise((settle) => {
      this.#call = { invocation, settle };
      if (this.#ready) this.#send();
      else
        this.#arm(LOAD_LIMIT_MILLIS, () =>
          failure(
            'Runtime.InitError',
            `${this.#code.name} did not load within ${LOAD_LIMIT_MILLIS / 1000} seconds`,
          ),
        );
    });
  }

  async terminate(): Promise<void> {
    this.#gone = true;
    this.#disarm();
    await this.#worker.terminate();
  }

  #send(): void {
    const call = this.#call;
    if (call === undefined) return;
    const { timeoutMillis } = this.#code;
    this.#arm(timeoutMillis, () =>
      failure(
        'Sandbox.Timedout',
        `RequestId: ${call.invocation.id} Error: Task timed out after ${(timeoutMillis / 1000).toFixed(2)} seconds`,
      ),
    );
    this.#worker.postMessage({ ...call.invocation, remaining: timeoutMillis });
  }

  #take(answer: Answer): void {
    if (answer.lines !== undefined && answer.lines.length > 0) this.#onLines(answer.lines);
    if (answer.ready) {
      this.#ready = true;
      this.#send();
    } else if (answer.failed !== undefined) {
      this.#leave({ kind: 'failed', payload: answer.failed });
      void this.terminate();
    } else if (answer.id !== undefined && answer.id === this.#call?.invocation.id) {
      this.#settle(
        answer.ok === undefined
          ? { kind: 'failed', payload: answer.error ?? 'null' }
          : { kind: 'succeeded', payload: answer.ok },
      );
    }
  }

  #arm(millis: number, outcome: () => InvocationOutcome): void {
    this.#disarm();
    this.#alarm = setTimeout(() => {
      this.#leave(outcome());
      void this.terminate();
    }, millis);
  }

  #disarm(): void {
    if (this.#alarm !== undefined) clearTimeout(this.#alarm);
    this.#alarm = undefined;
  }

  #settle(outcome: InvocationOutcome): void {
    this.#disarm();
    const call = this.#call;
    this.#call = undefined;
    call?.settle(outcome);
  }

  #leave(outcome: InvocationOutcome): void {
    if (!this.#gone) {
      this.#gone = true;
      this.#onGone(this);
    }
    this.#settle(outcome);
  }
}
