import {
  type BacktestWords,
  readBacktestWords,
  strategyParameters,
} from '#local/backtest/backtest-parameters.ts';
import { type BacktestReport, type BacktestRequest, incidentLines } from '#local/backtest/backtest-report.ts';
import { startBacktest } from '#local/backtest/backtest-thread.ts';
import { lookAheadLines } from '#local/backtest/look-ahead-check.ts';
import { tradePathsLines } from '#local/backtest/trade-paths.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { commitOfProgram } from '#local/report/commit.ts';
import { moneyText } from '#local/report/figure-text.ts';
import { writeReport } from '#local/report/report-file.ts';
import { tellBacktest } from './backtest-progress.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { performanceTable } from './performance-table.ts';
import { progressWriter } from './progress-writer.ts';

export interface BacktestCommandOptions extends BacktestWords {
  readonly parameters?: string;
  readonly cycles?: string;
  readonly resumeAfter?: string;
  readonly report?: string;
  readonly checkLookahead?: boolean;
  readonly monteCarlo?: string;
  readonly json?: boolean;
}

/** What the words of the command line ask for. @throws ConfigurationError naming the option, its value and the mend */
export function backtestRequest(name: string | undefined, options: BacktestCommandOptions): BacktestRequest {
  return {
    strategy: name ?? 'sma-cross',
    strategyParameters: strategyParameters(options.parameters),
    cycles: options.cycles ?? null,
    resumeAfter: options.resumeAfter === undefined ? null : sessionsOf(options.resumeAfter),
    parameters: readBacktestWords(options),
    commit: commitOfProgram(),
    page: options.report !== undefined,
    checkLookAhead: options.checkLookahead === true,
    monteCarlo: options.monteCarlo === undefined ? null : pathsOf(options.monteCarlo),
  };
}

const MOST_PATHS = 1_000_000;

function pathsOf(text: string): number {
  const paths = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (paths >= 1 && paths <= MOST_PATHS) return paths;
  throw new ConfigurationError(
    `--monte-carlo ${JSON.stringify(text)} is no number of paths; write a whole number from 1 to ${MOST_PATHS}, such as 10000`,
  );
}

function sessionsOf(text: string): number {
  const sessions = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (sessions >= 1 && Number.isSafeInteger(sessions)) return sessions;
  throw new ConfigurationError(
    `--resume-after ${JSON.stringify(text)} is no number of sessions; write a whole number from 1 on, such as 20`,
  );
}

/** Runs one strategy over bars, with buy-and-hold beside it. An interrupt ends it at once and leaves nothing half-written. */
export async function backtestCommand(
  name: string | undefined,
  options: BacktestCommandOptions,
): Promise<ExitCode> {
  const request = backtestRequest(name, options);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const progress = progressWriter(say);
  const running = startBacktest(request, tellBacktest(progress, say, Date.now));
  let interrupted = false;
  const onInterrupt = () => {
    interrupted = true;
    void running.interrupt();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    const finished = await running.finished;
    progress.end();
    if (finished === null || interrupted) {
      say('interrupted: nothing was written');
      return EXIT.interrupted;
    }
    const { report, page } = finished;
    if (page !== null && options.report !== undefined) {
      writeReport(options.report, page);
      say(`report: ${options.report}`);
    }
    process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
    return report.lookAhead?.clean === false ? EXIT.findings : EXIT.ok;
  } finally {
    progress.end();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

function tableOf(report: BacktestReport): string {
  const { result, buyAndHold } = report;
  const parameters = Object.entries(report.parameters).map(([name, value]) => `${name}=${value}`);
  return `${[
    performanceTable([
      { name: report.strategy, summary: result.performance },
      { name: 'buy-and-hold', summary: buyAndHold.performance },
    ]),
    '',
    `orders      ${result.orders}, fills ${result.fills}`,
    `parameters  ${parameters.join(', ')}; cash ${moneyText(report.input.cash)}; trials ${report.trials}`,
    `costs       ${report.costModel}`,
    ...report.data.sources.map((source) => `data        ${source}`),
    `data hash   ${report.data.sha256}`,
    `commit      ${report.commit ?? 'not known'}`,
    ...(report.lookAhead === null
      ? ['not checked (--check-lookahead)']
      : lookAheadLines(report.lookAhead)
    ).map((line) => `look-ahead  ${line}`),
    ...incidentLines(result).map((line) => `incident    ${line}`),
    ...(report.monteCarlo === null ? [] : ['', ...tradePathsLines(report.monteCarlo)]),
  ].join('\n')}\n`;
}
