import { InfeasibleConstraintsError, NoExcessReturnError } from './errors.ts';
import { type QuadraticSolution, solveQuadraticProgram } from './goldfarb-idnani.ts';
import { checkColumn, checkFinite } from './input-checks.ts';
import { expectedReturnOf, type Portfolio, portfolioOf } from './portfolio.ts';
import type { LinearRow, QuadraticProgram } from './quadratic-program.ts';
import { checkRiskModel, type RiskModel, ridgeOf, varianceOf } from './risk-model.ts';
import { dot, sumOf } from './vector.ts';
import { type ResolvedLimits, resolveLimits, type WeightLimits } from './weight-limits.ts';

export interface MaximumSharpeOptions {
  readonly limits?: WeightLimits;
  /** Return of cash over one period. Default 0. */
  readonly riskFreeRate?: number;
  /** Added to every variance, as a share of the mean variance. Needed where the covariance is singular. Default 0. */
  readonly ridge?: number;
}

/**
 * The portfolio of greatest Sharpe ratio wᵀ(μ − r) / √(wᵀΣw) within the limits, by the homogeneous program (Cornuejols and
 * Tütüncü 2006, section 8.2): minimise yᵀΣy with (μ − r)ᵀy = 1 and every limit on w = y/κ written on y. The ratio does
 * not depend on size: where the limits leave it open, as much as they allow is invested. Objective: the ratio of one period.
 * @param expectedReturns μ, of one period
 * @throws NoExcessReturnError where nothing within the limits is expected to earn more than the risk-free rate
 * @throws InvalidOptimizationError, NotPositiveDefiniteError (singular covariance without ridge), InfeasibleConstraintsError
 */
export function maximumSharpe(
  model: RiskModel,
  expectedReturns: Float64Array,
  options: MaximumSharpeOptions = {},
): Portfolio {
  const conditionNumber = checkRiskModel(model);
  const { names, covariance } = model;
  checkColumn(expectedReturns, names, 'the expected return');
  const rate = checkFinite(options.riskFreeRate ?? 0, 'the risk-free rate');
  const limits = resolveLimits(names, options.limits);
  const ridge = ridgeOf(model, options.ridge ?? 0);
  const excess = expectedReturns.map((expected) => expected - rate);
  const cone = new LimitCone(limits);
  const { solution } = solveUnlessNothingIsEarned(
    {
      variables: names,
      quadratic: covariance,
      linear: new Float64Array(names.length),
      lower: cone.lower,
      upper: cone.upper,
      rows: [...excessRow(excess), ...cone.rows],
      ridge,
    },
    () => noExcessReturn(names, expectedReturns, rate),
  );
  const weights = cone.weightsOf(solution);
  const deviation = Math.sqrt(varianceOf(weights, covariance));
  return portfolioOf(model, weights, {
    limits,
    conditionNumber,
    ridge,
    objective: { quantity: 'Sharpe ratio', value: dot(weights, excess) / deviation },
    expectedReturn: expectedReturnOf(weights, expectedReturns, rate),
  });
}

function excessRow(excess: Float64Array): LinearRow[] {
  const largest = Math.max(...excess.map(Math.abs));
  return largest === 0
    ? []
    : [{ name: 'excess return', coefficients: excess.map((entry) => entry / largest), least: 1, most: 1 }];
}

function solveUnlessNothingIsEarned(
  program: QuadraticProgram,
  refusal: () => NoExcessReturnError,
): QuadraticSolution {
  if (program.rows?.[0]?.name !== 'excess return') throw refusal();
  try {
    return solveQuadraticProgram(program);
  } catch (error) {
    // The limits leave a portfolio, so a cone of portfolios too: only its excess return can be impossible.
    if (error instanceof InfeasibleConstraintsError) throw refusal();
    throw error;
  }
}

function noExcessReturn(names: readonly string[], expected: Float64Array, rate: number): NoExcessReturnError {
  const best = expected.indexOf(Math.max(...expected));
  return new NoExcessReturnError(
    `no portfolio within the limits is expected to earn more than the risk-free rate ${rate} (the best name, ${names[best]}: ${expected[best]}); hold cash`,
  );
}

