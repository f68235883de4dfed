import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { expectedSlippage } from '#core/agents/execution/trading-cost.ts';
import {
  annualVolatility,
  type InstrumentState,
  instrumentState,
  marketViewOf,
  VOLATILITY_SESSIONS,
} from '#core/agents/strategy/instrument-state.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { figureByBar } from '#core/market/figure-by-bar.ts';
import { inUnitInterval } from '#core/values/round.ts';

/** What each component counts for; the weight of one without data is shared out among the others. */
export const CRISIS_WEIGHTS = {
  microstructure: 0.25,
  divergence: 0.2,
  precedents: 0.2,
  feasibility: 0.15,
  regime: 0.15,
  agentBehaviour: 0.05,
} as const;
export type CrisisComponent = keyof typeof CRISIS_WEIGHTS;
const COMPONENTS = Object.keys(CRISIS_WEIGHTS) as readonly CrisisComponent[];

export interface CrisisScore {
  readonly score: number;
  readonly components: Record<CrisisComponent, number | null>;
}

export interface CrisisInputs {
  readonly context: AgentContext;
  readonly macro: CycleBody<'MacroAssessed'>;
  readonly market: CycleBody<'MarketViewPublished'>;
  readonly consensus: CycleBody<'ConsensusReached'>;
  /** Instruments and quantities about to be opened. */
  readonly opening: readonly { readonly instrument: string; readonly quantity: string }[];
}

const RANGE_YEAR = 252;
const RANGE_DAYS = 5;
const NEIGHBOURS = 40;
const OUTLOOK = 10;
/** A precedent counts as bad when the price fell by this much within the outlook. */
const BAD_FALL = -0.05;
const PRECEDENT_MINIMUM = 500;

/**
 * How much the present looks like a crisis for what is about to be opened, 0…1: the weighted mean of the components, each
 * the worst over the instruments. A component without data is null and its weight goes to the others; with no component at
 * all the score is 1, as nothing known is no ground for confidence.
 */
export function crisisScore(inputs: CrisisInputs): CrisisScore {
  const states = inputs.opening.flatMap(({ instrument, quantity }) => {
    const state = instrumentState(inputs.context, inputs.market, instrument, 2);
    return 'unknown' in state ? [] : [{ state, quantity: Number(quantity) }];
  });
  const components: Record<CrisisComponent, number | null> = {
    microstructure: worst(states.map(({ state }) => rangeStress(state.daily))),
    divergence: divergence(inputs),
    precedents: worst(states.map(({ state }) => badPrecedents(state.daily))),
    feasibility: worst(states.map(({ state, quantity }) => costPressure(inputs.context, state, quantity))),
    regime: regimeStress(inputs.macro),
    agentBehaviour: agentUnrest(inputs),
  };
  let weight = 0;
  let sum = 0;
  for (const name of COMPONENTS) {
    const value = components[name];
    if (value === null) continue;
    weight += CRISIS_WEIGHTS[name];
    sum += CRISIS_WEIGHTS[name] * value;
  }
  return { score: weight > 0 ? inUnitInterval(sum / weight) : 1, components };
}

/** The largest of the defined values; null where none is. */
function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : inUnitInterval(Math.max(...known));
}

/** The last week's mean range against the year: 0 up to its usual size, 1 from three times that on. */
function rangeStress(bars: BarSeries): number | null {
  if (bars.length < RANGE_YEAR) return null;
  const ranges = Array.from({ length: RANGE_YEAR }, (_, back) => {
    const index = bars.length - 1 - back;
    return Math.log((bars.high[index] as number) / (bars.low[index] as number));
  });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const usual = mean(ranges);
  const ratio = mean(ranges.slice(0, RANGE_DAYS)) / usual;
  return usual > 0 && Number.isFinite(ratio) ? Math.min(1, Math.max(0, (ratio - 1) / 2)) : null;
}

