import { InvalidOptimizationError } from './errors.ts';
import { solveQuadraticProgram } from './goldfarb-idnani.ts';
import { checkColumn, checkFinite } from './input-checks.ts';
import { expectedReturnOf, type Portfolio, portfolioOf } from './portfolio.ts';
import { checkRiskModel, type RiskModel, ridgeOf } from './risk-model.ts';
import { dot, sumOf } from './vector.ts';
import { budgetRow, type ResolvedLimits, resolveLimits, type WeightLimits } from './weight-limits.ts';

export interface EfficientFrontierOptions {
  readonly limits?: WeightLimits;
  /** Return of cash over one period. Default 0. */
  readonly cashReturn?: number;
  /** At least 2. Default 20. */
  readonly points?: number;
  /** Added to every variance, as a share of the mean variance. Needed where the covariance is singular. Default 0. */
  readonly ridge?: number;
}

/**
 * The efficient frontier (Markowitz 1952) from the portfolio of least variance to the one of greatest expected return: at
 * returns evenly apart, the least variance for at least that return. One portfolio where the two ends have one return.
 * Objective: the variance.
 * @param expectedReturns μ, of one period
 * @throws InvalidOptimizationError, NotPositiveDefiniteError (singular covariance without ridge), InfeasibleConstraintsError
 */
export function efficientFrontier(
  model: RiskModel,
  expectedReturns: Float64Array,
  options: EfficientFrontierOptions = {},
): Portfolio[] {
  const conditionNumber = checkRiskModel(model);
  const { names, covariance } = model;
  checkColumn(expectedReturns, names, 'the expected return');
  const cashReturn = checkFinite(options.cashReturn ?? 0, 'the return of cash');
  const points = options.points ?? 20;
  if (!Number.isInteger(points) || points < 2)
    throw new InvalidOptimizationError(
      `a frontier of ${points} points; expected a whole number of at least 2`,
    );
  const limits = resolveLimits(names, options.limits);
  const ridge = ridgeOf(model, options.ridge ?? 0);
  const gain = expectedReturns.map((expected) => expected - cashReturn);
  const at = (least: number): Float64Array =>
    solveQuadraticProgram({
      variables: names,
      quadratic: covariance,
      linear: new Float64Array(names.length),
      lower: limits.floors,
      upper: limits.caps,
      rows: [
        budgetRow(names.length, limits),
        ...(least === -Infinity ? [] : [{ name: 'return', coefficients: gain, least, most: Infinity }]),
      ],
      ridge,
    }).solution;
  const portfolio = (weights: Float64Array) =>
    portfolioOf(model, weights, {
      limits,
      conditionNumber,
      ridge,
      expectedReturn: expectedReturnOf(weights, expectedReturns, cashReturn),
    });
  const safest = at(-Infinity);
  const low = dot(safest, gain);
  const high = dot(greatestReturn(gain, limits), gain);
  if (high - low <= 1e-12 * Math.max(...gain.map(Math.abs))) return [portfolio(safest)];
  return Array.from({ length: points }, (_, index) =>
    portfolio(index === 0 ? safest : at(low + ((high - low) * index) / (points - 1))),
  );
}

/**
 * The weights of greatest wᵀgain within the limits: the best names to their caps, as long as a name gains more than cash
 * or more must be invested.
 */
export function greatestReturn(
  gain: Float64Array,
  { floors, caps, least, most }: ResolvedLimits,
): Float64Array {
  const weights = floors.slice();
  let invested = sumOf(weights);
  const order = Array.from(gain.keys()).sort((a, b) => gain[b]! - gain[a]! || a - b);
  for (const index of order) {
    const room = (gain[index]! > 0 ? most : least) - invested;
    if (room <= 0) break;
    const added = Math.min(room, caps[index]! - floors[index]!);
    weights[index]! += added;
    invested += added;
  }
  return weights;
}
