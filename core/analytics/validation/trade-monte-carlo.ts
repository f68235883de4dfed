import type { SimulationResult } from '#core/simulation/simulation-result.ts';
import { seededRandom } from '#core/values/random.ts';
import { momentsOf } from '../performance/moments.ts';
import { sortedQuantile } from '../performance/tail-risk.ts';
import { InvalidValidationError, requireFinite, requireWhole } from './errors.ts';

/** How paths are drawn from the trades. */
export interface TradeMonteCarlo {
  /**
   * `reshuffle`: the same trades in another order, which shows how much of the drawdown was luck of the order; the end
   * is always the same. `bootstrap`: as many trades drawn with replacement, which moves the end too.
   */
  readonly method: 'reshuffle' | 'bootstrap';
  readonly paths: number;
  readonly seed: number;
  /** Ruin is equity at or below this part of the start, such as 0.5. */
  readonly ruinAt: number;
  /** A path breaches where it has ever lost this fraction or more from a high, such as 0.05. */
  readonly drawdownLimit: number;
}

/** Quantiles over the paths; linear between order statistics. */
export interface PathQuantiles {
  readonly mean: number;
  readonly p1: number;
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly p99: number;
}

/** What came of the paths, or the reason why there are none. */
export type TradePaths =
  | {
      readonly kind: 'value';
      /** End over start. */
      readonly endMultiple: PathQuantiles;
      /** Largest loss from a high of equity at the ends of trades, as a positive fraction. */
      readonly maximumDrawdown: PathQuantiles;
      /** Share of the paths that were ruined anywhere on the way; those end there. */
      readonly ruinProbability: number;
      /** Share of the paths whose largest drawdown reached the limit. */
      readonly breachProbability: number;
    }
  | { readonly kind: 'undefined'; readonly reason: string };

/**
 * Profit of each closed trade as a fraction of the equity at the last mark before its entry, in the order of their exits.
 * @throws InvalidValidationError for a trade before the first mark or at equity of zero or less
 */
export function tradeReturns({ trades, marks }: Pick<SimulationResult, 'trades' | 'marks'>): Float64Array {
  const closed = trades
    .filter(({ open }) => !open)
    .toSorted((a, b) => a.exitTime - b.exitTime || a.entryTime - b.entryTime);
  return Float64Array.from(closed, ({ entryTime, profit, instrument }) => {
    const after = marks.time.findIndex((time) => time >= entryTime);
    const before = (after === -1 ? marks.time.length : after) - 1;
    const equity = marks.equity[before];
    if (equity === undefined || !(equity > 0))
      throw new InvalidValidationError(
        `a trade in ${instrument} was entered at ${entryTime} on equity of ${equity ?? 'no mark before it'}; give marks from before the first entry`,
      );
    return profit / equity;
  });
}

/**
 * Replays trades in other orders or other selections, one after the other and compounding.
 * @param returns profit of each trade as a fraction of the equity it was entered with; −1 loses everything
 * @throws InvalidValidationError for a return that is not finite, no paths, or a ruin or drawdown limit outside its range
 */
export function monteCarloOfTrades(returns: Float64Array, settings: TradeMonteCarlo): TradePaths {
  requireFinite('trade return', returns);
  requireWhole('paths', settings.paths, 1);
  if (!(settings.ruinAt >= 0 && settings.ruinAt < 1))
    throw new InvalidValidationError(
      `ruin at ${settings.ruinAt} of the start is not from 0 to below 1; such as 0.5`,
    );
  if (!(settings.drawdownLimit > 0 && settings.drawdownLimit <= 1))
    throw new InvalidValidationError(
      `a drawdown limit of ${settings.drawdownLimit} is not above 0 and at most 1; such as 0.05`,
    );
  const { length } = returns;
  if (length < 2) return { kind: 'undefined', reason: `${length} closed trades; at least 2 are needed` };
  const random = seededRandom(settings.seed);
  const ends = new Float64Array(settings.paths);
  const drawdowns = new Float64Array(settings.paths);
  const drawn = Float64Array.from(returns);
  let [ruined, breached] = [0, 0];
  for (let path = 0; path < settings.paths; path++) {
    switch (settings.method) {
      case 'reshuffle':
        for (let last = length - 1; last > 0; last--) {
          const other = random.integer(last + 1);
          [drawn[last], drawn[other]] = [drawn[other]!, drawn[last]!];
        }
        break;
      case 'bootstrap':
        for (let i = 0; i < length; i++) drawn[i] = returns[random.integer(length)]!;
        break;
    }
    const { end, drawdown } = compound(drawn, settings.ruinAt);
    ends[path] = end;
    drawdowns[path] = drawdown;
    if (end <= settings.ruinAt) ruined++;
    if (drawdown >= settings.drawdownLimit) breached++;
  }
  return {
    kind: 'value',
    endMultiple: quantilesOf(ends),
    maximumDrawdown: quantilesOf(drawdowns),
    ruinProbability: ruined / settings.paths,
    breachProbability: breached / settings.paths,
  };
}

/** Compounds until ruin, where a path ends: an account with nothing, or closed by its limit, does not come back. */
function compound(returns: Float64Array, ruinAt: number): { end: number; drawdown: number } {
  let [equity, high, drawdown] = [1, 1, 0];
  for (const item of returns) {
    equity = Math.max(0, equity * (1 + item));
    high = Math.max(high, equity);
    drawdown = Math.max(drawdown, 1 - equity / high);
    if (equity <= ruinAt) break;
  }
  return { end: equity, drawdown };
}

function quantilesOf(sample: Float64Array): PathQuantiles {
  const sorted = sample.toSorted();
  const at = (probability: number) => sortedQuantile(sorted, probability);
  return {
    mean: momentsOf(sorted).mean,
    p1: at(0.01),
    p5: at(0.05),
    p25: at(0.25),
    p50: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    p99: at(0.99),
  };
}
