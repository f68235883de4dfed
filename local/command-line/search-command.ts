import { resolve } from 'node:path';
import type { Figure } from '#core/analytics/series.ts';
import { backtestData } from '#local/backtest/backtest.ts';
import { type BacktestWords, readBacktestWords } from '#local/backtest/backtest-parameters.ts';
import {
  type JudgedFigures,
  planSearch,
  runSearch,
  type SearchReport,
  searchReport,
  type WindowReport,
} from '#local/backtest/search/search.ts';
import { searchRealityChecks, type WindowRealityCheck } from '#local/backtest/search/search-reality-check.ts';
import {
  parseRange,
  parseSearchWords,
  type SearchRequest,
  type SearchWords,
} from '#local/backtest/search/search-request.ts';
import { searchSheet } from '#local/backtest/search/search-sheet.ts';
import { TrialFile } from '#local/backtest/search/trial-file.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { commitOfProgram } from '#local/report/commit.ts';
import { writeReport } from '#local/report/report-file.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface SearchCommandOptions extends SearchWords, BacktestWords {
  readonly range?: readonly string[];
  readonly report?: string;
  readonly json?: boolean;
  readonly trials?: string;
  readonly realityCheck?: boolean;
}

/** What the words of the command line ask for. @throws ConfigurationError naming the option, its value and the mend */
function requestOf(
  name: string | undefined,
  options: SearchCommandOptions,
): { readonly request: SearchRequest; readonly workers: number } {
  if (options.range === undefined || options.range.length === 0)
    throw new ConfigurationError(
      'there is nothing to search; give at least one --range, such as --range fast=5:50:5 --range slow=60,100,200',
    );
  const { workers, random, windows } = parseSearchWords(options);
  const input = readBacktestWords(options);
  const ranges = options.range.map(parseRange);
  return { request: { strategy: name ?? 'sma-cross', ranges, random, windows, input }, workers };
}

/**
 * Searches parameters on worker threads; every trial goes into a file as it finishes, so that an interrupt loses at most
 * the trials in flight and the same command goes on.
 */
