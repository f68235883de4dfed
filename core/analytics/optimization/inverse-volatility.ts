import { type Portfolio, portfolioOf } from './portfolio.ts';
import { checkRiskModel, deviationsOf, type RiskModel } from './risk-model.ts';
import { sumOf } from './vector.ts';
import {
  fullSize,
  type ResolvedLimits,
  refuseShorts,
  resolveLimits,
  type WeightLimits,
} from './weight-limits.ts';

/**
 * Weights in proportion to 1/σ, correlations left out; as much as the limits allow is invested. What a cap cuts off goes
 * to the others in the same proportions. Objective: the variance, which nothing is done to minimise.
 * @throws InvalidOptimizationError, InfeasibleConstraintsError
 */
export function inverseVolatility(model: RiskModel, options: { limits?: WeightLimits } = {}): Portfolio {
  const conditionNumber = checkRiskModel(model);
  const limits = resolveLimits(model.names, options.limits);
  refuseShorts(model.names, limits, 'inverse volatility');
  const weights = proportionalWithin(
    deviationsOf(model).map((deviation) => 1 / deviation),
    limits,
    fullSize(limits),
  );
  return portfolioOf(model, weights, { limits, conditionNumber });
}

/** The weights clamp(t · proportion, floor, cap) with the t that makes them add up to a total within the limits. */
export function proportionalWithin(
  proportions: Float64Array,
  { floors, caps }: ResolvedLimits,
  total: number,
): Float64Array {
  const at = (t: number) =>
    proportions.map((proportion, index) => Math.min(caps[index]!, Math.max(floors[index]!, t * proportion)));
  // The sum rises with t in straight lines between the points at which a weight leaves its floor or meets its cap.
  const corners = Float64Array.from([
    ...floors.map((floor, index) => floor / proportions[index]!),
    ...caps.map((cap, index) => cap / proportions[index]!),
  ]).sort();
  let [low, high] = [0, corners.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sumOf(at(corners[middle]!)) <= total) low = middle;
    else high = middle;
  }
  const [below, above] = [sumOf(at(corners[low]!)), sumOf(at(corners[high]!))];
  if (above <= below || total >= above) return at(corners[high]!);
  return at(corners[low]! + ((corners[high]! - corners[low]!) * (total - below)) / (above - below));
}
