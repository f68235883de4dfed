import { averageClose, median } from '#core/agents/strategy/instrument-state.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
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

export type FlowRule = 'follow' | 'fade';

/**
 * The flow rules at the close of any bar, each from that bar and those before it only. What takes a pass over a year is
 * done for the bars that it is asked of, and last: few bars pass the cheap conditions.
 */
export class FlowRules {
  readonly #bars: BarSeries;
  readonly #moneyFlow: Float64Array;
  readonly #signedVolume: Float64Array;

  constructor(bars: BarSeries) {
    this.#bars = bars;
    this.#moneyFlow = moneyFlow(bars, FLOW_SESSIONS);
    this.#signedVolume = signedVolume(bars, FLOW_SESSIONS);
  }

  /**
   * Order imbalance, −1…1: ranks of money flow and signed volume within the instrument's own year.
   * @param least what is below it anyway may be told as NaN: a rank is 1 at most, and makes up for no low other one
   */
  imbalance(index: number, least = -1): number {
    const money = trailingRank(this.#moneyFlow, RANK_SESSIONS, index);
    if (!(money >= least)) return Number.NaN;
    return money + trailingRank(this.#signedVolume, RANK_SESSIONS, index) - 1;
  }

  /** Volume relative to the median of the 50 sessions before; NaN where that is unknown. */
  unusualVolume(index: number): number {
    const { volume } = this.#bars;
    if (index < TREND_SESSIONS) return Number.NaN;
    const usual = median(volume.subarray(index - TREND_SESSIONS, index));
    return usual > 0 ? (volume[index] as number) / usual : Number.NaN;
  }

  /** Volume-weighted price of a quarter. */
  value(index: number): number {
    return volumeWeightedPrice(this.#bars, VALUE_SESSIONS, index);
  }

  /** Whether a rule fires at the close of a bar. */
  fires(rule: FlowRule, index: number): boolean {
    return rule === 'follow' ? this.#isFollowed(index) : this.#isFaded(index);
  }

  /** Persistent buying: imbalance high, price above its value and its trend. */
  #isFollowed(index: number): boolean {
    const close = this.#bars.close[index] as number;
    return (
      close >= this.value(index) &&
      close >= averageClose(this.#bars, index + 1, TREND_SESSIONS) &&
      this.imbalance(index, FOLLOW_IMBALANCE) >= FOLLOW_IMBALANCE
    );
  }

  /** A wave of selling that was absorbed: a fall of more than two deviations, then a close off the low on unusual volume. */
  #isFaded(index: number): boolean {
    const { high, low, close } = this.#bars;
    const location = closeLocation(high[index] as number, low[index] as number, close[index] as number);
    if (location < ABSORBED_CLOSE) return false;
    for (let past = Math.max(0, index - SHOCK_SESSIONS + 1); past <= index; past++)
      if (this.#shock(past) <= SHOCK_DEVIATIONS) return this.unusualVolume(index) >= UNUSUAL_VOLUME;
    return false;
  }

  /** The log return of five sessions in deviations of the 60 sessions before them. */
  #shock(index: number): number {
    const { close } = this.#bars;
    const end = index - SHOCK_SESSIONS;
    if (end - VALUE_SESSIONS < 1) return Number.NaN;
    let squares = 0;
    for (let past = end - VALUE_SESSIONS; past < end; past++)
      squares += Math.log((close[past] as number) / (close[past - 1] as number)) ** 2;
    const deviation = Math.sqrt((squares / VALUE_SESSIONS) * SHOCK_SESSIONS);
    const move = Math.log((close[index] as number) / (close[end] as number));
    return deviation > 0 ? move / deviation : Number.NaN;
  }
}

/** What the rules say of one bar. */
export interface BarFlow {
  readonly imbalance: number;
  readonly unusualVolume: number;
  readonly value: number;
  fires(rule: FlowRule): boolean;
}

/** What {@link FlowRules} say of the last bar, from the bars that this takes. */
export function latestFlow(bars: BarSeries): BarFlow {
  const recent = sliceBars(bars, bars.length - FLOW_MINIMUM_SESSIONS, bars.length);
  const rules = new FlowRules(recent);
  const last = recent.length - 1;
  return {
    imbalance: rules.imbalance(last),
    unusualVolume: rules.unusualVolume(last),
    value: rules.value(last),
    fires: (rule) => rules.fires(rule, last),
  };
}
