import { reportCurves } from '#core/analytics/performance/report-curves.ts';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import type { EngineResult } from '#core/simulation/engine/options.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import { tearSheet } from '#local/report/tear-sheet.ts';
import { type BacktestData, backtestData, runBacktest } from './backtest.ts';
import type { BacktestParameters } from './backtest-parameters.ts';
import { strategyFactoryNamed } from './named-strategy.ts';

/** What a person asks for. */
export interface BacktestRequest {
  /** A built-in strategy, or a file that exports one. */
  readonly strategy: string;
  readonly strategyParameters: Readonly<Record<string, number>>;
  readonly parameters: BacktestParameters;
  /** Commit of the program, where it is known. */
  readonly commit: string | null;
  /** Whether a tear sheet is wanted. */
  readonly page: boolean;
}

/** How far a backtest is. */
export type BacktestProgress =
  | { readonly kind: 'loaded'; readonly sources: readonly string[]; readonly strategy: string }
  | { readonly kind: 'simulated'; readonly strategy: string; readonly date: string; readonly done: number }
  | { readonly kind: 'measuring' };

/** One result as JSON: counts, what happened on the way, and every figure. */
function outcomeOf(result: EngineResult, benchmark: EngineResult | undefined, data: BacktestData) {
  const { orders, fills, refusals, incidents } = result;
  return {
    orders: orders.length,
    fills: fills.length,
    refusals,
    incidents: incidents.map(({ time, kind, detail }) => ({ date: newYorkDate(time), kind, detail })),
    performance: summarisePerformance(result, benchmark?.marks, {
      bars: data.instruments.map(({ bars }) => bars),
    }),
  };
}

/** What trading is taken to cost, for people. */
export const costModelOf = ({ commission }: BacktestParameters): string =>
  `IBKR ${commission}; spread 2 bp, slippage 1 bp, square-root impact, at most 10 % of a bar's volume; borrow 0.5 %, debit interest 6 % a year`;

/** What `abc backtest --json` prints. */
export type BacktestReport = Awaited<ReturnType<typeof backtestReport>>['report'];

/**
 * Loads, simulates and measures, telling of its progress on the way.
 * @throws the errors of {@link backtestData}, of the strategy and of the simulation
 */
export async function backtestReport(request: BacktestRequest, tell: (progress: BacktestProgress) => void) {
  const { parameters, commit } = request;
  const strategy = (await strategyFactoryNamed(request.strategy))(request.strategyParameters);
  const data = await backtestData(parameters);
  tell({ kind: 'loaded', sources: data.sources, strategy: strategy.name });
  const { result, benchmark } = runBacktest(followed(strategy, data, tell), data, parameters);
  tell({ kind: 'measuring' });
  const report = {
    strategy: strategy.name,
    parameters: strategy.parameters,
    input: parameters,
    data: { sources: data.sources, sha256: data.hash },
    commit,
    costModel: costModelOf(parameters),
    trials: 1,
    result: outcomeOf(result, benchmark, data),
    buyAndHold: outcomeOf(benchmark, undefined, data),
  };
  if (!request.page) return { report, page: null };
  const page = tearSheet({
    subject: 'Backtest on simulated money',
    result: { name: strategy.name, summary: report.result.performance },
    benchmark: { name: 'buy-and-hold', summary: report.buyAndHold.performance },
    curves: reportCurves(result, benchmark.marks),
    trades: result.trades,
    incidents: incidentLines(report.result),
    provenance: {
      sources: data.sources,
      sha256: data.hash,
      commit,
      parameters: {
        ...strategy.parameters,
        cash: parameters.cash,
        commission: parameters.commission,
        seed: parameters.seed,
      },
      costModel: report.costModel,
      trials: report.trials,
    },
  });
  return { report, page };
}

/** Incidents and refusals, a line each. */
export const incidentLines = ({
  incidents,
  refusals,
}: Pick<BacktestReport['result'], 'incidents' | 'refusals'>): readonly string[] => [
  ...incidents.map(({ date, kind, detail }) => `${date} ${kind}: ${detail}`),
  ...Object.entries(refusals).map(([rule, count]) => `${count} orders refused by ${rule}`),
];

const PARTS = 100;

/** The same strategy, telling at each hundredth of the time that it has come to. */
function followed(
  strategy: Strategy,
  { instruments }: BacktestData,
  tell: (progress: BacktestProgress) => void,
): Strategy {
  const from = Math.min(...instruments.map(({ bars }) => bars.closeTime[0] ?? Number.POSITIVE_INFINITY));
  const to = Math.max(...instruments.map(({ bars }) => bars.closeTime.at(-1) ?? 0));
  return {
    ...strategy,
    start(setup) {
      const decide = strategy.start(setup);
      let next = from + (to - from) / PARTS;
      return (context) => {
        if (context.time >= next) {
          const done = to > from ? (context.time - from) / (to - from) : 1;
          next = from + ((Math.floor(done * PARTS) + 1) / PARTS) * (to - from);
          tell({ kind: 'simulated', strategy: strategy.name, date: newYorkDate(context.time), done });
        }
        decide(context);
      };
    },
  };
}
