import type { AgentContext, Strategist } from '#core/agents/context.ts';
import {
  barsAtEntry,
  directionOf,
  type InstrumentState,
  instrumentState,
  positionOf,
  swingLevel,
  tradableInstruments,
} from '#core/agents/strategy/instrument-state.ts';
import { closeProposal, figure, openProposal, percent } from '#core/agents/strategy/proposal-draft.ts';
import { type InstrumentResult, outcomeOf } from '#core/agents/strategy/proposal-outcome.ts';
import { tradeLevels } from '#core/agents/strategy/trade-levels.ts';
import { recordWords, type TradePlan, tradeRecord } from '#core/agents/strategy/trade-record.ts';
import { sliceBars } from '#core/market/bars.ts';
import { type PairSignal, pairSignals } from './pairs.ts';
import { commonCloses, equalRiskWeights, returnCovariance } from './risk-parity.ts';
import {
  pullbacksInUptrend,
  ROTATION_MINIMUM_SESSIONS,
  riskAdjustedMomentum,
  trendIsLost,
} from './rotation.ts';

const ROTATION: TradePlan = {
  nearestStop: 2.5,
  farthestStop: 3.5,
  target: 2,
  horizonSessions: 15,
  swingSessions: 10,
};
const PAIR: TradePlan = {
  nearestStop: 2.5,
  farthestStop: 3.5,
  target: 2,
  horizonSessions: 15,
  swingSessions: 10,
};
/** Five years: what the past record of a rule is measured on. */
const RECORD_SESSIONS = 1300;
const COVARIANCE_SESSIONS = 60;
/** Fewer common sessions give no covariance worth weighing by. */
const LEAST_COMMON_SESSIONS = 20;

interface Candidate {
  readonly state: InstrumentState;
  readonly momentum: number;
  readonly weight: number;
  readonly rank: number;
}

/**
 * Rotation into the strongest of the tradable instruments (relative and absolute momentum), pairs that are cointegrated
 * in and out of sample, and equal risk contribution weights beside every proposal. Fewer than four instruments are not
 * ranked against each other: each is judged by its absolute momentum.
 */
export const multiInstrumentStrategist: Strategist = {
  agent: 'multi-instrument',
  version: '1.0.0',
  propose(context, _macro, market) {
    const unknown: InstrumentResult[] = [];
    const states: InstrumentState[] = [];
    for (const id of tradableInstruments(context)) {
      const state = instrumentState(context, market, id, ROTATION_MINIMUM_SESSIONS);
      if ('unknown' in state) unknown.push({ instrument: id, reason: state.unknown });
      else
        states.push({
          ...state,
          daily: sliceBars(state.daily, state.daily.length - RECORD_SESSIONS, state.daily.length),
        });
    }
    const candidates = ranked(states);
    const pairs = pairSignals(states);
    return outcomeOf(
      [...unknown, ...candidates.map((candidate) => judge(context, candidate, candidates.length, pairs))],
      'no tradable instrument has data',
    );
  },
};

function ranked(states: readonly InstrumentState[]): readonly Candidate[] {
  const measured = states.map((state) => ({
    state,
    momentum: riskAdjustedMomentum(state.daily, state.daily.length - 1),
  }));
  const moving = measured.filter(({ state }) => state.annualVolatility > 0);
  const closes = commonCloses(
    moving.map(({ state }) => state.daily),
    COVARIANCE_SESSIONS + 1,
  );
  const weights =
    (closes[0]?.length ?? 0) > LEAST_COMMON_SESSIONS
      ? equalRiskWeights(returnCovariance(closes, COVARIANCE_SESSIONS), moving.length)
      : new Float64Array(moving.length).fill(Number.NaN);
  const order = measured
    .map(({ momentum, state }) => ({ momentum, id: state.instrument.id }))
    .filter(({ momentum }) => Number.isFinite(momentum))
    .sort((a, b) => b.momentum - a.momentum || (a.id < b.id ? -1 : 1));
  return measured.map((entry) => {
    const place = moving.indexOf(entry);
    return {
      ...entry,
      weight: place >= 0 ? (weights[place] as number) : Number.NaN,
      rank: order.findIndex(({ id }) => id === entry.state.instrument.id) + 1,
    };
  });
}

/** A rank among fewer says little: each is then judged by its absolute momentum alone. */
const LEAST_RANKED = 4;

/** The best third is bought; what is held is kept down to twice that rank: hysteresis. */
const buyRank = (count: number): number => (count < LEAST_RANKED ? count : Math.ceil(count / 3));

