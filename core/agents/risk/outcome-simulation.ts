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
  const history = relativeSessions(bars, trade.direction === 'long');
  if (history === null || !(trade.entry > 0) || trade.horizonSessions < 1) return null;
  const random = seededRandom(seedOf(...seed));
  let wins = 0;
  let sum = 0;
  let squares = 0;
  for (let path = 0; path < paths; path++) {
    const exit = playPath(history, trade, random);
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

/**
 * Sessions of the past as ratios to the close before, as a position sees them, {@link RATIOS} a session side by side: a
 * path reads those of one session together.
 */
interface RelativeSessions {
  readonly count: number;
  readonly ratios: Float64Array;
}

const RATIOS = 4;
/** The end of the range that hurts: the low for a long, the high for a short. */
const ADVERSE = 0;
const FAVOURABLE = 1;
const CLOSE = 2;
const OPEN = 3;

function relativeSessions(
  { open, high, low, close, length }: BarSeries,
  isLong: boolean,
): RelativeSessions | null {
  const start = Math.max(1, length - HISTORY_SESSIONS);
  const count = length - start;
  if (count < SIMULATION_MINIMUM_SESSIONS) return null;
  const columns = isLong ? [low, high, close, open] : [high, low, close, open];
  const ratios = new Float64Array(count * RATIOS);
  for (const [place, prices] of columns.entries()) {
    for (let session = 0; session < count; session++) {
      const ratio = (prices[start + session] as number) / (close[start + session - 1] as number);
      if (!(ratio > 0 && ratio < Number.POSITIVE_INFINITY)) return null;
      ratios[session * RATIOS + place] = ratio;
    }
  }
  return { count, ratios };
}

/** The price at which a path of the trade ends. */
function playPath(
  { count, ratios }: RelativeSessions,
  { direction, entry, stop, target, horizonSessions }: TradeToSimulate,
  random: Random,
): number {
  const isLong = direction === 'long';
  let price = entry;
  for (let played = 0; played < horizonSessions; played += BLOCK) {
    const block = Math.min(BLOCK, horizonSessions - played);
    let at = random.integer(count) * RATIOS;
    for (let session = 0; session < block; session++) {
      const adverse = price * (ratios[at + ADVERSE] as number);
      if (isLong ? adverse <= stop : adverse >= stop) {
        const opened = price * (ratios[at + OPEN] as number);
        return isLong ? Math.min(opened, stop) : Math.max(opened, stop);
      }
      const favourable = price * (ratios[at + FAVOURABLE] as number);
      if (isLong ? favourable >= target : favourable <= target) {
        const opened = price * (ratios[at + OPEN] as number);
        return isLong ? Math.max(opened, target) : Math.min(opened, target);
      }
      price *= ratios[at + CLOSE] as number;
      at += RATIOS;
      if (at === ratios.length) at = 0;
    }
  }
  return price;
}
