import { averageClose } from '#core/agents/strategy/instrument-state.ts';
import type { BarSeries } from '#core/market/bars.ts';
import {
  closeLocation,
  moneyFlow,
  signedVolume,
  trailingMedian,
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
  const { length, close } = bars;
  const first = Math.max(0, from - SHOCK_SESSIONS);
  const ranked = Math.max(0, from - RANK_SESSIONS);
  const flowRank = trailingRank(moneyFlow(bars, FLOW_SESSIONS, ranked), RANK_SESSIONS, from);
  const volumeRank = trailingRank(signedVolume(bars, FLOW_SESSIONS, ranked), RANK_SESSIONS, from);
  const usual = trailingMedian(bars.volume, TREND_SESSIONS, first);
  const value = volumeWeightedPrice(bars, VALUE_SESSIONS, first);
  const shock = shockDeviations(close, first);
  const imbalance = new Float64Array(length).fill(Number.NaN);
  const unusual = new Float64Array(length).fill(Number.NaN);
  const follow = new Uint8Array(length);
  const fade = new Uint8Array(length);
  for (let index = first; index < length; index++) {
    imbalance[index] = (flowRank[index] as number) + (volumeRank[index] as number) - 1;
    if ((usual[index] as number) > 0)
      unusual[index] = (bars.volume[index] as number) / (usual[index] as number);
    if (isFollowed(bars, index, imbalance, value)) follow[index] = 1;
    if (isAbsorbed(bars, index, unusual, shock)) fade[index] = 1;
  }
  return { imbalance, unusual, value, follow, fade };
}

/** The log return of five sessions in deviations of the 60 sessions before them, at each bar from `first` on. */
function shockDeviations(close: Float64Array, first: number): Float64Array {
  const shock = new Float64Array(close.length).fill(Number.NaN);
  const look = SHOCK_SESSIONS + VALUE_SESSIONS;
  const squares = new Float64Array(close.length);
  for (let index = Math.max(1, first - look); index < close.length; index++)
    squares[index] = Math.log((close[index] as number) / (close[index - 1] as number)) ** 2;
  for (let index = Math.max(first, look + 1); index < close.length; index++) {
    let sum = 0;
    for (let past = index - look; past < index - SHOCK_SESSIONS; past++) sum += squares[past] as number;
    const deviation = Math.sqrt((sum / VALUE_SESSIONS) * SHOCK_SESSIONS);
    const move = Math.log((close[index] as number) / (close[index - SHOCK_SESSIONS] as number));
    if (deviation > 0) shock[index] = move / deviation;
  }
  return shock;
}

function isFollowed(bars: BarSeries, index: number, imbalance: Float64Array, value: Float64Array): boolean {
  const close = bars.close[index] as number;
  return (
    (imbalance[index] as number) >= FOLLOW_IMBALANCE &&
    close >= (value[index] as number) &&
    close >= averageClose(bars, index + 1, TREND_SESSIONS)
  );
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