function judge(
  context: AgentContext,
  candidate: Candidate,
  count: number,
  pairs: ReadonlyMap<string, PairSignal>,
): InstrumentResult {
  const { state, momentum, rank } = candidate;
  const id = state.instrument.id;
  const position = positionOf(context, id);
  if (position !== undefined) return keepOrClose(context, candidate, count, position);
  const pair = pairs.get(id);
  if (pair !== undefined) return open(context, candidate, PAIR, 'pair', pair.signalled, pair.reasons);
  if (!(momentum > 0))
    return { instrument: id, reason: `${id} has no upward momentum (${figure(momentum)})` };
  if (rank > buyRank(count)) {
    return { instrument: id, reason: `${id} is number ${rank} of ${count} by risk-adjusted momentum` };
  }
  const isPullback = pullbacksInUptrend(state.daily);
  if (!isPullback(state.daily.length - 1)) {
    return {
      instrument: id,
      reason: `${id} is strong (${figure(momentum)}) but not at a pullback in its uptrend`,
    };
  }
  return open(context, candidate, ROTATION, 'rotation', isPullback, [
    `number ${rank} of ${count} tradable instruments by risk-adjusted momentum (${figure(momentum)})`,
    'above its rising 20- and 50-session means and within one average true range of the former',
  ]);
}

function open(
  context: AgentContext,
  candidate: Candidate,
  plan: TradePlan,
  rule: 'rotation' | 'pair',
  signalled: (index: number) => boolean,
  reasons: readonly string[],
): InstrumentResult {
  const { state, momentum, weight } = candidate;
  const { instrument, daily } = state;
  const close = daily.close[daily.length - 1] as number;
  const moved = (state.reference - close) / state.averageTrueRange;
  if (!(Math.abs(moved) <= 0.5)) {
    return {
      instrument: instrument.id,
      reason: `${instrument.id} has moved ${figure(moved)} average true ranges from the close that signalled; not chased`,
    };
  }
  const swing = swingLevel(daily, daily.length, plan.swingSessions, 'long');
  const levels = tradeLevels(instrument, 'long', state.reference, state.averageTrueRange, swing, plan);
  if (levels === null) {
    return {
      instrument: instrument.id,
      reason: `${instrument.id} has no valid stop and target at its volatility`,
    };
  }
  const record = tradeRecord(daily, signalled, plan, 'long');
  const words = recordWords(record);
  if (!(record.expectedR > 0)) return { instrument: instrument.id, reason: `${instrument.id}: ${words}` };
  return {
    instrument: instrument.id,
    proposal: openProposal(context, 'multi-instrument', state, 'long', levels, {
      confidence: record.winRate,
      horizonSessions: plan.horizonSessions,
      rationale: [...reasons, words, `equal risk contribution gives it ${percent(weight)} of the book`],
      evidence: [`${instrument.id}.daily.close[-1300:]`],
      measures: {
        momentum,
        equalRiskWeight: weight,
        pastTrades: record.trades,
        pastWins: record.wins,
        baseRate: record.baseRate,
        expectedR: record.expectedR,
      },
      method: `multi-instrument-${rule}`,
    }),
  };
}

function keepOrClose(
  context: AgentContext,
  candidate: Candidate,
  count: number,
  position: NonNullable<ReturnType<typeof positionOf>>,
): InstrumentResult {
  const { state, momentum, rank } = candidate;
  const id = state.instrument.id;
  if (directionOf(position) === 'short')
    return { instrument: id, reason: `a short in ${id} is not this method's` };
  const before = barsAtEntry(state.daily, position);
  const wasLost = before.length > 0 && trendIsLost(before, before.close[before.length - 1] as number);
  const lost = !wasLost && trendIsLost(state.daily, state.reference);
  const overtaken =
    rank > 2 * buyRank(count) && momentum < 0 && riskAdjustedMomentum(before, before.length - 1) >= 0;
  if (!lost && !overtaken) return { instrument: id, reason: `${id} is held and its trend is not lost` };
  const proposal = closeProposal(context, 'multi-instrument', state, position, {
    confidence: 0.65,
    rationale: [
      lost
        ? 'below its 50-session mean and down over a quarter: the ground for holding it is gone'
        : `number ${rank} of ${count} by risk-adjusted momentum, which is negative`,
    ],
    evidence: [`${id}.daily.close[-252:]`],
    measures: { momentum },
    method: 'multi-instrument-exit',
  });
  return proposal === null
    ? { instrument: id, reason: `${id} has no price on its tick` }
    : { instrument: id, proposal };
}
