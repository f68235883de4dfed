import type { BarSeries } from '#core/market/bars.ts';
import { memoize } from '#core/values/memo.ts';
import { type Random, seededRandom, seedOf } from '#core/values/random.ts';

export interface TradeToSimulate {
  readonly direction: 'long' | 'short';
  readonly entry: number;
  readonly stop: number;
  readonly target: number;
  readonly horizonSessions: number;
  /** Cost of getting in and out together, as a fraction of the entry price. */
  readonly roundTripCost: number;
}

export interface SimulatedOutcome {
  readonly paths: number;
  /** Share of paths that end with a profit after costs. */
  readonly probabilityOfProfit: number;
  /** Mean and variance of the return on the entry price, after costs. */
  readonly meanReturn: number;
  readonly variance: number;
}

/** Paths drawn: the standard error of a probability near 0.6 is then about half a percent. */
export const SIMULATED_PATHS = 8000;
/** Sessions of history drawn from: five years. */
const HISTORY_SESSIONS = 1260;
/** Fewer sessions than a year say too little of the tails. */
export const SIMULATION_MINIMUM_SESSIONS = 252;
/** Sessions of a block: volatility clusters over about a week (circular block bootstrap, Politis and Romano 1992). */
const BLOCK = 5;
/** More proposals than a cycle has, for two agents. */
const REMEMBERED = 16;

/**
 * Plays a trade on paths drawn from the instrument's own past: blocks of real sessions (open, high, low and close against
 * the close before), so that gaps and the range inside a session count. A stop fills at the worse of its price and the
 * open, a target at the better; both in one session: the stop. What reaches neither ends at the close of the horizon.
 * Null where the history is too short or holds a price that is not positive. A proposal is simulated again in each round of
 * votes: the last results are remembered.
 */
export const simulateOutcome = memoize(
  (
    { open, high, low, close }: BarSeries,
    trade: TradeToSimulate,
    seed: readonly (string | number)[],
    paths: number = SIMULATED_PATHS,
  ) => ({
    name: JSON.stringify([
      trade.direction,
      trade.entry,
      trade.stop,
      trade.target,
      trade.horizonSessions,
      trade.roundTripCost,
      seed,
      paths,
    ]),
    columns: [close, open, high, low],
  }),
  simulate,
  REMEMBERED,
);

function simulate(
  bars: BarSeries,
  trade: TradeToSimulate,
  seed: readonly (string | number)[],
  paths: number = SIMULATED_PATHS,
): SimulatedOutcome | null {
  const sign = trade.direction === 'long' ? 1 : -1;
  const history = relativeSessions(bars, sign);
  if (history === null || !(trade.entry > 0) || trade.horizonSessions < 1) return null;
  const random = seededRandom(seedOf(...seed));
  let wins = 0;
  let sum = 0;
  let squares = 0;
  for (let path = 0; path < paths; path++) {
    const exit = playPath(history, trade, sign, random);
    const result = (sign * (exit - trade.entry)) / trade.entry - trade.roundTripCost;
    if (result > 0) wins++;
    sum += result;
    squares += result * result;
  }
  const mean = sum / paths;
  return {
    paths,
    probabilityOfProfit: wins / paths,
    meanReturn: mean,
    variance: Math.max(0, squares / paths - mean * mean),
  };
}

/** Sessions of the past as ratios to the close before, as a position sees them. */
interface RelativeSessions {
  readonly open: Float64Array;
  /** The end of the range that hurts: the low for a long, the high for a short. */
  readonly adverse: Float64Array;
  readonly favourable: Float64Array;
  readonly close: Float64Array;
}

function relativeSessions(bars: BarSeries, sign: 1 | -1): RelativeSessions | null {
  const start = Math.max(1, bars.length - HISTORY_SESSIONS);
  if (bars.length - start < SIMULATION_MINIMUM_SESSIONS) return null;
  const open = relativeTo(bars.close, bars.open, start, bars.length);
  const high = relativeTo(bars.close, bars.high, start, bars.length);
  const low = relativeTo(bars.close, bars.low, start, bars.length);
  const close = relativeTo(bars.close, bars.close, start, bars.length);
  if (open === null || high === null || low === null || close === null) return null;
  return { open, adverse: sign === 1 ? low : high, favourable: sign === 1 ? high : low, close };
}

/** Prices over the close before, from bar `start` to `end`; null where one is not finite and positive. */
function relativeTo(
  close: Float64Array,
  prices: Float64Array,
  start: number,
  end: number,
): Float64Array | null {
  const ratios = new Float64Array(end - start);
  for (let index = start; index < end; index++) {
    const ratio = (prices[index] as number) / (close[index - 1] as number);
    if (!(ratio > 0 && ratio < Number.POSITIVE_INFINITY)) return null;
    ratios[index - start] = ratio;
  }
  return ratios;
}

function playPath(
  { open, adverse, favourable, close }: RelativeSessions,
  { entry, stop, target, horizonSessions }: TradeToSimulate,
  sign: 1 | -1,
  random: Random,
): number {
  const sessions = close.length;
  let price = entry;
  let at = 0;
  for (let session = 0; session < horizonSessions; session++) {
    if (session % BLOCK === 0) at = random.integer(sessions);
    else at = at + 1 === sessions ? 0 : at + 1;
    if (sign * (price * (adverse[at] as number) - stop) <= 0) {
      const opened = price * (open[at] as number);
      return sign * (opened - stop) < 0 ? opened : stop;
    }
    if (sign * (price * (favourable[at] as number) - target) >= 0) {
      const opened = price * (open[at] as number);
      return sign * (opened - target) > 0 ? opened : target;
    }
    price *= close[at] as number;
  }
  return price;
}
