import { Worker } from 'node:worker_threads';
import type { BarSeries } from '#core/market/bars.ts';
import type { SimulatedInstrument } from '#core/simulation/engine/options.ts';
import type { TrialResult, TrialTask, TrialThreadData } from './trial-thread.ts';

/** A thread that ended while it had trials to run: a strategy that ends the process, or ran out of memory. */
export class TrialThreadError extends Error {
  readonly code = 'TrialThread';
  readonly retryable = false;
  constructor(tasks: readonly TrialTask[], detail: string, cause?: unknown) {
    const [first] = tasks;
    super(
      first === undefined
        ? `a thread of the search could not be started: ${detail}`
        : `a thread of the search ended (${detail}) in one of ${tasks.length} trials from ${JSON.stringify(first.parameters)} on; what was finished is kept`,
      { cause },
    );
    this.name = 'TrialThreadError';
  }
}

/** Trials of a message: enough that passing it on costs nothing beside them, few enough that nobody waits at the end. */
const BATCH = 2;

/** The same bars in memory that all threads read and nobody copies. */
export function sharedInstruments(instruments: readonly SimulatedInstrument[]): SimulatedInstrument[] {
  const share = (column: Float64Array) => {
    const shared = new Float64Array(new SharedArrayBuffer(column.length * Float64Array.BYTES_PER_ELEMENT));
    shared.set(column);
    return shared;
  };
  return instruments.map((one) => {
    const bars: BarSeries = {
      ...one.bars,
      openTime: share(one.bars.openTime),
      closeTime: share(one.bars.closeTime),
      open: share(one.bars.open),
      high: share(one.bars.high),
      low: share(one.bars.low),
      close: share(one.bars.close),
      volume: share(one.bars.volume),
    };
    return { ...one, bars };
  });
}

/**
 * Runs trials on threads, in whatever order they finish. What each comes to depends on the trial alone.
 * @param taken called with each batch as it finishes
 * @returns true once all have run; false where `signal` ended it before
 * @throws TrialThreadError where a thread ends by itself; whatever `taken` throws
 */
export async function runTrials(
  tasks: readonly TrialTask[],
  data: TrialThreadData,
  workers: number,
  taken: (results: readonly TrialResult[]) => void,
  signal: AbortSignal,
): Promise<boolean> {
  if (tasks.length === 0) return true;
  const threads: Worker[] = [];
  let next = 0;
  let open = tasks.length;
  try {
    return await new Promise<boolean>((done, fail) => {
      if (signal.aborted) return done(false);
      signal.addEventListener('abort', () => done(false), { once: true });
      const count = Math.min(workers, Math.ceil(tasks.length / BATCH));
      for (let i = 0; i < count; i++) {
        const thread = new Worker(new URL('./trial-thread.ts', import.meta.url), { workerData: data });
        threads.push(thread);
        let running: readonly TrialTask[] = [];
        const give = () => {
          running = tasks.slice(next, next + BATCH);
          next += running.length;
          if (running.length > 0) thread.postMessage(running);
        };
        thread.on('message', (results: readonly TrialResult[]) => {
          // After an interrupt nothing is taken any more, so that what was said to be kept is what is kept.
          if (signal.aborted) return;
          try {
            taken(results);
          } catch (error) {
            return fail(error);
          }
          open -= results.length;
          if (open === 0) done(true);
          else give();
        });
        thread.on('error', (error) => fail(new TrialThreadError(running, String(error), error)));
        thread.on('exit', (code) => fail(new TrialThreadError(running, `exit code ${code}`)));
        give();
      }
    });
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
