import type { Regime } from '#contracts/events/cycle.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';
import {
  annualVolatility,
  drawdownFromHigh,
  lastOf,
  mean,
  median,
  realizedVolatility,
  returnOver,
  SESSIONS_PER_YEAR,
} from './bar-statistics.ts';
import { BENCHMARK } from './benchmark.ts';
import type { AgentContext } from './context.ts';
import { readHistory } from './history.ts';

/** What the benchmark's closes say of the market. Volatilities are annual fractions, drawdown a fraction, 0…1. */
export interface RegimeMeasures {
  readonly last: number;
  readonly average50: number;
  readonly average200: number;
  readonly volatility20: number;
  /** Realised (zero-mean) volatility of 5 sessions, and its median over the last year: what is usual. */
  readonly volatility5: number;
  readonly usualVolatility5: number;
  readonly drawdown252: number;
  readonly return5: number;
  /** Sessions since the last volatility shock, 0 for one in progress; null for none in the last two. */
  readonly sessionsSinceShock: number | null;
}

export interface RegimeAssessment {
  readonly regime: Regime;
  /** 0.5 where the evidence is split, towards 0.95 where all of it points to the regime. */
  readonly confidence: number;
  readonly reasons: readonly string[];
  readonly measures: RegimeMeasures;
}

/** Closes that the longest window needs. */
export const REGIME_NEEDED = SESSIONS_PER_YEAR + 6;
/**
 * A shock is over when more than so many sessions have passed without one: a rebound between two falls is part of it.
 * Its measures look back five sessions already, so that this makes about a week and a half.
 */
const AFTERSHOCK = 2;

const CRISIS_DRAWDOWN = 0.2;
const CRISIS_VOLATILITY = 0.3;
const BEAR_DRAWDOWN = 0.1;
/** A volatility shock: the week's volatility at so many times its usual value, with the week's loss beyond the second. */
const SHOCK_RATIO = 3;
const SHOCK_RETURN = -0.05;
const CALM_VOLATILITY = 0.2;

/** Figures for the regime; undefined with too few closes. */
export function regimeMeasures(closes: Float64Array): RegimeMeasures | undefined {
  if (closes.length < REGIME_NEEDED) return undefined;
  const weeks = realizedVolatility(closes, 5, SESSIONS_PER_YEAR);
  if (weeks === undefined) return undefined;
  const annual = Math.sqrt(SESSIONS_PER_YEAR);
  const usual = median(weeks) as number;
  return {
    last: closes[closes.length - 1] as number,
    average50: mean(lastOf(closes, 50)) as number,
    average200: mean(lastOf(closes, 200)) as number,
    volatility20: annualVolatility(closes, 20) as number,
    volatility5: (weeks[weeks.length - 1] as number) * annual,
    usualVolatility5: usual * annual,
    drawdown252: drawdownFromHigh(closes, SESSIONS_PER_YEAR) as number,
    return5: returnOver(closes, 5) as number,
    sessionsSinceShock: sessionsSinceShock(closes, weeks, usual),
  };
}

function sessionsSinceShock(closes: Float64Array, weeks: Float64Array, usual: number): number | null {
  for (let back = 0; back <= AFTERSHOCK; back++) {
    const week = weeks[weeks.length - 1 - back] as number;
    const change = returnOver(closes.subarray(0, closes.length - back), 5);
    if (usual > 0 && week >= SHOCK_RATIO * usual && change !== undefined && change <= SHOCK_RETURN)
      return back;
  }
  return null;
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;

/**
 * Regime of a market from its benchmark's closes, the first that holds:
 * crisis — 20 % or more below the year's high, or 10 % below it with 20-session volatility of 30 % or more, or a shock
 *   now or in the last two sessions (5-session volatility at three times its usual value with a loss of 5 % or more in
 *   5 sessions), so that a rebound inside the turmoil does not end it;
 * bear — two of: below the 200-session average, the 50-session average below it, 10 % or more below the year's high;
 * bull — above the 200-session average, the 50-session average above it, less than 10 % below the year's high, and
 *   5-session volatility below three times its usual value;
 * sideways — anything else.
 */
export function assessRegime(measures: RegimeMeasures): Omit<RegimeAssessment, 'measures'> {
  const { last, average50, average200, volatility20, volatility5, usualVolatility5, drawdown252, return5 } =
    measures;
  const shock = measures.sessionsSinceShock !== null;
  const crisis = [
    drawdown252 >= CRISIS_DRAWDOWN,
    drawdown252 >= BEAR_DRAWDOWN && volatility20 >= CRISIS_VOLATILITY,
    shock,
  ];
  const bear = [last < average200, average50 < average200, drawdown252 >= BEAR_DRAWDOWN];
  const settled = !(usualVolatility5 > 0) || volatility5 < SHOCK_RATIO * usualVolatility5;
  const bull = [last > average200, average50 > average200, drawdown252 < BEAR_DRAWDOWN, settled];
  const reasons = [
    `the benchmark stands ${percent(last / average200 - 1)} from its 200-session average and its 50-session average ${percent(average50 / average200 - 1)}`,
    `20-session volatility is ${percent(volatility20)} a year, 5-session ${percent(volatility5)} against a usual ${percent(usualVolatility5)}`,
    `it is ${percent(drawdown252)} below the year's high and moved ${percent(return5)} in 5 sessions`,
    ...(measures.sessionsSinceShock === null
      ? []
      : [`the last volatility shock is ${measures.sessionsSinceShock} sessions old`]),
  ];
  const count = (checks: readonly boolean[]) => checks.filter(Boolean).length;
  if (count(crisis) > 0) {
    const points = count(crisis) + Number(last < average50) + Number(volatility20 >= CALM_VOLATILITY);
    return { regime: 'crisis', confidence: held(points / 5), reasons };
  }
  if (count(bear) >= 2) {
    const points = count(bear) + Number(last < average50) + Number(volatility20 >= CALM_VOLATILITY);
    return { regime: 'bear', confidence: held(points / 5), reasons };
  }
  if (count(bull) === bull.length) {
    const points = count(bull) + Number(last >= average50) + Number(volatility20 < CALM_VOLATILITY);
    return { regime: 'bull', confidence: held(points / 6), reasons };
  }
  // Sideways is what the others are not: the farther the averages lie apart, the less it is believed.
  const apart = Math.min(1, Math.abs(average50 / average200 - 1) / 0.05);
  return { regime: 'sideways', confidence: held(1 - apart), reasons };
}

/** Half of the claim is a coin's; nothing from prices alone is more than 95 % sure. */
function held(share: number): number {
  return 0.5 + 0.45 * Math.max(0, Math.min(1, share));
}

export type RegimeAnswer =
  | ({ readonly kind: 'assessed'; readonly quality: number } & RegimeAssessment)
  | { readonly kind: 'unknown'; readonly reason: string };

/** The regime of the cycle's market, with the running session of the benchmark counted as its latest close. */
export const marketRegime = memoizeByIdentity((context: AgentContext): RegimeAnswer => {
  const answer = readHistory(context, BENCHMARK, REGIME_NEEDED);
  if (answer.kind === 'unusable')
    return { kind: 'unknown', reason: `benchmark ${BENCHMARK}: ${answer.reason}` };
  const { closes, quality } = answer.history;
  const measures = regimeMeasures(closes) as RegimeMeasures;
  const assessed = assessRegime(measures);
  return {
    kind: 'assessed',
    quality,
    regime: assessed.regime,
    confidence: Math.min(quality, assessed.confidence),
    reasons: assessed.reasons,
    measures,
  };
});
