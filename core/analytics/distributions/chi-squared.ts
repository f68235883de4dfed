import { requireDegrees, requireNumber } from './errors.ts';
import { incompleteGamma } from './gamma-function.ts';

/**
 * Probability that a chi-squared variable is at most x: P(degrees/2, x/2), DLMF 8.2.4; 0 for x ≤ 0.
 * @param degrees degrees of freedom, 1e-9 … 1e9, not necessarily whole
 * @throws DistributionDomainError for NaN and for degrees outside 1e-9 … 1e9
 */
export function chiSquaredCdf(x: number, degrees: number): number {
  requireNumber('x', x);
  requireDegrees(degrees);
  return x <= 0 ? 0 : incompleteGamma(degrees / 2, x / 2).lower;
}

/**
 * Probability that a chi-squared variable is above x, the p-value of a test; exact where 1 − cdf would be rounding.
 * @throws DistributionDomainError for NaN and for degrees outside 1e-9 … 1e9
 */
export function chiSquaredSurvival(x: number, degrees: number): number {
  requireNumber('x', x);
  requireDegrees(degrees);
  return x <= 0 ? 1 : incompleteGamma(degrees / 2, x / 2).upper;
}
