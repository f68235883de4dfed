import type { BarSeries } from '#core/market/bars.ts';
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

/**
 * Plays a trade on paths drawn from the instrument's own past: blocks of real sessions (open, high, low and close against
 * the close before), so that gaps and the range inside a session count. A stop fills at the worse of its price and the
 * open, a target at the better; both in one session: the stop. What reaches neither ends at the close of the horizon.
 * Null where the history is too short or holds a price that is not positive.
 */
export function simulateOutcome(
  bars: BarSeries,
  trade: TradeToSimulate,
  seed: readonly (string | number)[],
  paths: number = SIMULATED_PATHS,
): SimulatedOutcome | null {
  const history = relativeSessions(bars);
  if (history === null || !(trade.entry > 0) || trade.horizonSessions < 1) return null;
  const random = seededRandom(seedOf(...seed));
  const sign = trade.direction === 'long' ? 1 : -1;
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

/** Four ratios a session: open, high, low, close over the close before. */
const FIELDS = 4;

function relativeSessions(bars: BarSeries): Float64Array | null {
  const start = Math.max(1, bars.length - HISTORY_SESSIONS);
  const count = bars.length - start;
  if (count < SIMULATION_MINIMUM_SESSIONS) return null;
  const ratios = new Float64Array(count * FIELDS);
  for (let index = start; index < bars.length; index++) {
    const before = bars.close[index - 1] as number;
    const at = (index - start) * FIELDS;
    ratios[at] = (bars.open[index] as number) / before;
    ratios[at + 1] = (bars.high[index] as number) / before;
    ratios[at + 2] = (bars.low[index] as number) / before;
    ratios[at + 3] = (bars.close[index] as number) / before;
  }
  return ratios.every((ratio) => ratio > 0 && Number.isFinite(ratio)) ? ratios : null;
}

function playPath(history: Float64Array, trade: TradeToSimulate, sign: 1 | -1, random: Random): number {
  const sessions = history.length / FIELDS;
  let price = trade.entry;
  let at = 0;
  for (let session = 0; session < trade.horizonSessions; session++) {
    at = session % BLOCK === 0 ? random.integer(sessions) : (at + 1) % sessions;
    const base = at * FIELDS;
    const open = price * (history[base] as number);
    const adverse = price * (history[base + (sign === 1 ? 2 : 1)] as number);
    if (sign * (adverse - trade.stop) <= 0) return sign * (open - trade.stop) < 0 ? open : trade.stop;
    const favourable = price * (history[base + (sign === 1 ? 1 : 2)] as number);
    if (sign * (favourable - trade.target) >= 0)
      return sign * (open - trade.target) > 0 ? open : trade.target;
    price *= history[base + 3] as number;
  }
  return price;
}
