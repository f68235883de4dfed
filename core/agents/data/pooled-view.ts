import type { View } from '#contracts/events/cycle.ts';
import { inSignedUnitInterval, inUnitInterval, measured } from '#core/values/round.ts';
import { median } from '../bar-statistics.ts';

/** An analyzer's view of one instrument that passed the cross-checks. */
export interface AcceptedView {
  readonly agent: string;
  readonly view: View;
  /** Measured weight of the agent; undefined where nothing has been measured yet. */
  readonly calibrated: number | undefined;
}

/** What an agent without a track record counts, the same as one that is no better than a coin. */
const UNMEASURED_WEIGHT = 0.5;
/** Stand-ins for a source that is missing count half of what the source itself would. */
const STAND_IN_METHODS: ReadonlySet<string> = new Set(['sentiment-from-volatility', 'economic-from-market']);
const STAND_IN_FACTOR = 0.5;
/** A direction this far from the median of the others is an outlier: kept, for it may be right, at half its weight. */
const OUTLIER_DISTANCE = 1;
const OUTLIER_FACTOR = 0.5;
const LEAST_FOR_OUTLIERS = 3;

/** data quality × calibrated weight × method × outlier; see the constants. */
function rawWeight(accepted: AcceptedView, all: readonly AcceptedView[]): number {
  const others = all.filter((other) => other !== accepted).map((other) => other.view.direction);
  const centre = all.length >= LEAST_FOR_OUTLIERS ? median(others) : undefined;
  const outlying = centre !== undefined && Math.abs(accepted.view.direction - centre) > OUTLIER_DISTANCE;
  return (
    accepted.view.dataQuality *
    (accepted.calibrated ?? UNMEASURED_WEIGHT) *
    (STAND_IN_METHODS.has(accepted.view.method) ? STAND_IN_FACTOR : 1) *
    (outlying ? OUTLIER_FACTOR : 1)
  );
}

/** The probability of a rise that a view states. */
function probabilityOfRise({ direction, confidence }: View): number {
  if (direction === 0) return 0.5;
  return direction > 0 ? confidence : 1 - confidence;
}

/**
 * One view from many: the weighted mean direction, its weighted standard deviation as disagreement, and the confidence
 * from a linear opinion pool (the weighted mean of the probabilities of a rise that the views state, read in the pooled
 * direction), never above the pooled data quality. Null where no view carries weight. `accepted` is in the agents' order.
 */
export function poolViews(accepted: readonly AcceptedView[]) {
  const raw = accepted.map((entry) => rawWeight(entry, accepted));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return null;
  const weights = raw.map((weight) => weight / total);
  const average = (pick: (view: View) => number) =>
    accepted.reduce((sum, { view }, at) => sum + (weights[at] as number) * pick(view), 0);
  const direction = average((view) => view.direction);
  const quality = average((view) => view.dataQuality);
  const rise = average(probabilityOfRise);
  const spread = Math.sqrt(average((view) => (view.direction - direction) ** 2));
  return {
    direction: inSignedUnitInterval(direction),
    confidence: inUnitInterval(Math.min(quality, direction >= 0 ? rise : 1 - rise)),
    disagreement: accepted.length < 2 ? null : measured(spread),
    dataQuality: inUnitInterval(quality),
    contributions: accepted.map(({ agent, view }, at) => ({
      agent,
      direction: view.direction,
      confidence: view.confidence,
      weight: inUnitInterval(weights[at] as number),
    })),
  };
}
