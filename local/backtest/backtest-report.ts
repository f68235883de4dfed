import { reportCurves } from '#core/analytics/performance/report-curves.ts';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import type { EngineResult } from '#core/simulation/engine/options.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import type { SimulationResult } from '#core/simulation/simulation-result.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { tearSheet } from '#local/report/tear-sheet.ts';
import { type BacktestData, backtestData, runBacktest } from './backtest.ts';
import type { BacktestParameters } from './backtest-parameters.ts';
import { DESK, deskBacktest, deskCostModel, deskParameters } from './desk-backtest.ts';
import { checkLookAhead, type LookAheadReport } from './look-ahead-check.ts';
import { strategyFactoryNamed } from './named-strategy.ts';
import { type TradePathsReport, tradePathsReport } from './trade-paths.ts';

/** What a person asks for. */
export interface BacktestRequest {
  /** A built-in strategy, a file that exports one, or `desk` for the whole desk. */
  readonly strategy: string;
  readonly strategyParameters: Readonly<Record<string, number>>;
  /** Times of the desk's cycles as given; null without, and for every other strategy. */
  readonly cycles: string | null;
  /** Sessions after a drawdown step from which on trading is resumed; null for never, and for every other strategy. */
  readonly resumeAfter: number | null;
  readonly parameters: BacktestParameters;
  /** Commit of the program, where it is known. */
  readonly commit: string | null;
  /** Whether a tear sheet is wanted. */
  readonly page: boolean;
  /** Whether the strategy is run again on other futures, to see whether it knows them. */
  readonly checkLookAhead: boolean;
  /** Paths to draw from the trades; null for none. */
  readonly monteCarlo: number | null;
}

/** How far a backtest is. */
export type BacktestProgress =
  | { readonly kind: 'loaded'; readonly sources: readonly string[]; readonly strategy: string }
  | { readonly kind: 'simulated'; readonly strategy: string; readonly date: string; readonly done: number }
  | { readonly kind: 'checking'; readonly runs: number; readonly of: number }
  | { readonly kind: 'measuring' };

/** One result as JSON: counts, what happened on the way, and every figure. */
function outcomeOf(
  result: SimulationResult,
  orders: number,
  benchmark: SimulationResult | undefined,
  bars: readonly BarSeries[],
) {
  const { fills, refusals, incidents } = result;
  return {
    orders,
    fills: fills.length,
    refusals,
    incidents: incidents.map(({ time, kind, detail }) => ({ date: newYorkDate(time), kind, detail })),
    performance: summarisePerformance(result, benchmark?.marks, { bars }),
  };
}

/** What trading is taken to cost, for people. */
export const costModelOf = ({ commission }: BacktestParameters): string =>
  `IBKR ${commission}; spread 2 bp, slippage 1 bp, square-root impact, at most 10 % of a bar's volume; borrow 0.5 %, debit interest 6 % a year`;

/** What `abc backtest --json` prints. */
export type BacktestReport = Awaited<ReturnType<typeof backtestReport>>['report'];

/** A strategy, or the desk, with what it came to. */
interface Played {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly result: SimulationResult;
  /** Orders given: those of the desk are those that its gate authorized. */
  readonly orders: number;
  readonly benchmark: EngineResult;
  readonly sources: readonly string[];
  readonly hash: string;
  readonly bars: readonly BarSeries[];
  readonly costModel: string;
  /** Null where it was not asked for. */
  readonly lookAhead: LookAheadReport | null;
}

type Tell = (progress: BacktestProgress) => void;

