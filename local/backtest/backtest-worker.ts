import { parentPort, workerData } from 'node:worker_threads';
import {
  type BacktestProgress,
  type BacktestReport,
  type BacktestRequest,
  backtestReport,
} from './backtest-report.ts';

/** What the thread of a backtest says to the one that started it. */
export type BacktestMessage =
  | { readonly kind: 'progress'; readonly progress: BacktestProgress }
  | { readonly kind: 'done'; readonly report: BacktestReport; readonly page: string | null }
  | {
      readonly kind: 'fault';
      readonly message: string;
      readonly code: string | null;
      readonly cause: string | null;
    };

const say = (message: BacktestMessage): void => parentPort?.postMessage(message);

try {
  const { report, page } = await backtestReport(workerData as BacktestRequest, (progress) =>
    say({ kind: 'progress', progress }),
  );
  say({ kind: 'done', report, page });
} catch (error) {
  const code = (error as { readonly code?: unknown } | null)?.code;
  say({
    kind: 'fault',
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === 'string' ? code : null,
    cause: error instanceof Error && error.cause instanceof Error ? error.cause.message : null,
  });
}
