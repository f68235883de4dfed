import { AGENTS } from '#contracts/agents.ts';
import type { EventData } from '#contracts/registry.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type AttributionState, attributeRealized, type FillEvent, NO_LAYERS } from './attribution.ts';
import { lessonsOf } from './lessons.ts';
import { type Prediction, type PredictionEvent, predictionsOf } from './predictions.ts';
import {
  brierScore,
  earnedWeight,
  hitRate,
  NO_RECORD,
  type TrackRecord,
  withOutcome,
} from './track-record.ts';

export const LEARNING_VERSION = 'learning/1';

/** A prediction that waits for its horizon. */
export interface PendingPrediction extends Prediction {
  /** Sessions since it was made in which its instrument closed. */
  readonly elapsed: number;
  /** Sessions since it was made. */
  readonly waited: number;
}

/** Everything learned so far; JSON, so that each session adds to it. */
export interface LearningState {
  readonly version: 1;
  readonly lastSession: string | null;
  readonly agents: Readonly<Record<string, TrackRecord>>;
  readonly pending: readonly PendingPrediction[];
  /** Realised result by strategy since the beginning, as decimal text. */
  readonly realized: Readonly<Record<string, string>>;
  /** The layers that are open, by which later fills are attributed. */
  readonly attribution: AttributionState;
}

export const NOTHING_LEARNED: LearningState = {
  version: 1,
  lastSession: null,
  agents: {},
  pending: [],
  realized: {},
  attribution: NO_LAYERS,
};

/** A finished session. */
export interface SessionToLearn {
  readonly session: string;
  /** Events since the session last learned, in any order; claims of other sessions are ignored. */
  readonly events: readonly (PredictionEvent | FillEvent)[];
  /** The session's closing prices; an instrument that did not close is left out. */
  readonly closes: Readonly<Record<InstrumentId, number>>;
  readonly multiplierOf: (instrument: InstrumentId) => string;
}

export interface Learned {
  readonly state: LearningState;
  readonly lesson: EventData<'LessonLearned'>;
}

/** A prediction whose instrument has not closed for so many sessions beyond its horizon is given up, not judged. */
const PATIENCE = 20;

/**
 * Learns from one session after its close: judges the earlier predictions whose horizon ends with it against its closing
 * prices, keeps those of its own for later, adds up what strategies realised, and states per agent the hit rate, the
 * Brier score of its confidence and the weight it has earned. A prediction is right where the price moved its way; a
 * price that did not move judges nobody. A session at or before the last one learned changes nothing, so that repeating
 * the work is harmless.
 */
export function learn(state: LearningState, input: SessionToLearn): Learned {
  if (state.lastSession !== null && input.session <= state.lastSession) {
    return { state, lesson: lessonOf(state, state.lastSession) };
  }
  const { agents, pending } = judge(state, input);
  for (const prediction of predictionsOf(input.events.filter(isClaim))) {
    if (prediction.session !== input.session) continue;
    pending.push({ ...prediction, elapsed: 0, waited: 0 });
    agents[prediction.agent] ??= NO_RECORD;
  }
  const attributed = attributeRealized(state.attribution, input.events.filter(isFill), input.multiplierOf);
  const realized: Record<string, string> = { ...state.realized };
  for (const { strategy, realized: amount } of attributed.realized) {
    realized[strategy] = decimalText(new Decimal(realized[strategy] ?? 0).add(amount));
  }
  const next: LearningState = {
    version: 1,
    lastSession: input.session,
    agents: sortedByKey(agents, byAgent),
    pending,
    realized: sortedByKey(realized, byName),
    attribution: attributed.state,
  };
  return { state: next, lesson: lessonOf(next, input.session) };
}

/** The records with every prediction judged whose horizon ends with the session, and those that go on waiting. */
function judge(state: LearningState, { closes }: SessionToLearn) {
  const agents: Record<string, TrackRecord> = { ...state.agents };
  const pending: PendingPrediction[] = [];
  for (const waiting of state.pending) {
    const close = closes[waiting.instrument];
    const known = close !== undefined && Number.isFinite(close) && close > 0;
    const elapsed = waiting.elapsed + (known ? 1 : 0);
    const waited = waiting.waited + 1;
    if (!known || elapsed < waiting.horizonSessions) {
      if (waited <= waiting.horizonSessions + PATIENCE) pending.push({ ...waiting, elapsed, waited });
      continue;
    }
    if (close === waiting.price) continue;
    const right = close > waiting.price === waiting.direction > 0;
    agents[waiting.agent] = withOutcome(agents[waiting.agent] ?? NO_RECORD, waiting.confidence, right);
  }
  return { agents, pending };
}

type LearnedEvent = SessionToLearn['events'][number];

function isFill(event: LearnedEvent): event is FillEvent {
  switch (event.metadata.type) {
    case 'OrderPlanned':
    case 'OrderFilled':
    case 'CommissionReported':
      return true;
    case 'AnalysisCompleted':
    case 'MarketViewPublished':
    case 'StrategyProposed':
      return false;
  }
}

function isClaim(event: LearnedEvent): event is PredictionEvent {
  return !isFill(event);
}

const POSITION: ReadonlyMap<string, number> = new Map(AGENTS.map((agent, at) => [agent, at]));
const byName = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
const byAgent = (left: string, right: string) =>
  (POSITION.get(left) ?? AGENTS.length) - (POSITION.get(right) ?? AGENTS.length) || byName(left, right);

function sortedByKey<T>(
  record: Readonly<Record<string, T>>,
  order: (left: string, right: string) => number,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => order(left, right)));
}

function lessonOf(state: LearningState, session: string): EventData<'LessonLearned'> {
  return {
    session,
    calibration: Object.entries(state.agents).map(([agent, record]) => ({
      agent,
      observations: record.observations,
      brier: brierScore(record),
      hitRate: hitRate(record),
      weight: earnedWeight(record),
    })),
    attribution: Object.entries(state.realized).map(([strategy, realized]) => ({ strategy, realized })),
    lessons: [...lessonsOf(state.agents, state.realized)],
    agentVersion: LEARNING_VERSION,
  };
}
