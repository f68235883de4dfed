import type { BacktestProgress } from '#local/backtest/backtest-report.ts';
import type { ProgressWriter } from './progress-writer.ts';

/** Work that takes less than this shows no progress. */
const QUIET_MILLIS = 1_000;
/** Between two lines of progress where they are not written over each other. */
const LINE_MILLIS = 5_000;

/** Tells people how far a backtest is: one line that changes on a terminal, a line every five seconds elsewhere. */
export function tellBacktest(
  progress: ProgressWriter,
  say: (line: string) => void,
  now: () => number,
): (told: BacktestProgress) => void {
  const started = now();
  let last = started;
  const follow = (line: string) => {
    const at = now();
    if (at - started < QUIET_MILLIS || (!progress.live && at - last < LINE_MILLIS)) return;
    last = at;
    progress.line(line);
  };
  return (told) => {
    switch (told.kind) {
      case 'loaded':
        for (const source of told.sources) say(`prices: ${source}`);
        return say(`running ${told.strategy} and buy-and-hold …`);
      case 'simulated':
        return follow(`${told.strategy}: ${told.date}, ${Math.floor(told.done * 100)} %`);
      case 'checking':
        return follow(`looking for look-ahead: run ${told.runs} of ${told.of}`);
      case 'measuring':
        return progress.end();
    }
  };
}
