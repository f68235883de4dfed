import { solveQuadraticProgram } from './goldfarb-idnani.ts';
import { type Portfolio, portfolioOf } from './portfolio.ts';
import { checkRiskModel, type RiskModel, ridgeOf } from './risk-model.ts';
import { budgetRow, resolveLimits, type WeightLimits } from './weight-limits.ts';

export interface MinimumVarianceOptions {
  readonly limits?: WeightLimits;
  /** Added to every variance, as a share of the mean variance. Needed where the covariance is singular. Default 0. */
  readonly ridge?: number;
}

/**
 * The portfolio of least variance wᵀΣw within the limits (Markowitz 1952). Where cash is allowed without a floor that is
 * cash. Objective: the variance.
 * @throws InvalidOptimizationError, NotPositiveDefiniteError (singular covariance without ridge), InfeasibleConstraintsError
 */
export function minimumVariance(model: RiskModel, options: MinimumVarianceOptions = {}): Portfolio {
  const conditionNumber = checkRiskModel(model);
  const { names, covariance } = model;
  const limits = resolveLimits(names, options.limits);
  const ridge = ridgeOf(model, options.ridge ?? 0);
  const { solution } = solveQuadraticProgram({
    variables: names,
    quadratic: covariance,
    linear: new Float64Array(names.length),
    lower: limits.floors,
    upper: limits.caps,
    rows: [budgetRow(names.length, limits)],
    ridge,
  });
  return portfolioOf(model, solution, { limits, conditionNumber, ridge });
}
