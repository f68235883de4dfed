import { Worker } from 'node:worker_threads';
import type { BacktestProgress, BacktestReport, BacktestRequest } from './backtest-report.ts';
import type { BacktestMessage } from './backtest-worker.ts';

/** A fault of a backtest as its thread told of it: message and code are those of the original. */
export class BacktestFault extends Error {
  readonly code: string;
  readonly retryable = false;
  constructor(message: string, code: string, cause: string | null) {
    super(message, cause === null ? {} : { cause: new Error(cause) });
    this.name = 'BacktestFault';
    this.code = code;
  }
}

/** A backtest that runs in a thread of its own. */
export interface RunningBacktest {
  /** The report, or null where it was interrupted. */
  readonly finished: Promise<{ readonly report: BacktestReport; readonly page: string | null } | null>;
  /** Ends the thread at once, whatever it is doing; it has written nothing. */
  interrupt(): Promise<void>;
}

/**
 * Starts a backtest in a thread, so that a signal is heard while a strategy computes, however long it takes.
 * `finished` rejects with {@link BacktestFault}.
 */
export function startBacktest(
  request: BacktestRequest,
  tell: (progress: BacktestProgress) => void,
): RunningBacktest {
  const worker = new Worker(new URL('./backtest-worker.ts', import.meta.url), { workerData: request });
  const finished = new Promise<{ readonly report: BacktestReport; readonly page: string | null } | null>(
    (done, fail) => {
      worker.on('message', (message: BacktestMessage) => {
        switch (message.kind) {
          case 'progress':
            return tell(message.progress);
          case 'done':
            return done({ report: message.report, page: message.page });
          case 'fault':
            return fail(new BacktestFault(message.message, message.code ?? 'Backtest', message.cause));
        }
      });
      worker.once('error', fail);
      worker.once('exit', () => done(null));
    },
  );
  return {
    finished,
    async interrupt() {
      await worker.terminate();
    },
  };
}
