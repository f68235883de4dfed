import { averageClose, median } from '#core/agents/strategy/instrument-state.ts';
import type { BarSeries } from '#core/market/bars.ts';
import {
  closeLocation,
  moneyFlow,
  signedVolume,
  trailingRank,
  volumeWeightedPrice,
} from './volume-measures.ts';

const FLOW_SESSIONS = 21;
const RANK_SESSIONS = 252;
const VALUE_SESSIONS = 60;
const TREND_SESSIONS = 50;
const SHOCK_SESSIONS = 5;

/** Sessions needed: a year of flows to rank the present one in. */
export const FLOW_MINIMUM_SESSIONS = RANK_SESSIONS + FLOW_SESSIONS;

/** Imbalance (−1…1) from which flow is followed; a long is given up only below the other threshold: hysteresis. */
export const FOLLOW_IMBALANCE = 0.3;
export const ABANDON_IMBALANCE = -0.5;
const UNUSUAL_VOLUME = 1.5;
const SHOCK_DEVIATIONS = -2;
const ABSORBED_CLOSE = 0.3;

export interface FlowSignals {
  /** Order imbalance at each bar, −1…1: rank of money flow and signed volume within the instrument's own year. */
  readonly imbalance: Float64Array;
  /** Volume relative to the median of the 50 sessions before. */
  readonly unusual: Float64Array;
  readonly value: Float64Array;
  /** 1 where persistent buying is followed: imbalance high, price above its value and its trend. */
  readonly follow: Uint8Array;
  /** 1 where a wave of selling is faded: a fall of more than two deviations, then absorbed on unusual volume. */
  readonly fade: Uint8Array;
}

/**
 * The flow rules at the close of every bar, each from that bar and those before it only.
 * @param from the first bar that is wanted; what it takes to know only the last one is a small part of the whole
 */
export function flowSignals(bars: BarSeries, from = 0): FlowSignals {
  const length = bars.length;
  const flowRank = trailingRank(moneyFlow(bars, FLOW_SESSIONS), RANK_SESSIONS, from);
  const volumeRank = trailingRank(signedVolume(bars, FLOW_SESSIONS), RANK_SESSIONS, from);
  const value = volumeWeightedPrice(bars, VALUE_SESSIONS);
  const imbalance = new Float64Array(length).fill(Number.NaN);
  const unusual = new Float64Array(length).fill(Number.NaN);
  const shock = new Float64Array(length).fill(Number.NaN);
  const follow = new Uint8Array(length);
  const fade = new Uint8Array(length);
  for (let index = Math.max(0, from - SHOCK_SESSIONS); index < length; index++) {
    imbalance[index] = (flowRank[index] as number) + (volumeRank[index] as number) - 1;
    if (index >= TREND_SESSIONS) {
      const before = median(bars.volume.subarray(index - TREND_SESSIONS, index));
      unusual[index] = before > 0 ? (bars.volume[index] as number) / before : Number.NaN;
    }
    shock[index] = shockDeviations(bars, index);
    const close = bars.close[index] as number;
    const trend = averageClose(bars, index + 1, TREND_SESSIONS);
    if (
      (imbalance[index] as number) >= FOLLOW_IMBALANCE &&
      close >= (value[index] as number) &&
      close >= trend
    ) {
      follow[index] = 1;
    }
    if (isAbsorbed(bars, index, unusual, shock)) fade[index] = 1;
  }
  return { imbalance, unusual, value, follow, fade };
}

/** The last five sessions' log return in deviations of the 60 sessions before them. */
function shockDeviations(bars: BarSeries, index: number): number {
  const start = index - SHOCK_SESSIONS - VALUE_SESSIONS;
  if (start < 1) return Number.NaN;
  let squares = 0;
  for (let past = start; past < start + VALUE_SESSIONS; past++) {
    squares += Math.log((bars.close[past] as number) / (bars.close[past - 1] as number)) ** 2;
  }
  const deviation = Math.sqrt((squares / VALUE_SESSIONS) * SHOCK_SESSIONS);
  const move = Math.log((bars.close[index] as number) / (bars.close[index - SHOCK_SESSIONS] as number));
  return deviation > 0 ? move / deviation : Number.NaN;
}

function isAbsorbed(bars: BarSeries, index: number, unusual: Float64Array, shock: Float64Array): boolean {
  if (!((unusual[index] as number) >= UNUSUAL_VOLUME)) return false;
  const location = closeLocation(
    bars.high[index] as number,
    bars.low[index] as number,
    bars.close[index] as number,
  );
  if (location < ABSORBED_CLOSE) return false;
  for (let past = Math.max(0, index - SHOCK_SESSIONS + 1); past <= index; past++) {
    if ((shock[past] as number) <= SHOCK_DEVIATIONS) return true;
  }
  return false;
}