/** normalᵀw ≤ bound. */
interface HalfSpace {
  readonly normal: Float64Array;
  readonly bound: number;
}

/**
 * The directions y in which a portfolio within the limits lies: y = κw for some κ > 0. κ is 1ᵀy over what must be
 * invested, where that is one number; otherwise it is eliminated (Fourier and Motzkin): each lower end of κ must not be
 * above any upper end.
 */
class LimitCone {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rows: LinearRow[] = [];
  readonly #limits: ResolvedLimits;
  /** Lower ends of κ: κ ≥ normalᵀy / bound. */
  readonly #lowerEnds: HalfSpace[] = [];

  constructor(limits: ResolvedLimits) {
    this.#limits = limits;
    const { floors, caps } = limits;
    this.lower = floors.map((floor) => (floor >= 0 ? 0 : -Infinity));
    this.upper = caps.map((cap) => (cap <= 0 ? 0 : Infinity));
    const halfSpaces = this.#halfSpaces();
    if (this.#size === undefined) this.#eliminate(halfSpaces);
    else this.#substitute(halfSpaces, this.#size);
  }

  /** What is invested, where the limits leave one number other than 0. */
  get #size(): number | undefined {
    const { least, most } = this.#limits;
    return least === most && least !== 0 ? least : undefined;
  }

  /** The largest portfolio in a direction. */
  weightsOf(y: Float64Array): Float64Array {
    const scale =
      this.#size === undefined
        ? Math.max(...this.#lowerEnds.map(({ normal, bound }) => dot(normal, y) / bound))
        : sumOf(y) / this.#size;
    const { floors, caps } = this.#limits;
    return y.map((entry, index) => nearestWithin(entry / scale, floors[index]!, caps[index]!));
  }

  /** Limits that are more than the sign of an entry, and that long-only portfolios of the size do not meet anyway. */
  #halfSpaces(): HalfSpace[] {
    const { floors, caps, least, most } = this.#limits;
    const count = floors.length;
    const longOnly = floors.every((floor) => floor >= 0);
    const unit = (index: number, sign: 1 | -1) => {
      const normal = new Float64Array(count);
      normal[index] = sign;
      return normal;
    };
    const spaces: HalfSpace[] = [];
    for (let index = 0; index < count; index++) {
      if (caps[index] !== 0 && !(longOnly && caps[index]! >= most))
        spaces.push({ normal: unit(index, 1), bound: caps[index]! });
      if (floors[index] !== 0) spaces.push({ normal: unit(index, -1), bound: -floors[index]! });
    }
    if (this.#size !== undefined) return spaces;
    spaces.push({ normal: new Float64Array(count).fill(1), bound: most });
    spaces.push({ normal: new Float64Array(count).fill(-1), bound: -least });
    return spaces;
  }

  #substitute(spaces: readonly HalfSpace[], size: number): void {
    for (const { normal, bound } of spaces) this.#addRow(normal.map((entry) => bound / size - entry));
  }

  #eliminate(spaces: readonly HalfSpace[]): void {
    const upperEnds: HalfSpace[] = [];
    for (const space of spaces) {
      if (space.bound === 0) this.#addRow(space.normal.map((entry) => -entry));
      else (space.bound > 0 ? this.#lowerEnds : upperEnds).push(space);
    }
    for (const high of upperEnds)
      for (const low of this.#lowerEnds)
        this.#addRow(high.normal.map((entry, index) => high.bound * low.normal[index]! - low.bound * entry));
  }

  /** Rows are of one size, so that what is rounding is so in each. */
  #addRow(coefficients: Float64Array): void {
    const largest = Math.max(...coefficients.map(Math.abs));
    if (largest > 0)
      this.rows.push({
        name: `limit ${this.rows.length}`,
        coefficients: coefficients.map((entry) => entry / largest),
        least: 0,
        most: Infinity,
      });
  }
}

/** A weight that rounding has put no more than 10⁻¹² beyond a limit, or beside it, is on the limit. */
function nearestWithin(weight: number, floor: number, cap: number): number {
  if (Math.abs(weight - floor) <= 1e-12) return floor;
  return Math.abs(weight - cap) <= 1e-12 ? cap : weight;
}
