import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { InvalidOptimizationError } from './errors.ts';
import { checkNames, checkSymmetric } from './input-checks.ts';
import { dot, times } from './vector.ts';

/** Names and the covariance of their returns over one period. Every other figure of an optimizer is of that period. */
export interface RiskModel {
  readonly names: readonly string[];
  /** n × n row by row. */
  readonly covariance: Float64Array;
}

/** Eigenvalues of a symmetric n × n matrix, rising. */
export function eigenvaluesOf(matrix: Float64Array, size: number): Float64Array {
  const rows = Array.from({ length: size }, (_, row) => matrix.subarray(row * size, (row + 1) * size));
  const { realEigenvalues } = new EigenvalueDecomposition(new Matrix(rows), { assumeSymmetric: true });
  return Float64Array.from(realEigenvalues).sort();
}

/** An eigenvalue that is below zero by more than this share of the largest is no rounding of an estimate. */
const INDEFINITE = 1e-10;

/**
 * Largest eigenvalue over the smallest; undefined where the covariance is singular up to rounding.
 * @throws InvalidOptimizationError naming what keeps the numbers from being a covariance: a wrong length, a number that
 * is not finite, asymmetry, a variance of zero or below, a correlation beyond ±1, a portfolio with negative variance
 */
export function checkRiskModel({ names, covariance }: RiskModel): Figure {
  checkNames(names);
  checkSymmetric(covariance, names, 'the covariance');
  const size = names.length;
  for (const [row, name] of names.entries()) {
    const variance = covariance[row * (size + 1)]!;
    if (variance < 0)
      throw new InvalidOptimizationError(`the variance of ${name} is ${variance}; expected a number above 0`);
    if (variance === 0)
      throw new InvalidOptimizationError(
        `the variance of ${name} is 0; what has no risk is cash, leave it out and allow cash`,
      );
    for (let column = 0; column < row; column++) {
      const correlation =
        covariance[row * size + column]! / Math.sqrt(variance * covariance[column * (size + 1)]!);
      if (Math.abs(correlation) > 1 + INDEFINITE)
        throw new InvalidOptimizationError(
          `the correlation of ${names[column]} and ${name} is ${correlation}; expected −1 to 1`,
        );
    }
  }
  return conditionNumber(covariance, size);
}

/** @throws InvalidOptimizationError where the least eigenvalue is below zero by more than rounding */
export function conditionNumber(covariance: Float64Array, size: number): Figure {
  const eigenvalues = eigenvaluesOf(covariance, size);
  const [least, most] = [eigenvalues[0]!, eigenvalues[size - 1]!];
  if (least < -INDEFINITE * most)
    throw new InvalidOptimizationError(
      `the covariance has the eigenvalue ${least}, so that a portfolio has negative variance; estimate it from complete observations, or shrink it`,
    );
  return least <= 1e-15 * size * most
    ? undefinedBecause('the covariance is singular up to rounding: a name is a combination of others')
    : value(most / least);
}

/** Standard deviations. */
export function deviationsOf({ names, covariance }: RiskModel): Float64Array {
  return Float64Array.from(names, (_, index) => Math.sqrt(covariance[index * (names.length + 1)]!));
}

/** Correlations, n × n row by row, with a diagonal of exactly 1 and nothing beyond ±1. */
export function correlationsOf(model: RiskModel): Float64Array {
  const size = model.names.length;
  const deviations = deviationsOf(model);
  return model.covariance.map((entry, at) => {
    const [row, column] = [Math.floor(at / size), at % size];
    return row === column ? 1 : Math.max(-1, Math.min(1, entry / (deviations[row]! * deviations[column]!)));
  });
}

/** wᵀΣw, never below zero. */
export const varianceOf = (weights: Float64Array, covariance: Float64Array): number =>
  Math.max(0, dot(weights, times(covariance, weights)));

/** What a ridge, given as a share of the mean variance, adds to every variance. @throws InvalidOptimizationError */
export function ridgeOf({ names, covariance }: RiskModel, share: number): number {
  if (!Number.isFinite(share) || share < 0)
    throw new InvalidOptimizationError(
      `ridge is ${share}; expected a finite share of the mean variance, at least 0`,
    );
  let trace = 0;
  for (let index = 0; index < names.length; index++) trace += covariance[index * (names.length + 1)]!;
  return (share * trace) / names.length;
}
