import { logChanges } from '#core/agents/log-changes.ts';
import { averageClose, median } from '#core/agents/strategy/instrument-state.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { type FiguresOfBars, figureByBar } from '#core/market/figure-by-bar.ts';
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

const moneyFlows = figureByBar({
  reads: ['close', 'high', 'low', 'volume'],
  before: FLOW_SESSIONS - 1,
  at: (bars, index) => moneyFlow(bars, FLOW_SESSIONS, index),
});

const signedVolumes = figureByBar({
  reads: ['close', 'volume'],
  before: FLOW_SESSIONS,
  at: (bars, index) => signedVolume(bars, FLOW_SESSIONS, index),
});

/** The rank of a bar's figure within the year that ends with it. */
function rankInYear(figures: FiguresOfBars, index: number): number {
  if (index < RANK_SESSIONS - 1) return Number.NaN;
  const first = index - RANK_SESSIONS + 1;
  const whole = Math.max(first, FLOW_SESSIONS);
  if (whole === first)
    return trailingRank(figures.between(first, index + 1), RANK_SESSIONS, RANK_SESSIONS - 1);
  const year = new Float64Array(RANK_SESSIONS);
  for (let at = first; at < whole; at++) year[at - first] = figures.at(at);
  year.set(figures.between(whole, index + 1), whole - first);
  return trailingRank(year, RANK_SESSIONS, RANK_SESSIONS - 1);
}

/** Order imbalance, −1…1: ranks of money flow and signed volume within the instrument's own year. */
const imbalances = figureByBar({
  reads: ['close', 'high', 'low', 'volume'],
  before: RANK_SESSIONS - 1 + FLOW_SESSIONS,
  at: (bars, index) => rankInYear(moneyFlows(bars), index) + rankInYear(signedVolumes(bars), index) - 1,
});

/** Volume relative to the median of the 50 sessions before; NaN where that is unknown. */
function unusualVolume({ volume }: BarSeries, index: number): number {
  if (index < TREND_SESSIONS) return Number.NaN;
  const usual = median(volume.subarray(index - TREND_SESSIONS, index));
  return usual > 0 ? (volume[index] as number) / usual : Number.NaN;
}

/** Whether a bar stands above its value and its trend: what persistent buying needs beside a high imbalance. */
const standsAbove = figureByBar({
  reads: ['close', 'high', 'low', 'volume'],
  before: VALUE_SESSIONS - 1,
  at: (bars, index) => {
    const close = bars.close[index] as number;
    return Number(
      close >= volumeWeightedPrice(bars, VALUE_SESSIONS, index) &&
        close >= averageClose(bars, index + 1, TREND_SESSIONS),
    );
  },
});

/** The log return of five sessions in deviations of the 60 sessions before them. */
const shocks = figureByBar({
  reads: ['close'],
  before: SHOCK_SESSIONS + VALUE_SESSIONS + 1,
  at: (bars, index) => {
    const end = index - SHOCK_SESSIONS;
    if (end - VALUE_SESSIONS < 1) return Number.NaN;
    let squares = 0;
    for (const change of logChanges(bars).between(end - VALUE_SESSIONS, end)) squares += change ** 2;
    const deviation = Math.sqrt((squares / VALUE_SESSIONS) * SHOCK_SESSIONS);
    const move = Math.log((bars.close[index] as number) / (bars.close[end] as number));
    return deviation > 0 ? move / deviation : Number.NaN;
  },
});

/** The flow rules at the close of any bar, each from that bar and those before it only. */
export class FlowRules {
  readonly #bars: BarSeries;
  readonly #imbalances: FiguresOfBars;
  readonly #standsAbove: FiguresOfBars;
  readonly #shocks: FiguresOfBars;

  constructor(bars: BarSeries) {
    this.#bars = bars;
    this.#imbalances = imbalances(bars);
    this.#standsAbove = standsAbove(bars);
    this.#shocks = shocks(bars);
  }

  /** Order imbalance, −1…1: ranks of money flow and signed volume within the instrument's own year. */
  imbalance(index: number): number {
    return this.#imbalances.at(index);
  }

  /** Volume relative to the median of the 50 sessions before; NaN where that is unknown. */
  unusualVolume(index: number): number {
    return unusualVolume(this.#bars, index);
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
    return this.#standsAbove.at(index) === 1 && this.#imbalances.at(index) >= FOLLOW_IMBALANCE;
  }

  /** A wave of selling that was absorbed: a fall of more than two deviations, then a close off the low on unusual volume. */
  #isFaded(index: number): boolean {
    const { high, low, close } = this.#bars;
    const location = closeLocation(high[index] as number, low[index] as number, close[index] as number);
    if (location < ABSORBED_CLOSE) return false;
    for (let past = Math.max(0, index - SHOCK_SESSIONS + 1); past <= index; past++)
      if (this.#shocks.at(past) <= SHOCK_DEVIATIONS) return this.unusualVolume(index) >= UNUSUAL_VOLUME;
    return false;
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
