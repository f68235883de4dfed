import type { AgentContext, ProposalOutcome, Strategist } from '#core/agents/context.ts';
import {
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
import { SIGNIFICANCE } from '#core/analytics/models/skill-test.ts';
import { PREDICTION_SESSIONS } from './direction-model.ts';
import { FEATURES } from './features.ts';
import { type DirectionForecast, forecastDirection, ML_MINIMUM_SESSIONS } from './forecast-direction.ts';

/** Probability from which a direction is proposed; a position is given up only beyond the other side: hysteresis. */
const OPEN_PROBABILITY = 0.58;
const CLOSE_PROBABILITY = 0.42;
const LEVELS = { nearestStop: 2, farthestStop: 3, target: 1.5 } as const;
const SWING_SESSIONS = 5;

/**
 * A calibrated probability of the direction over the next week, from a small logistic regression fitted anew at the start
 * of each calendar quarter. Speaks only where its out-of-sample skill is above chance; otherwise abstains and states the skill measured.
 */
export const mlStrategist: Strategist = {
  agent: 'ml',
  version: '2.0.0',
  propose(context, _macro, market): ProposalOutcome {
    return outcomeOf(
      tradableInstruments(context).map((id): InstrumentResult => {
        const state = instrumentState(context, market, id, ML_MINIMUM_SESSIONS);
        if ('unknown' in state) return { instrument: id, reason: state.unknown };
        const forecast = forecastDirection(state.daily);
        if (forecast === null) {
          return {
            instrument: id,
            reason: `${id} has unknown prices or volumes where the features need them, or too few outcomes before the quarter`,
          };
        }
        return { instrument: id, ...judge(context, state, forecast) };
      }),
      'no tradable instrument has data',
    );
  },
};

function judge(context: AgentContext, state: InstrumentState, forecast: DirectionForecast) {
  const id = state.instrument.id;
  const { probability, skill } = forecast;
  const measured = `Brier skill ${figure(skill.skill, 4)} over ${skill.observations} out-of-sample predictions, p = ${figure(skill.pValue, 3)}`;
  if (!skill.passed) {
    return {
      reason: `the model of ${id} is not above chance out of sample: ${measured} (needed below ${SIGNIFICANCE})`,
    };
  }
  const reasoning = {
    evidence: [`${id}.daily.close[-1260:]`, `${id}.daily.volume[-1260:]`],
    measures: {
      probability,
      brierSkill: skill.skill,
      pValue: skill.pValue,
      observations: skill.observations,
    },
    method: `logistic regression of the quarter, purged walk-forward on ${FEATURES.length} features, Platt calibration`,
  };
  const rationale = [
    `the probability of a higher close in ${PREDICTION_SESSIONS} sessions is ${percent(probability)}, calibrated`,
    measured,
  ];
  const position = positionOf(context, id);
  if (position !== undefined) {
    const against =
      directionOf(position) === 'long' ? probability <= CLOSE_PROBABILITY : probability >= OPEN_PROBABILITY;
    const proposal = against
      ? closeProposal(context, 'ml', state, position, {
          ...reasoning,
          rationale,
          confidence: Math.max(probability, 1 - probability),
        })
      : null;
    return proposal === null
      ? { reason: `${id} is held and the forecast of ${percent(probability)} does not speak against it` }
      : { proposal };
  }
  const direction =
    probability >= OPEN_PROBABILITY ? 'long' : probability <= CLOSE_PROBABILITY ? 'short' : null;
  if (direction === null) {
    return { reason: `the forecast for ${id}, ${percent(probability)}, is too near to even` };
  }
  if (direction === 'short' && !context.policy.shortSelling) {
    return {
      reason: `the forecast for ${id} is down (${percent(probability)}) and the policy allows no short selling`,
    };
  }
  const levels = tradeLevels(
    state.instrument,
    direction,
    state.reference,
    state.averageTrueRange,
    swingLevel(state.daily, state.daily.length, SWING_SESSIONS, direction),
    LEVELS,
  );
  if (levels === null) return { reason: `${id} has no valid stop and target at its volatility` };
  return {
    proposal: openProposal(context, 'ml', state, direction, levels, {
      ...reasoning,
      rationale,
      confidence: direction === 'long' ? probability : 1 - probability,
      horizonSessions: PREDICTION_SESSIONS,
    }),
  };
}
