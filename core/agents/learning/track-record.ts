import { inUnitInterval, significant } from '#core/values/round.ts';

/** Judged predictions by stated confidence: 0–0.5, 0.5–0.6, … 0.9–1. */
export const CONFIDENCE_BINS = [0.5, 0.6, 0.7, 0.8, 0.9] as const;

/** What an agent's judged predictions add up to; JSON. */
export interface TrackRecord {
  readonly observations: number;
  readonly hits: number;
  /** Σ (confidence − outcome)², outcome 1 where the direction was right. */
  readonly squaredError: number;
  readonly bins: readonly { readonly observations: number; readonly hits: number }[];
}

export const NO_RECORD: TrackRecord = {
  observations: 0,
  hits: 0,
  squaredError: 0,
  bins: new Array(CONFIDENCE_BINS.length + 1).fill({ observations: 0, hits: 0 }),
};

/** Below this many judged predictions an agent has no metrics and the weight of one that is unknown. */
export const LEAST_OBSERVATIONS = 20;
/** The Brier score of somebody who always says 0.5. */
const COIN_BRIER = 0.25;
export const UNKNOWN_WEIGHT = 0.5;
/** Observations at which a record counts for half of the weight. */
const SHRINKAGE = 50;
/** No agent is silenced or made sole judge by its record. */
const LEAST_WEIGHT = 0.05;
const MOST_WEIGHT = 0.95;
/** Skill against the coin is small where it exists; a twentieth is much. */
const SKILL_SCALE = 0.05;

/** The record with one more prediction judged. */
export function withOutcome(record: TrackRecord, confidence: number, right: boolean): TrackRecord {
  const hit = right ? 1 : 0;
  const own = CONFIDENCE_BINS.filter((edge) => confidence >= edge).length;
  return {
    observations: record.observations + 1,
    hits: record.hits + hit,
    squaredError: significant(record.squaredError + (confidence - hit) ** 2),
    bins: record.bins.map((bin, at) =>
      at === own ? { observations: bin.observations + 1, hits: bin.hits + hit } : bin,
    ),
  };
}

/** Mean squared error of the stated probabilities; null below the minimum of observations. */
export function brierScore(record: TrackRecord): number | null {
  return record.observations < LEAST_OBSERVATIONS
    ? null
    : significant(record.squaredError / record.observations);
}

/** Share of predictions that were right; null below the minimum of observations. */
export function hitRate(record: TrackRecord): number | null {
  return record.observations < LEAST_OBSERVATIONS ? null : inUnitInterval(record.hits / record.observations);
}

/**
 * The weight that a record earns: 0.5 + n/(n + 50) × 0.5 × tanh(skill / 0.05), where skill = 1 − Brier/0.25 is the Brier
 * skill score against a coin; 0.5 below the minimum of observations, held to 0.05…0.95. An agent that is right half of
 * the time but claims 0.8 loses weight, one that is right half of the time and says so keeps it.
 */
export function earnedWeight(record: TrackRecord): number {
  const brier = brierScore(record);
  if (brier === null) return UNKNOWN_WEIGHT;
  const skill = 1 - brier / COIN_BRIER;
  const shrunk = record.observations / (record.observations + SHRINKAGE);
  const weight = UNKNOWN_WEIGHT + shrunk * 0.5 * Math.tanh(skill / SKILL_SCALE);
  return inUnitInterval(Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, weight)));
}