async function playedStrategy(request: BacktestRequest, tell: Tell): Promise<Played> {
  const { parameters } = request;
  if (request.cycles !== null)
    throw new ConfigurationError(
      `--cycles ${request.cycles} is for the desk only; leave it out, or run abc backtest ${DESK}`,
    );
  if (request.resumeAfter !== null)
    throw new ConfigurationError(
      `--resume-after ${request.resumeAfter} is for the desk only; leave it out, or run abc backtest ${DESK}`,
    );
  const make = await strategyFactoryNamed(request.strategy);
  const data = await backtestData(parameters);
  const strategy = make(request.strategyParameters, data.instruments);
  tell({ kind: 'loaded', sources: data.sources, strategy: strategy.name });
  const { result, benchmark } = runBacktest(followed(strategy, data, tell), data, parameters);
  const { name, parameters: own } = strategy;
  const costModel = costModelOf(parameters);
  const bars = data.instruments.map((one) => one.bars);
  const orders = result.orders.length;
  const lookAhead = request.checkLookAhead
    ? await checkLookAhead(request.strategy, make, request.strategyParameters, data, parameters, (runs, of) =>
        tell({ kind: 'checking', runs, of }),
      )
    : null;
  return { name, parameters: own, result, orders, benchmark, ...data, bars, costModel, lookAhead };
}

async function playedDesk(request: BacktestRequest, tell: Tell): Promise<Played> {
  const { parameters, strategyParameters, cycles, resumeAfter } = request;
  if (request.checkLookAhead)
    throw new ConfigurationError(
      '--check-lookahead is for strategies; the desk is shown closed bars only, which a test of its own checks. Leave it out',
    );
  const desk = deskParameters(strategyParameters, cycles, resumeAfter);
  let told = 0;
  const { run, ...rest } = await deskBacktest(
    parameters,
    desk,
    (sources) => tell({ kind: 'loaded', sources, strategy: DESK }),
    (date, done) => {
      if (Math.floor(done * PARTS) === told) return;
      told = Math.floor(done * PARTS);
      tell({ kind: 'simulated', strategy: DESK, date, done });
    },
  );
  const { result, authorized } = run;
  return {
    name: DESK,
    parameters: { ...desk, seed: parameters.seed },
    result,
    orders: authorized,
    ...rest,
    costModel: deskCostModel(parameters),
    lookAhead: null,
  };
}

/**
 * Loads, simulates and measures, telling of its progress on the way.
 * @throws the errors of {@link backtestData}, of the strategy and of the simulation
 */
export async function backtestReport(request: BacktestRequest, tell: Tell) {
  const { parameters, commit } = request;
  const played = await (request.strategy === DESK ? playedDesk : playedStrategy)(request, tell);
  const { name, result, benchmark, bars, sources, hash, costModel } = played;
  tell({ kind: 'measuring' });
  const report = {
    strategy: name,
    parameters: played.parameters,
    input: parameters,
    data: { sources, sha256: hash },
    commit,
    costModel,
    trials: 1,
    result: outcomeOf(result, played.orders, benchmark, bars),
    buyAndHold: outcomeOf(benchmark, benchmark.orders.length, undefined, bars),
    lookAhead: played.lookAhead,
    monteCarlo: tradePathsOf(result, request),
  };
  if (!request.page) return { report, page: null };
  const page = tearSheet({
    subject: 'Backtest on simulated money',
    result: { name, summary: report.result.performance },
    benchmark: { name: 'buy-and-hold', summary: report.buyAndHold.performance },
    curves: reportCurves(result, benchmark.marks),
    trades: result.trades,
    incidents: incidentLines(report.result),
    provenance: {
      sources,
      sha256: hash,
      commit,
      parameters: {
        ...played.parameters,
        cash: parameters.cash,
        commission: parameters.commission,
        seed: parameters.seed,
      },
      costModel,
      trials: report.trials,
    },
  });
  return { report, page };
}

function tradePathsOf(
  result: SimulationResult,
  { monteCarlo, parameters }: BacktestRequest,
): TradePathsReport | null {
  if (monteCarlo === null) return null;
  return tradePathsReport(result, {
    paths: monteCarlo,
    seed: parameters.seed,
    start: parameters.cash,
    drawdownLimit: DEFAULT_RISK_POLICY.drawdown.halt,
  });
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
