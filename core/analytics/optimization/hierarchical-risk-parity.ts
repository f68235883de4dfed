import { dendrogramOrder, type Linkage } from './linkage.ts';
import { type Portfolio, portfolioOf } from './portfolio.ts';
import { checkRiskModel, correlationsOf, type RiskModel } from './risk-model.ts';
import {
  fullSize,
  type ResolvedLimits,
  refuseShorts,
  resolveLimits,
  type WeightLimits,
} from './weight-limits.ts';

/**
 * `columns`: the Euclidean distance between two columns of the matrix of correlation distances, so that names are near which
 * stand to all others alike; that is López de Prado's. `correlation`: the correlation distance √((1 − ρ)/2) itself.
 */
export type HierarchicalDistance = 'columns' | 'correlation';

export interface HierarchicalRiskParityOptions {
  readonly limits?: WeightLimits;
  /** Default `single`, as in the paper. */
  readonly linkage?: Linkage;
  /** Default `columns`, as in the paper. */
  readonly distance?: HierarchicalDistance;
}

/**
 * Hierarchical risk parity (López de Prado, "Building diversified portfolios that outperform out of sample", Journal of
 * Portfolio Management 42, 2016): names in the order of a dendrogram of their correlations, halved again and again, each
 * half weighted against the other by its variance under inverse-variance weights. As much as the limits allow is invested;
 * limits bound what either half may be given (Pfitzinger and Katzke 2019). A singular covariance is no obstacle.
 * Objective: the variance, which nothing is done to minimise.
 * @throws InvalidOptimizationError, InfeasibleConstraintsError
 */
export function hierarchicalRiskParity(
  model: RiskModel,
  options: HierarchicalRiskParityOptions = {},
): Portfolio {
  const conditionNumber = checkRiskModel(model);
  const size = model.names.length;
  const limits = resolveLimits(model.names, options.limits);
  refuseShorts(model.names, limits, 'hierarchical risk parity');
  const distances = distancesOf(correlationsOf(model), size, options.distance ?? 'columns');
  const weights = new Float64Array(size);
  const divide = (names: readonly number[], weight: number): void => {
    if (names.length === 1) {
      weights[names[0]!] = weight;
      return;
    }
    const half = names.length >> 1;
    const [left, right] = [names.slice(0, half), names.slice(half)];
    const [first, second] = [clusterVariance(model, left), clusterVariance(model, right)];
    const given = bounded((weight * second) / (first + second), weight, left, right, limits);
    divide(left, given);
    divide(right, weight - given);
  };
  divide(dendrogramOrder(distances, size, options.linkage ?? 'single'), fullSize(limits));
  return portfolioOf(model, weights, { limits, conditionNumber });
}

function distancesOf(correlations: Float64Array, size: number, distance: HierarchicalDistance): Float64Array {
  const direct = correlations.map((correlation) => Math.sqrt((1 - correlation) / 2));
  switch (distance) {
    case 'correlation':
      return direct;
    case 'columns':
      return direct.map((_, at) => {
        const [row, column] = [Math.floor(at / size), at % size];
        let squares = 0;
        for (let k = 0; k < size; k++) squares += (direct[k * size + row]! - direct[k * size + column]!) ** 2;
        return Math.sqrt(squares);
      });
  }
}

/** Variance of some names under weights in proportion to 1/σ². */
function clusterVariance({ names, covariance }: RiskModel, members: readonly number[]): number {
  const size = names.length;
  const shares = members.map((member) => 1 / covariance[member * (size + 1)]!);
  const total = shares.reduce((sum, share) => sum + share, 0);
  let variance = 0;
  members.forEach((member, i) => {
    members.forEach((other, j) => {
      variance += (shares[i]! / total) * (shares[j]! / total) * covariance[member * size + other]!;
    });
  });
  return Math.max(0, variance);
}

/** What the left half may be given, so that either half can keep to the limits of its names. */
function bounded(
  wanted: number,
  weight: number,
  left: readonly number[],
  right: readonly number[],
  { floors, caps }: ResolvedLimits,
): number {
  const sum = (column: Float64Array, members: readonly number[]) =>
    members.reduce((total, member) => total + column[member]!, 0);
  const least = Math.max(sum(floors, left), weight - sum(caps, right));
  const most = Math.min(sum(caps, left), weight - sum(floors, right));
  return Math.min(most, Math.max(least, wanted));
}
