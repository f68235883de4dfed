import { choleskyFactor, choleskySolve } from './cholesky.ts';
import { InvalidOptimizationError, NotPositiveDefiniteError } from './errors.ts';
import { checkColumn, checkNames } from './input-checks.ts';
import { checkRiskModel, type RiskModel } from './risk-model.ts';
import { dot, times } from './vector.ts';

/** A portfolio and what it is expected to return over one period, in excess of cash. */
export interface View {
  readonly name: string;
  /** Weights of the view by name; those not listed are 0. `{ Germany: 1, France: -1 }` is a relative view. */
  readonly portfolio: Readonly<Record<string, number>>;
  readonly expectedReturn: number;
  /** Variance of the view's error, 0 where it is certain. Default τ pᵀΣp: as uncertain as the equilibrium about it. */
  readonly variance?: number;
}

export interface BlackLittermanOptions {
  /** Weights of the market portfolio. */
  readonly marketWeights: Float64Array;
  /** δ, above 0: 2.5 in the paper. */
  readonly riskAversion: number;
  /** τ, above 0: variance of the equilibrium's own error, as a share of Σ. Default 0.05, as in the paper. */
  readonly uncertainty?: number;
  readonly views: readonly View[];
}

export interface BlackLittermanEstimate {
  readonly names: readonly string[];
  /** Π = δΣw, in excess of cash. */
  readonly equilibriumReturns: Float64Array;
  /** μ̄, in excess of cash: give it to an optimizer with a cash return of 0. */
  readonly expectedReturns: Float64Array;
  /** Σ̄ = Σ + M, M the covariance of the error of μ̄. */
  readonly covariance: Float64Array;
  /** w* = (δΣ̄)⁻¹μ̄, the optimum without limits. */
  readonly unconstrainedWeights: Float64Array;
  /** The variance of each view's error, as used. */
  readonly viewVariances: Float64Array;
}

/**
 * Returns that combine the equilibrium of the market with views (Black and Litterman 1992), in the form of He and
 * Litterman, "The intuition behind Black–Litterman model portfolios" (1999): with K = τΣPᵀ(PτΣPᵀ + Ω)⁻¹
 * μ̄ = Π + K(q − PΠ), M = τΣ − KPτΣ, Σ̄ = Σ + M. No inverse of Σ or Ω is taken for it, so that views may be certain.
 * @throws InvalidOptimizationError for bad input, a view without weights or on a name that is not there
 * @throws NotPositiveDefiniteError for a singular covariance, or certain views that are combinations of each other
 */
export function blackLitterman(model: RiskModel, options: BlackLittermanOptions): BlackLittermanEstimate {
  checkRiskModel(model);
  const { names, covariance } = model;
  const { marketWeights, riskAversion, views, uncertainty = 0.05 } = options;
  checkColumn(marketWeights, names, 'the market weight');
  checkAboveZero(riskAversion, 'risk aversion');
  checkAboveZero(uncertainty, 'the uncertainty of the equilibrium');
  if (views.length > 0) checkNames(views.map(({ name }) => name));
  const equilibriumReturns = times(covariance, marketWeights).map((entry) => riskAversion * entry);
  const portfolios = views.map((view) => portfolioOfView(view, names));
  // τΣp of each view: its covariance with every name, as far as the equilibrium's error goes.
  const exposures = portfolios.map((portfolio) =>
    times(covariance, portfolio).map((entry) => uncertainty * entry),
  );
  const viewVariances = Float64Array.from(views, (view, index) =>
    varianceOfView(view, dot(portfolios[index]!, exposures[index]!)),
  );
  const solve = viewSolver(views, portfolios, exposures, viewVariances);
  const surprise = solve(
    Float64Array.from(
      views,
      ({ expectedReturn }, index) => expectedReturn - dot(portfolios[index]!, equilibriumReturns),
    ),
  );
  const expectedReturns = equilibriumReturns.map(
    (entry, name) => entry + combined(exposures, surprise, name),
  );
  const posterior = covariance.map((entry) => (1 + uncertainty) * entry);
  for (const [row] of names.entries()) {
    const factors = solve(Float64Array.from(exposures, (exposure) => exposure[row]!));
    for (const [column] of names.entries())
      posterior[row * names.length + column]! -= combined(exposures, factors, column);
  }
  return {
    names,
    equilibriumReturns,
    expectedReturns,
    covariance: symmetric(posterior, names.length),
    unconstrainedWeights: unconstrained(names, posterior, expectedReturns, riskAversion),
    viewVariances,
  };
}

function checkAboveZero(number: number, what: string): void {
  if (!Number.isFinite(number) || number <= 0)
    throw new InvalidOptimizationError(`${what} is ${number}; expected a finite number above 0`);
}

function portfolioOfView({ name, portfolio, expectedReturn }: View, names: readonly string[]): Float64Array {
  const weights = new Float64Array(names.length);
  for (const [asset, weight] of Object.entries(portfolio)) {
    const index = names.indexOf(asset);
    if (index === -1)
      throw new InvalidOptimizationError(`view ${name} is on ${asset}, which is not among the names`);
    weights[index] = weight;
  }
  checkColumn(weights, names, `view ${name}: the weight`);
  if (weights.every((weight) => weight === 0))
    throw new InvalidOptimizationError(`view ${name} has no weight other than 0; leave it out`);
  if (!Number.isFinite(expectedReturn))
    throw new InvalidOptimizationError(`view ${name} expects ${expectedReturn}; expected a finite return`);
  return weights;
}

function varianceOfView({ name, variance }: View, fallback: number): number {
  if (variance === undefined) return fallback;
  if (!Number.isFinite(variance) || variance < 0)
    throw new InvalidOptimizationError(`view ${name} has the variance ${variance}; expected at least 0`);
  return variance;
}

const combined = (exposures: readonly Float64Array[], factors: Float64Array, name: number): number =>
  exposures.reduce((sum, exposure, index) => sum + exposure[name]! * factors[index]!, 0);

/** (PτΣPᵀ + Ω)⁻¹ of a column. */
function viewSolver(
  views: readonly View[],
  portfolios: readonly Float64Array[],
  exposures: readonly Float64Array[],
  variances: Float64Array,
): (right: Float64Array) => Float64Array {
  const count = views.length;
  const matrix = new Float64Array(count * count);
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++)
      matrix[row * count + column] =
        dot(portfolios[row]!, exposures[column]!) + (row === column ? variances[row]! : 0);
  const factor = choleskyFactor(matrix, count);
  if (factor.kind === 'not-positive-definite')
    throw new NotPositiveDefiniteError(
      `view ${views[factor.index]!.name} is certain and a combination of certain views before it; leave it out or give it a variance`,
    );
  return (right) => choleskySolve(factor.lower, right);
}

function symmetric(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((entry, at) => (entry + matrix[(at % size) * size + Math.floor(at / size)]!) / 2);
}

function unconstrained(
  names: readonly string[],
  covariance: Float64Array,
  expectedReturns: Float64Array,
  riskAversion: number,
): Float64Array {
  const factor = choleskyFactor(covariance, names.length);
  if (factor.kind === 'not-positive-definite')
    throw new NotPositiveDefiniteError(
      `the covariance is singular at ${names[factor.index]}: it is a combination of names before it; leave it out`,
    );
  return choleskySolve(factor.lower, expectedReturns).map((entry) => entry / riskAversion);
}