/** Disagreement of the views (a standard deviation of directions in −1…1), and the voters' dissent, whichever is greater. */
function divergence({ market, consensus, opening }: CrisisInputs): number | null {
  const disagreement = worst(
    opening.map(({ instrument }) => {
      const value = marketViewOf(market, instrument)?.disagreement ?? null;
      return value === null ? null : Math.min(1, value);
    }),
  );
  const votes = consensus.approved.reduce((sum, entry) => sum + entry.support + entry.oppose, 0);
  const against = consensus.approved.reduce((sum, entry) => sum + entry.oppose, 0);
  return worst([disagreement, votes > 0 ? Math.min(1, (2 * against) / votes) : null]);
}

/**
 * How often the sessions most like the present one (volatility, last week's return, distance from the year's high) were
 * followed by a fall of 5 % within two weeks: twice the share of the nearest 40, at most 1.
 */
function badPrecedents(bars: BarSeries): number | null {
  if (bars.length < PRECEDENT_MINIMUM) return null;
  const last = bars.length - 1;
  const volatility = logVolatilities(bars);
  const week = weeklyReturns(bars);
  const height = distancesFromHigh(bars);
  const falls = fallsAhead(bars);
  const past: { readonly distance: number; readonly bad: boolean; readonly index: number }[] = [];
  for (let index = RANGE_YEAR; index <= last - OUTLOOK; index++) {
    const distance = Math.hypot(
      volatility.at(index) - volatility.at(last),
      week.at(index) - week.at(last),
      height.at(index) - height.at(last),
    );
    if (Number.isFinite(distance)) past.push({ distance, index, bad: falls.at(index) <= BAD_FALL });
  }
  if (past.length < NEIGHBOURS) return null;
  const nearest = past.sort((a, b) => a.distance - b.distance || a.index - b.index).slice(0, NEIGHBOURS);
  return Math.min(1, (2 * nearest.filter(({ bad }) => bad).length) / NEIGHBOURS);
}

// What sessions are alike in, each scaled so that a step of one is about as unusual in it as in the others.

const logVolatilities = figureByBar({
  reads: ['close'],
  before: VOLATILITY_SESSIONS,
  at: (bars, index) => Math.log(annualVolatility(bars, index + 1, VOLATILITY_SESSIONS)) / 0.4,
});

const weeklyReturns = figureByBar({
  reads: ['close'],
  before: 5,
  at: ({ close }, index) => Math.log((close[index] as number) / (close[index - 5] as number)) / 0.03,
});

const distancesFromHigh = figureByBar({
  reads: ['close'],
  before: RANGE_YEAR - 1,
  at: ({ close }, index) => {
    let high = 0;
    for (let at = Math.max(0, index - RANGE_YEAR + 1); at <= index; at++)
      high = Math.max(high, close[at] as number);
    return ((close[index] as number) / high - 1) / 0.08;
  },
});

/** From a close to the lowest of the two weeks after it, as a fraction. */
const fallsAhead = figureByBar({
  reads: ['close'],
  before: 0,
  after: OUTLOOK,
  at: ({ close }, index) => {
    let lowest = Number.POSITIVE_INFINITY;
    for (let ahead = index + 1; ahead <= index + OUTLOOK; ahead++)
      lowest = Math.min(lowest, close[ahead] as number);
    return lowest / (close[index] as number) - 1;
  },
});

/** Expected slippage of the order as a share of what the policy allows. */
function costPressure(context: AgentContext, state: InstrumentState, quantity: number): number | null {
  const cost = expectedSlippage(state, quantity);
  return Number.isFinite(cost) ? Math.min(1, cost / context.policy.expectedSlippage) : null;
}

function regimeStress(macro: CycleBody<'MacroAssessed'>): number | null {
  switch (macro.regime) {
    case null:
      return null;
    case 'bull':
      return 0;
    case 'sideways':
      return 0.3;
    case 'bear':
      return 0.6;
    case 'crisis':
      return 1;
  }
}

/** Agents that did not answer and voters that changed sides: signs that something is wrong with the desk itself. */
function agentUnrest({ market, consensus }: CrisisInputs): number | null {
  const asked = market.answered.length + market.abstained.length + market.missing.length;
  if (asked === 0) return null;
  const changes = Math.min(1, consensus.changed.length / 4);
  return inUnitInterval(Math.max(market.missing.length / asked, changes));
}
