import { newYorkDate } from '#core/market/calendar.ts';
import type { EngineResult } from '#core/simulation/engine/options.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import {
  BUILT_IN_STRATEGIES,
  type BuiltInStrategy,
  builtInStrategy,
} from '#core/simulation/strategies/catalog.ts';
import { type Backtest, type BacktestData, backtestData, runBacktest } from '#local/backtest/backtest.ts';
import {
  type BacktestParameters,
  parseBacktestParameters,
  strategyParameters,
} from '#local/backtest/backtest-parameters.ts';
import { strategyFromFile } from '#local/backtest/strategy-file.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface BacktestCommandOptions {
  readonly symbols?: string;
  readonly from?: string;
  readonly to?: string;
  readonly data?: string;
  readonly cash?: string;
  readonly commission?: string;
  readonly seed?: string;
  readonly parameters?: string;
  readonly json?: boolean;
}

export const DEFAULTS = {
  symbols: 'SPX-PROXY',
  from: '2000-01-03',
  to: '2020-04-17',
  cash: '100000',
  seed: 'abc-application',
};

/** Runs one strategy over bars, with buy-and-hold beside it. Writes no files, so an interrupt ends it at once and leaves nothing behind. */
export async function backtestCommand(
  name: string | undefined,
  options: BacktestCommandOptions,
): Promise<ExitCode> {
  const parameters = parseBacktestParameters({
    symbols: (options.symbols ?? DEFAULTS.symbols).split(',').map((symbol) => symbol.trim().toUpperCase()),
    from: options.from ?? DEFAULTS.from,
    to: options.to ?? DEFAULTS.to,
    data: options.data ?? null,
    cash: options.cash ?? DEFAULTS.cash,
    commission: options.commission ?? 'tiered',
    seed: options.seed ?? DEFAULTS.seed,
  });
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const strategy = await strategyNamed(name ?? 'sma-cross', strategyParameters(options.parameters));
  const data = await backtestData(parameters);
  for (const source of data.sources) say(`prices: ${source}`);
  say(`running ${strategy.name} and buy-and-hold …`);
  const report = reportOf(runBacktest(strategy, data, parameters), data, parameters);
  process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
  return EXIT.ok;
}

const isBuiltIn = (name: string): name is BuiltInStrategy =>
  (BUILT_IN_STRATEGIES as readonly string[]).includes(name);

const strategyNamed = async (
  name: string,
  parameters: Readonly<Record<string, number>>,
): Promise<Strategy> =>
  isBuiltIn(name) ? builtInStrategy(name, parameters) : strategyFromFile(name, parameters);

function figures({ marks, fills, orders, trades, costs, refusals, incidents }: EngineResult, cash: number) {
  const final = marks.equity.at(-1) ?? Number.NaN;
  const years = ((marks.time.at(-1) ?? 0) - (marks.time[0] ?? 0)) / (365.25 * 86_400_000);
  return {
    finalEquity: Math.round(final * 100) / 100,
    totalReturn: final / cash - 1,
    /** Undefined below one year: a rate a year says nothing then. */
    annualReturn: years >= 1 && final > 0 ? (final / cash) ** (1 / years) - 1 : null,
    maximumDrawdown: marks.drawdown.reduce((worst, one) => Math.max(worst, one), 0),
    orders: orders.length,
    fills: fills.length,
    trades: trades.length,
    costs,
    refusals,
    incidents: incidents.map(({ time, kind, detail }) => ({ date: newYorkDate(time), kind, detail })),
  };
}

function reportOf(
  { strategy, result, benchmark }: Backtest,
  data: BacktestData,
  parameters: BacktestParameters,
) {
  return {
    strategy: strategy.name,
    parameters: strategy.parameters,
    input: parameters,
    data: { sources: data.sources, sha256: data.hash },
    costModel: `IBKR ${parameters.commission}; spread 2 bp, slippage 1 bp, square-root impact, at most 10 % of a bar's volume; borrow 0.5 %, debit interest 6 % a year`,
    trials: 1,
    result: figures(result, parameters.cash),
    buyAndHold: figures(benchmark, parameters.cash),
  };
}

function tableOf(report: ReturnType<typeof reportOf>): string {
  const percent = (fraction: number | null) =>
    fraction === null ? 'n/a' : `${(fraction * 100).toFixed(2)} %`;
  const money = (amount: number) =>
    amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const { result, buyAndHold: held } = report;
  const rows: readonly (readonly [string, string, string])[] = [
    ['', report.strategy, 'buy-and-hold'],
    ['final equity', money(result.finalEquity), money(held.finalEquity)],
    ['total return', percent(result.totalReturn), percent(held.totalReturn)],
    ['return a year', percent(result.annualReturn), percent(held.annualReturn)],
    ['maximum drawdown', percent(result.maximumDrawdown), percent(held.maximumDrawdown)],
    ['orders, fills', `${result.orders}, ${result.fills}`, `${held.orders}, ${held.fills}`],
    ['trades', String(result.trades), String(held.trades)],
    ['commission', money(result.costs.commission), money(held.costs.commission)],
    ['spread and slippage', money(result.costs.spreadAndSlippage), money(held.costs.spreadAndSlippage)],
    ['impact', money(result.costs.impact), money(held.costs.impact)],
    [
      'borrow and interest',
      money(result.costs.borrow + result.costs.interest),
      money(held.costs.borrow + held.costs.interest),
    ],
  ];
  const parameters = Object.entries(report.parameters).map(([name, value]) => `${name}=${value}`);
  return `${[
    ...rows.map(([name, first, second]) => `${name.padEnd(20)} ${first.padStart(18)} ${second.padStart(18)}`),
    '',
    `parameters  ${parameters.join(', ')}; cash ${money(report.input.cash)}; trials ${report.trials}`,
    `costs       ${report.costModel}`,
    ...report.data.sources.map((source) => `data        ${source}`),
    `data hash   ${report.data.sha256}`,
    ...result.incidents.map(({ date, kind, detail }) => `incident    ${date} ${kind}: ${detail}`),
    ...Object.entries(result.refusals).map(([rule, count]) => `refused     ${count} orders by ${rule}`),
  ].join('\n')}\n`;
}
