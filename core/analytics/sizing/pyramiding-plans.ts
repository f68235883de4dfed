import type { PyramidingPlan } from '#contracts/events/cycle.ts';
import {
  capped,
  InvalidSizingError,
  type PositionSize,
  requirePositive,
  requireShare,
  type SizingContext,
} from './position-size.ts';

/**
 * A plan that layers are added by. Its first part is the desk's own, in R (the distance from entry to first stop), so
 * the same plan can be given to live positions; only there is each layer at least a lot smaller than the one before.
 */
export interface LayeringPlan extends PyramidingPlan {
  /**
   * `initial`: R stays what it was at entry. `current`: R and the layers follow volatility, R in proportion and the
   * layers inversely; no live position does that.
   */
  readonly volatility: 'initial' | 'current';
}

/** N of the Turtle rules is the 20-day average true range; a unit moves 1 % of equity with it. */
const TURTLE_RISK = 0.01;
const TURTLE_STOP = 2;

/**
 * The Turtles' plan (C. Faith 2003, The Original Turtle Trading Rules): four units in all, one added at every half N, all
 * stops 2 N behind the newest. With R = 2 N a step is a quarter R.
 */
export const TURTLE_PLAN: LayeringPlan = {
  maxLayers: 4,
  stepR: 0.5 / TURTLE_STOP,
  sizeFactor: 1,
  trailR: 1,
  volatility: 'initial',
};

/** Size and R of a first Turtle unit. */
export interface TurtleUnit {
  readonly size: PositionSize;
  /** R, the distance to the first stop: 2 N, in price units. */
  readonly initialRisk: number;
}

/**
 * A Turtle unit: 1 % of equity over the value of N.
 * @param n average true range of 20 days, Wilder's, in price units, above 0
 * @throws InvalidSizingError for inputs that are no numbers or out of range
 */
export function turtleUnit(context: SizingContext, n: number): TurtleUnit {
  requirePositive('N', n);
  const size = capped(context, (context.equity * TURTLE_RISK) / (n * context.multiplier));
  return { size, initialRisk: TURTLE_STOP * n };
}

/**
 * Layers that shrink by a factor, so that the average price stays near the first.
 * @throws InvalidSizingError for a factor outside 0 … 1, distances that are not above 0, or layers that are not 1 to 5
 */
export function diminishingPlan(
  maxLayers: number,
  stepR: number,
  sizeFactor: number,
  trailR = 1,
): LayeringPlan {
  return checkedPlan({ maxLayers, stepR, sizeFactor, trailR, volatility: 'initial' });
}

/**
 * Layers and distances that follow the volatility of the day: a layer risks what the first did times the factor.
 * @throws InvalidSizingError as {@link diminishingPlan}
 */
export function volatilityScaledPlan(
  maxLayers: number,
  stepR: number,
  sizeFactor = 1,
  trailR = 1,
): LayeringPlan {
  return checkedPlan({ maxLayers, stepR, sizeFactor, trailR, volatility: 'current' });
}

/** @throws InvalidSizingError naming the part of a plan that is out of range */
export function checkedPlan(plan: LayeringPlan): LayeringPlan {
  const { maxLayers, stepR, sizeFactor, trailR } = plan;
  if (!(Number.isInteger(maxLayers) && maxLayers >= 1 && maxLayers <= 5))
    throw new InvalidSizingError('number of layers', maxLayers, 'a whole number from 1 to 5');
  requirePositive('step in R', stepR);
  requireShare('size factor', sizeFactor);
  requirePositive('trailing distance in R', trailR);
  return plan;
}
