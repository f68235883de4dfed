import { undefinedBecause, value } from '#core/analytics/series.ts';
import {
  monteCarloOfTrades,
  type PathQuantiles,
  type TradePaths,
  tradeReturns,
} from '#core/analytics/validation/trade-monte-carlo.ts';
import type { SimulationResult } from '#core/simulation/simulation-result.ts';
import { seedOf } from '#core/values/random.ts';
import { figureText, moneyText, percentText } from '#local/report/figure-text.ts';

/** What other orders and other selections of a backtest's trades would have come to. */
export interface TradePathsReport {
  readonly paths: number;
  /** Ruin is equity at or below this part of the start. */
  readonly ruinAt: number;
  /** The drawdown at which the desk halts. */
  readonly drawdownLimit: number;
  /** Equity that every path begins with. */
  readonly start: number;
  readonly reshuffle: TradePaths;
  readonly bootstrap: TradePaths;
}

/** Half the account: nobody waits for more. */
const RUIN_AT = 0.5;

/**
 * Draws paths from the closed trades of a result, both ways, seeded.
 * @param drawdownLimit a fraction, such as the desk's 0.05
 * @throws InvalidValidationError for no paths, or a trade without equity before it
 */
export function tradePathsReport(
  result: SimulationResult,
  {
    paths,
    seed,
    start,
    drawdownLimit,
  }: {
    readonly paths: number;
    readonly seed: string;
    readonly start: number;
    readonly drawdownLimit: number;
  },
): TradePathsReport {
  const returns = tradeReturns(result);
  const drawn = (method: 'reshuffle' | 'bootstrap') =>
    monteCarloOfTrades(returns, {
      method,
      paths,
      seed: seedOf(seed, 'trade-monte-carlo', method),
      ruinAt: RUIN_AT,
      drawdownLimit,
    });
  return {
    paths,
    ruinAt: RUIN_AT,
    drawdownLimit,
    start,
    reshuffle: drawn('reshuffle'),
    bootstrap: drawn('bootstrap'),
  };
}

type Pick = (paths: Extract<TradePaths, { kind: 'value' }>) => number;

/** A small table for people: the trades in other orders, and others drawn from them. */
export function tradePathsLines(report: TradePathsReport): readonly string[] {
  const { start, drawdownLimit, ruinAt } = report;
  const cell = (paths: TradePaths, pick: Pick, text: (number: number) => string) =>
    figureText(paths.kind === 'value' ? value(pick(paths)) : undefinedBecause(paths.reason), text);
  const row = (label: string, pick: Pick, text = percentText as (number: number) => string) =>
    `${label.padEnd(32)}${cell(report.reshuffle, pick, text).padStart(16)}${cell(report.bootstrap, pick, text).padStart(16)}`;
  if (report.reshuffle.kind === 'undefined')
    return [`Monte Carlo of trades: undefined: ${report.reshuffle.reason}`];
  const end = (at: keyof PathQuantiles) => (paths: Parameters<Pick>[0]) => start * paths.endMultiple[at];
  const drawdown = (at: keyof PathQuantiles) => (paths: Parameters<Pick>[0]) => paths.maximumDrawdown[at];
  return [
    `${`trades, ${report.paths} paths`.padEnd(32)}${'other order'.padStart(16)}${'drawn again'.padStart(16)}`,
    row('final equity, 5 % of paths below', end('p5'), moneyText),
    row('final equity, half', end('p50'), moneyText),
    row('final equity, 95 %', end('p95'), moneyText),
    row('drawdown, half', drawdown('p50')),
    row('drawdown, 95 %', drawdown('p95')),
    row('drawdown, 99 %', drawdown('p99')),
    row(`drawdown of ${percentText(drawdownLimit)} or more`, (paths) => paths.breachProbability),
    row(`ruin (${percentText(ruinAt, 0)} of the start)`, (paths) => paths.ruinProbability),
  ];
}
