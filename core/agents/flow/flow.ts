import type { Proposal } from '#contracts/events/cycle.ts';
import type { AgentContext, ProposalOutcome, Strategist } from '#core/agents/context.ts';
import {
  barsAtEntry,
  directionOf,
  type InstrumentState,
  instrumentState,
  positionOf,
  swingLevel,
  tradableInstruments,
} from '#core/agents/strategy/instrument-state.ts';
import { closeProposal, figure, openProposal } from '#core/agents/strategy/proposal-draft.ts';
import { outcomeOf } from '#core/agents/strategy/proposal-outcome.ts';
import { tradeLevels } from '#core/agents/strategy/trade-levels.ts';
import { recordWords, type TradePlan, tradeRecord } from '#core/agents/strategy/trade-record.ts';
import { sliceBars } from '#core/market/bars.ts';
import {
  ABANDON_IMBALANCE,
  type BarFlow,
  FLOW_MINIMUM_SESSIONS,
  type FlowRule,
  FlowRules,
  latestFlow,
} from './flow-rules.ts';
import { volumeProfile } from './volume-measures.ts';

const FOLLOW: TradePlan = {
  nearestStop: 2.5,
  farthestStop: 3.5,
  target: 2,
  horizonSessions: 10,
  swingSessions: 10,
};
const FADE: TradePlan = {
  nearestStop: 2,
  farthestStop: 3,
  target: 1.5,
  horizonSessions: 10,
  swingSessions: 5,
};
const PROFILE_SESSIONS = 60;
/** Five years: what the past record of a rule is measured on. */
const RECORD_SESSIONS = 1300;

/** Today's price must not have left the level at which the rule fired by more than this many average true ranges. */
const CHASE_LIMIT = 0.5;

type Judgement = { readonly proposal: Proposal } | { readonly reason: string };

/**
 * Follows persistent buying and fades absorbed selling: order imbalance and accumulation from bar volume and close
 * location, unusual volume, volume at price. Confidence is what the same plan came to on the instrument's own past.
 */
export const flowStrategist: Strategist = {
  agent: 'flow',
  version: '1.0.0',
  propose(context, _macro, market): ProposalOutcome {
    return outcomeOf(
      tradableInstruments(context).map((id) => {
        const state = instrumentState(context, market, id, FLOW_MINIMUM_SESSIONS);
        return {
          instrument: id,
          ...('unknown' in state ? { reason: state.unknown } : judge(context, state)),
        };
      }),
      'no tradable instrument has data',
    );
  },
};

function judge(context: AgentContext, known: InstrumentState): Judgement {
  const daily = sliceBars(known.daily, known.daily.length - RECORD_SESSIONS, known.daily.length);
  const state = { ...known, daily };
  const { instrument } = state;
  const flow = latestFlow(daily);
  const { imbalance } = flow;
  if (!Number.isFinite(imbalance)) return { reason: `${instrument.id} has unknown volume in its last year` };
  const position = positionOf(context, instrument.id);
  if (position !== undefined) {
    return directionOf(position) === 'long'
      ? abandon(context, state, flow, position)
      : { reason: `a short in ${instrument.id} is not this method's` };
  }
  if (flow.fires('fade')) return enter(context, state, flow, 'fade', FADE);
  if (flow.fires('follow')) return enter(context, state, flow, 'follow', FOLLOW);
  return {
    reason: `no large flow in ${instrument.id}: imbalance ${figure(imbalance)}, volume ${figure(flow.unusualVolume)} times usual`,
  };
}

function enter(
  context: AgentContext,
  state: InstrumentState,
  flow: BarFlow,
  rule: FlowRule,
  plan: TradePlan,
): Judgement {
  const { daily, instrument, session } = state;
  const last = daily.length - 1;
  const close = daily.close[last] as number;
  const moved = (state.reference - close) / state.averageTrueRange;
  if (!(Math.abs(moved) <= CHASE_LIMIT)) {
    return {
      reason: `${instrument.id} has moved ${figure(moved)} average true ranges from the close that signalled; not chased`,
    };
  }
  if (session !== null && state.reference < session.averagePrice) {
    return {
      reason: `${instrument.id} trades below the session's average price: today's flow does not confirm`,
    };
  }
  const levels = tradeLevels(
    instrument,
    'long',
    state.reference,
    state.averageTrueRange,
    swingLevel(daily, daily.length, plan.swingSessions, 'long'),
    plan,
  );
  if (levels === null) return { reason: `${instrument.id} has no valid stop and target at its volatility` };
  const rules = new FlowRules(daily);
  const record = tradeRecord(daily, (index) => rules.fires(rule, index), plan, 'long');
  const words = recordWords(record);
  if (!(record.expectedR > 0)) return { reason: `${instrument.id}: ${words}` };
  const profile = volumeProfile(daily, PROFILE_SESSIONS);
  const { imbalance, unusualVolume: unusual } = flow;
  return {
    proposal: openProposal(context, 'flow', state, 'long', levels, {
      confidence: record.winRate,
      horizonSessions: plan.horizonSessions,
      rationale: [
        rule === 'follow'
          ? `buying persists: order imbalance ${figure(imbalance)} of its own year, price above value and trend`
          : `a fall of more than two deviations was absorbed on ${figure(unusual)} times the usual volume`,
        words,
        `volume at price of ${PROFILE_SESSIONS} sessions: point of control ${figure(profile?.pointOfControl ?? Number.NaN)}, value from ${figure(profile?.valueLow ?? Number.NaN)} to ${figure(profile?.valueHigh ?? Number.NaN)}`,
      ],
      evidence: [
        `${instrument.id}.daily.volume[-252:]`,
        `${instrument.id}.daily.close[-252:]`,
        ...(session === null ? [] : [`${instrument.id}.intraday.close[-1]`]),
      ],
      measures: {
        imbalance,
        unusualVolume: unusual,
        pastTrades: record.trades,
        pastWins: record.wins,
        baseRate: record.baseRate,
        expectedR: record.expectedR,
        pointOfControl: profile?.pointOfControl ?? Number.NaN,
      },
      method: `flow-${rule}`,
    }),
  };
}

function abandon(
  context: AgentContext,
  state: InstrumentState,
  flow: BarFlow,
  position: NonNullable<ReturnType<typeof positionOf>>,
): Judgement {
  const id = state.instrument.id;
  const { imbalance, value } = flow;
  if (imbalance > ABANDON_IMBALANCE || state.reference >= value) {
    return { reason: `${id} is held and the flow does not speak against it: imbalance ${figure(imbalance)}` };
  }
  if (latestFlow(barsAtEntry(state.daily, position)).imbalance <= ABANDON_IMBALANCE) {
    return { reason: `${id} was bought against the flow: imbalance ${figure(imbalance)} is no news` };
  }
  const proposal = closeProposal(context, 'flow', state, position, {
    confidence: 0.6 + 0.3 * Math.min(1, (ABANDON_IMBALANCE - imbalance) / (1 + ABANDON_IMBALANCE)),
    rationale: [
      `selling persists: order imbalance ${figure(imbalance)} of its own year, price below its value of ${figure(value)}`,
    ],
    evidence: [`${id}.daily.volume[-252:]`, `${id}.daily.close[-252:]`],
    measures: { imbalance, value },
    method: 'flow-abandon',
  });
  return proposal === null ? { reason: `${id} has no price on its tick` } : { proposal };
}
