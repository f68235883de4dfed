import { setAlarm } from '../../host/alarm.ts';
import type { FunctionCode, InstanceAnswer, RuntimeThread } from './runtime-thread.ts';

/** How an invocation ended. `payload` is JSON text: the handler's result, or the error as Lambda reports it. */
export type InvocationOutcome =
  | { readonly kind: 'succeeded'; readonly payload: string }
  | { readonly kind: 'failed'; readonly payload: string };

export interface Invocation {
  readonly id: string;
  readonly payload: string;
  readonly now: number;
  /** A fault on demand: the thread exits in the middle of the call. */
  readonly crash: boolean;
}

/** Loading a bundle is not part of the function's time-out; a bundle that takes longer than this never will load. */
const LOAD_LIMIT_MILLIS = 60_000;

const failure = (errorType: string, errorMessage: string): InvocationOutcome => ({
  kind: 'failed',
  payload: JSON.stringify({ errorType, errorMessage, trace: [] }),
});

/**
 * One instance of a function in a thread, with a copy of the function's module. Takes one call at a time; a call that
 * outlasts its time ends the thread, and then the instance is gone.
 */
export class FunctionWorker {
  readonly #code: FunctionCode;
  readonly #thread: RuntimeThread;
  readonly #instance: number;
  readonly #onLines: (lines: readonly string[]) => void;
  readonly #onGone: (worker: FunctionWorker) => void;
  #ready = false;
  #gone = false;
  #call:
    | { readonly invocation: Invocation; readonly settle: (outcome: InvocationOutcome) => void }
    | undefined;
  #disarm: () => void = () => {};

  constructor(
    code: FunctionCode,
    thread: RuntimeThread,
    hooks: {
      readonly onLines: (lines: readonly string[]) => void;
      readonly onGone: (worker: FunctionWorker) => void;
    },
  ) {
    this.#code = code;
    this.#onLines = hooks.onLines;
    this.#onGone = hooks.onGone;
    this.#thread = thread;
    this.#instance = thread.load(code, {
      answered: (answer) => this.#take(answer),
      lost: (errorType, errorMessage) => this.#leave(failure(errorType, errorMessage)),
    });
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

  /** Ends the thread that the instance lives in. */
  async terminate(): Promise<void> {
    this.#gone = true;
    this.#disarm();
    await this.#thread.terminate();
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
    this.#thread.call(this.#instance, { ...call.invocation, remaining: timeoutMillis });
  }

  #take(answer: InstanceAnswer): void {
    if (answer.lines !== undefined && answer.lines.length > 0) this.#onLines(answer.lines);
    if (answer.ready) {
      this.#ready = true;
      this.#send();
    } else if (answer.failed !== undefined) {
      this.#leave({ kind: 'failed', payload: answer.failed });
      this.#thread.unload(this.#instance);
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
    this.#disarm = setAlarm(millis, () => {
      this.#leave(outcome());
      void this.terminate();
    });
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