export async function searchCommand(
  name: string | undefined,
  options: SearchCommandOptions,
): Promise<ExitCode> {
  const { request, workers } = requestOf(name, options);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const data = await backtestData(request.input);
  for (const source of data.sources) say(`prices: ${source}`);
  const plan = await planSearch(request, data);
  const path = resolve(options.trials ?? `.abc/search-${plan.id.slice(0, 12)}.jsonl`);
  const file = new TrialFile(path, plan.id);
  const of = plan.points.length * plan.windows.length;
  const before = file.results.length;
  say(
    `${plan.points.length} trials on ${plan.windows.length} windows, ${workers} threads; every trial goes into ${path}${before === 0 ? '' : `, which has ${before} already`}`,
  );
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  let checks: readonly WindowRealityCheck[] | null = null;
  try {
    const finished = await runSearch(plan, file, workers, byTenths(say, before, 'trials'), stop.signal);
    if (!finished) {
      say(
        `interrupted: ${file.results.length} of ${of} trials are in ${path}; the same command goes on from here`,
      );
      return EXIT.interrupted;
    }
    if (options.realityCheck === true) {
      const follow = byTenths(say, 0, 'trials played again for the reality check');
      checks = await searchRealityChecks(plan, file.results, follow, stop.signal);
      if (checks === null) {
        say(`interrupted: all trials are in ${path}; the same command checks them again`);
        return EXIT.interrupted;
      }
    }
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
  const report = await searchReport(plan, file.results);
  if (options.report !== undefined) {
    const page = await searchSheet(plan, report, commitOfProgram());
    if (page === null) say('no tear sheet: there is a window in which no trial has a Sharpe ratio');
    else {
      writeReport(options.report, page);
      say(`report: ${options.report}`);
    }
  }
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ ...report, realityCheck: checks }, null, 2)}\n`
      : tableOf(report, checks),
  );
  return EXIT.ok;
}

/** Says how much is done, a line for each tenth. */
function byTenths(say: (line: string) => void, before: number, what: string) {
  let last = before;
  return (done: number, of: number): void => {
    if (Math.floor((10 * done) / of) > Math.floor((10 * last) / of)) say(`${done} of ${of} ${what}`);
    last = done;
  };
}

const number = (figure: Figure, text: (value: number) => string): string =>
  figure.kind === 'value' ? text(figure.value) : `n/a (${figure.reason})`;
const percentText = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;
const percent = (figure: Figure) => number(figure, percentText);
const ratio = (figure: Figure) => number(figure, (one) => one.toFixed(2));

function tableOf(report: SearchReport, checks: readonly WindowRealityCheck[] | null): string {
  const ranges = report.ranges.map(({ name, values }) => `${name}=${values.join(',')}`);
  const chain =
    report.results.length < 2 || report.outOfSample === undefined
      ? []
      : [
          '',
          `all ${report.results.length} tests one after the other`,
          ...columns([
            ['', 'chosen', 'buy-and-hold'],
            ...figureRows(report.outOfSample, report.buyAndHold),
            ['PSR', percent(report.outOfSample.probabilistic), percent(report.buyAndHold.probabilistic)],
          ]),
          ...doubts('chosen', report.outOfSample),
        ];
  return `${[
    `${report.strategy}: ${report.method} search, ${report.trials} trials on ${report.results.length} windows`,
    `ranges      ${ranges.join('; ')}`,
    ...report.results.flatMap((window, index) => windowLines(window, checks?.[index])),
    ...chain,
    '',
    ...report.data.sources.map((source) => `data        ${source}`),
    `data hash   ${report.data.sha256}`,
    `search      ${report.search}`,
  ].join('\n')}\n`;
}

function realityLines(check: WindowRealityCheck | undefined): string[] {
  if (check === undefined) return [];
  const p = (figure: Figure) => number(figure, (one) => `p ${one.toFixed(4)}`);
  return [
    `White       ${p(check.white)} that none of ${check.trials} trials is better than buy-and-hold (reality check)`,
    `Hansen      ${p(check.superiorAbility)} of the same, not weakened by bad trials (superior predictive ability)`,
  ];
}

function windowLines(
  { train, test, verdict, best, buyAndHold }: WindowReport,
  check: WindowRealityCheck | undefined,
): string[] {
  const head = ['', `chosen on ${train[0]} to ${train[1]}, tried on ${test[0]} to ${test[1]}`];
  const counts = `trials      ${verdict.measured} measured, ${verdict.failed} failed`;
  if (best === undefined) return [...head, counts, 'best        none: no trial has a Sharpe ratio'];
  const parameters = Object.entries(best.parameters).map(([name, value]) => `${name}=${value}`);
  return [
    ...head,
    counts,
    `best        ${parameters.join(', ')} (trial ${best.trial + 1})`,
    `PSR         ${percent(verdict.probabilistic)} that its Sharpe ratio is above zero, as if it were the only trial`,
    `DSR         ${percent(verdict.deflated)} that it is above the best of as many trials without skill`,
    `PBO         ${percent(verdict.overfitting.probability)} that the best in sample is no better than the median out of sample`,
    ...realityLines(check),
    ...columns([
      ['', 'in sample', 'out of sample', 'held in sample', 'held out of sample'],
      ...figureRows(best.inSample, best.outOfSample, buyAndHold.inSample, buyAndHold.outOfSample),
    ]),
    ...doubts('out of sample', best.outOfSample),
  ];
}

type ShownFigures = Pick<JudgedFigures, 'totalReturn' | 'annualGrowth' | 'sharpe' | 'maximumDrawdown'>;

const figureRows = (...shown: readonly ShownFigures[]): string[][] => [
  ['total return', ...shown.map((one) => percent(one.totalReturn))],
  ['return a year', ...shown.map((one) => percent(one.annualGrowth))],
  ['Sharpe', ...shown.map((one) => ratio(one.sharpe))],
  ['maximum drawdown', ...shown.map((one) => percentText(one.maximumDrawdown))],
];

const columns = (rows: readonly (readonly string[])[]): string[] =>
  rows.map(
    ([name = '', ...cells]) => `${name.padEnd(20)}${cells.map((cell) => ` ${cell.padStart(18)}`).join('')}`,
  );

const doubts = (name: string, { plausibility }: JudgedFigures): string[] =>
  plausibility.kind === 'plausible'
    ? []
    : plausibility.causes.map(({ text }) => `IMPLAUSIBLE ${name}: ${text}`);
