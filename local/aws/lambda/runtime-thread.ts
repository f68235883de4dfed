import { Worker } from 'node:worker_threads';
import type { HostClock } from '../../host/kernel.ts';

/** What a function is to the thread that runs it. */
export interface FunctionCode {
  readonly name: string;
  readonly arn: string;
  readonly moduleUrl: string;
  readonly exportName: string;
  readonly memoryMegabytes: number;
  readonly timeoutMillis: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Modules that several assets hold, with the URL under which a thread loads them once. */
  readonly sharedModules: Readonly<Record<string, string>>;
}

/** The host's time as a thread starts with it. */
export interface ThreadClock {
  readonly mode: HostClock['mode'];
  readonly scale: number;
  readonly now: number;
}

/** What an instance says: that it is loaded or cannot be, how a call ended, lines that it wrote. */
export interface InstanceAnswer {
  readonly instance: number;
  readonly id?: string;
  readonly ok?: string;
  readonly error?: string;
  readonly ready?: true;
  readonly failed?: string;
  readonly lines?: readonly string[];
}

/** One instance of a function as its thread knows it. */
export interface InstanceListener {
  answered(answer: InstanceAnswer): void;
  /** The thread is gone, and every instance in it. */
  lost(errorType: string, errorMessage: string): void;
}

const BOOTSTRAP = new URL('./worker-bootstrap.mjs', import.meta.url);

/**
 * A worker thread that holds instances of functions: each with its own module, environment and lines, and one call at
 * a time. When the thread ends, all of them do.
 */
export class RuntimeThread {
  readonly #worker: Worker;
  readonly #exclusive: boolean;
  readonly #instances = new Map<number, InstanceListener>();
  #last = 0;
  #gone = false;
  #ended: Promise<number> | undefined;

  /** `limits` make it the thread of one instance alone, which ends with it. */
  constructor(name: string, clock: ThreadClock, limits?: Worker['resourceLimits']) {
    this.#exclusive = limits !== undefined;
    this.#worker = new Worker(BOOTSTRAP, {
      name,
      env: {},
      execArgv: [],
      ...(limits === undefined ? {} : { resourceLimits: limits }),
      workerData: { clock },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: InstanceAnswer) =>
      this.#instances.get(answer.instance)?.answered(answer),
    );
    this.#worker.on('error', (error: Error & { readonly code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
        this.#lose('Runtime.OutOfMemory', 'Runtime exited with error: signal: killed');
      else this.#lose('Runtime.ExitError', `Runtime exited with error: ${error.message}`);
    });
    this.#worker.on('exit', (status) =>
      this.#lose('Runtime.ExitError', `Runtime exited with error: exit status ${status}`),
    );
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Loads one more instance of a function and returns its number; the listener is told when it is ready. */
  load(code: FunctionCode, listener: InstanceListener): number {
    const instance = ++this.#last;
    this.#instances.set(instance, listener);
    this.#worker.postMessage({ instance, load: code });
    return instance;
  }

  /** Hands a call to an instance that is ready. */
  call(instance: number, call: object): void {
    this.#worker.postMessage({ instance, call });
  }

  /** Forgets an instance that could not be loaded. */
  unload(instance: number): void {
    this.#instances.delete(instance);
    if (this.#exclusive) void this.terminate();
  }

  /** Every instance may ask for it; the thread ends once. */
  async terminate(): Promise<void> {
    this.#gone = true;
    this.#ended ??= this.#worker.terminate();
    await this.#ended;
  }

  #lose(errorType: string, errorMessage: string): void {
    this.#gone = true;
    const lost = [...this.#instances.values()];
    this.#instances.clear();
    for (const listener of lost) listener.lost(errorType, errorMessage);
  }
}

/** Gives each new instance of a function the thread that it shall live in. */
export type ThreadSource = (code: FunctionCode) => RuntimeThread;

/** The SDK alone needs some 20 MB of heap; a function gets what it asks for, but at least this. */
const SMALLEST_HEAP_MEGABYTES = 96;
const YOUNG_GENERATION_MEGABYTES = 16;

/** A thread for each instance, with the memory that the function asks for: isolation as on AWS. */
export const threadPerInstance =
  (clock: () => ThreadClock): ThreadSource =>
  (code) =>
    new RuntimeThread(code.name, clock(), {
      maxOldGenerationSizeMb: Math.max(SMALLEST_HEAP_MEGABYTES, code.memoryMegabytes),
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MEGABYTES,
    });

/**
 * `count` threads for all functions, taken in turn; a thread that was lost is replaced. What the functions have in
 * common is compiled and kept once a thread instead of once a function.
 */
export function sharedThreads(count: number, clock: () => ThreadClock): ThreadSource {
  const threads: RuntimeThread[] = [];
  let turn = 0;
  return () => {
    const place = turn++ % count;
    const known = threads[place];
    if (known !== undefined && !known.gone) return known;
    const fresh = new RuntimeThread(`functions-${place}`, clock());
    threads[place] = fresh;
    return fresh;
  };
}
