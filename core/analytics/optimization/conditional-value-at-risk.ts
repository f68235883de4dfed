import { greatestReturn } from './efficient-frontier.ts';
import { InfeasibleConstraintsError, InvalidOptimizationError, NotConvergedError } from './errors.ts';
import { checkFinite, checkNames } from './input-checks.ts';
import type { LinearProgram, LinearProgramSolver } from './linear-program.ts';
import { expectedReturnOf, type Portfolio, portfolioOf, type RiskShares } from './portfolio.ts';
import { conditionNumber } from './risk-model.ts';
import { dot } from './vector.ts';
import { type ResolvedLimits, resolveLimits, type WeightLimits } from './weight-limits.ts';

/** Returns of one period in each of T equally likely scenarios, past or simulated. */
export interface Scenarios {
  readonly names: readonly string[];
  /** T × n: one row for each scenario. */
  readonly returns: Float64Array;
}

export interface ConditionalValueAtRiskOptions {
  /** β between 0 and 1, such as 0.95: the loss is averaged over the worst 1 − β of the scenarios. */
  readonly confidence: number;
  readonly limits?: WeightLimits;
  /** Return of cash over one period. Default 0. */
  readonly cashReturn?: number;
  /** The least mean return over the scenarios, cash included. Default: none. */
  readonly leastReturn?: number;
}

export interface ConditionalValueAtRiskPortfolio extends Portfolio {
  /** The loss not exceeded in a share β of the scenarios; a loss is positive. */
  readonly valueAtRisk: number;
  /** The mean loss of the worst 1 − β of the scenarios, the one at the edge by the part that is needed. */
  readonly conditionalValueAtRisk: number;
}

/**
 * The portfolio of least conditional value at risk, by the linear program of Rockafellar and Uryasev, "Optimization of
 * conditional value-at-risk", Journal of Risk 2 (2000), equation 17: minimise α + Σuₜ/((1 − β)T) with uₜ ≥ loss − α and
 * uₜ ≥ 0. The figures are computed again from the weights, not taken from the solver. Risk shares are those of the CVaR
 * beyond that of cash: wᵢ · mean loss of i in the tail (Tasche 1999); the covariance is the scenarios' own (ddof 1). A name
 * without risk is allowed. Objective: the CVaR.
 * @param solver an implementation of the port, such as the one with HiGHS
 * @throws InvalidOptimizationError for bad input and fewer than 1/(1 − β) scenarios
 * @throws InfeasibleConstraintsError for limits that leave no portfolio, or none with the least return
 * @throws NotConvergedError where the solver gives up
 */
export function minimumConditionalValueAtRisk(
  scenarios: Scenarios,
  options: ConditionalValueAtRiskOptions,
  solver: LinearProgramSolver,
): ConditionalValueAtRiskPortfolio {
  const { names, returns } = scenarios;
  const { confidence, leastReturn } = options;
  const count = checkScenarios(scenarios, confidence);
  const cashReturn = checkFinite(options.cashReturn ?? 0, 'the return of cash');
  const limits = resolveLimits(names, options.limits);
  const means = meansOf(scenarios, count);
  if (leastReturn !== undefined) checkAttainable(leastReturn, means, limits, cashReturn);
  const excess = returns.map((entry) => entry - cashReturn);
  const solved = solver.solve(programOf({ ...options, excess, count, means, limits, cashReturn }));
  const weights = weightsOf(solved, limits);
  const tail = tailOf(excess, weights, cashReturn, (1 - confidence) * count);
  const covariance = covarianceOf(scenarios, means, count);
  return {
    ...portfolioOf({ names, covariance }, weights, {
      limits,
      conditionNumber: conditionNumber(covariance, names.length),
      objective: { quantity: 'conditional value at risk', value: tail.mean },
      expectedReturn: expectedReturnOf(weights, means, cashReturn),
    }),
    riskShares: tailShares(weights, tail.losses),
    valueAtRisk: tail.edge,
    conditionalValueAtRisk: tail.mean,
  };
}

/** How many scenarios there are. */
function checkScenarios({ names, returns }: Scenarios, confidence: number): number {
  checkNames(names);
  if (!(confidence > 0 && confidence < 1))
    throw new InvalidOptimizationError(`confidence is ${confidence}; expected a number between 0 and 1`);
  const count = returns.length / names.length;
  if (!Number.isInteger(count))
    throw new InvalidOptimizationError(
      `${returns.length} returns for ${names.length} names; expected one for each name in every scenario`,
    );
  const bad = returns.findIndex((entry) => !Number.isFinite(entry));
  if (bad !== -1)
    throw new InvalidOptimizationError(
      `the return of ${names[bad % names.length]} in scenario ${Math.floor(bad / names.length)} is ${returns[bad]}; expected a finite number`,
    );
  const needed = Math.max(2, Math.ceil(1 / (1 - confidence) - 1e-9));
  if (count < needed)
    throw new InvalidOptimizationError(
      `${count} scenarios; at least ${needed} are needed for one beyond ${confidence}`,
    );
  return count;
}

function checkAttainable(
  leastReturn: number,
  means: Float64Array,
  limits: ResolvedLimits,
  cashReturn: number,
): void {
  checkFinite(leastReturn, 'the least return');
  const best = expectedReturnOf(
    greatestReturn(
      means.map((mean) => mean - cashReturn),
      limits,
    ),
    means,
    cashReturn,
  );
  if (leastReturn > best)
    throw new InfeasibleConstraintsError(
      `return ≥ ${leastReturn} cannot be met: the limits allow a mean return of ${best} at most; ask for less or raise a cap`,
      `return ≥ ${leastReturn}`,
      leastReturn - best,
      ['the limits on weights'],
    );
}

interface Task {
  /** Returns beyond cash, T × n. */
  readonly excess: Float64Array;
  readonly count: number;
  readonly means: Float64Array;
  readonly limits: ResolvedLimits;
  readonly cashReturn: number;
  readonly confidence: number;
  readonly leastReturn?: number;
}

/** Columns: the weights, α, then u of each scenario. Rows: the scenarios, what is invested, the mean return. */
function programOf(task: Task): LinearProgram {
  const { excess, count, means, limits, cashReturn, confidence, leastReturn } = task;
  const size = means.length;
  const columns = size + 1 + count;
  const starts = new Int32Array(columns + 1);
  const rows: number[] = [];
  const values: number[] = [];
  const enter = (row: number, value: number) => {
    if (value === 0) return;
    rows.push(row);
    values.push(value);
  };
  for (let name = 0; name < size; name++) {
    for (let scenario = 0; scenario < count; scenario++) enter(scenario, excess[scenario * size + name]!);
    enter(count, 1);
    enter(count + 1, means[name]! - cashReturn);
    starts[name + 1] = rows.length;
  }
  for (let scenario = 0; scenario < count; scenario++) enter(scenario, 1);
  starts[size + 1] = rows.length;
  for (let scenario = 0; scenario < count; scenario++) {
    enter(scenario, 1);
    starts[size + 2 + scenario] = rows.length;
  }
  const fill = (head: Float64Array, alpha: number, rest: number) => {
    const column = new Float64Array(columns).fill(rest);
    column.set(head);
    column[size] = alpha;
    return column;
  };
  return {
    cost: fill(new Float64Array(size), 1, 1 / ((1 - confidence) * count)),
    lower: fill(limits.floors, -Infinity, 0),
    upper: fill(limits.caps, Infinity, Infinity),
    least: Float64Array.of(
      ...new Float64Array(count).fill(-cashReturn),
      limits.least,
      leastReturn === undefined ? -Infinity : leastReturn - cashReturn,
    ),
    most: Float64Array.of(...new Float64Array(count).fill(Infinity), limits.most, Infinity),
    matrix: { starts, rows: Int32Array.from(rows), values: Float64Array.from(values) },
  };
}

function weightsOf(
  solved: ReturnType<LinearProgramSolver['solve']>,
  { floors, caps }: ResolvedLimits,
): Float64Array {
  switch (solved.kind) {
    case 'optimal':
      return floors.map((floor, name) => Math.min(caps[name]!, Math.max(floor, solved.solution[name]!)));
    case 'infeasible':
    case 'unbounded':
      throw new NotConvergedError(
        `the solver calls the program ${solved.kind}, which its limits exclude; its numbers are too far apart, scale the returns`,
      );
    case 'stopped':
      throw new NotConvergedError(`the solver gave up: ${solved.reason}`);
  }
}

interface Tail {
  readonly edge: number;
  readonly mean: number;
  /** Mean loss beyond cash of each name in the tail. */
  readonly losses: Float64Array;
}

/** The worst scenarios, `weight` of them; the last of them in part where that is no whole number. */
function tailOf(excess: Float64Array, weights: Float64Array, cashReturn: number, weight: number): Tail {
  const size = weights.length;
  const losses = Float64Array.from(
    { length: excess.length / size },
    (_, scenario) => -dot(weights, excess.subarray(scenario * size, (scenario + 1) * size)) - cashReturn,
  );
  const order = Array.from(losses.keys()).sort((a, b) => losses[b]! - losses[a]! || a - b);
  const byName = new Float64Array(size);
  let mean = 0;
  let edge = losses[order[0]!]!;
  let left = weight;
  for (const scenario of order) {
    // What rounding leaves of a whole number is no further scenario.
    if (left <= 1e-9) break;
    const part = Math.min(1, left) / weight;
    edge = losses[scenario]!;
    mean += part * edge;
    for (let name = 0; name < size; name++) byName[name]! -= part * excess[scenario * size + name]!;
    left -= 1;
  }
  return { edge, mean, losses: byName };
}

function tailShares(weights: Float64Array, losses: Float64Array): RiskShares {
  const total = dot(weights, losses);
  return total > 0
    ? { kind: 'value', shares: weights.map((weight, name) => (weight * losses[name]!) / total) }
    : { kind: 'undefined', reason: 'the tail loses nothing beyond cash' };
}

function meansOf({ names, returns }: Scenarios, count: number): Float64Array {
  const means = new Float64Array(names.length);
  returns.forEach((entry, at) => {
    means[at % names.length]! += entry / count;
  });
  return means;
}

function covarianceOf({ names, returns }: Scenarios, means: Float64Array, count: number): Float64Array {
  const size = names.length;
  const covariance = new Float64Array(size * size);
  for (let scenario = 0; scenario < count; scenario++) {
    for (let row = 0; row < size; row++) {
      const deviation = returns[scenario * size + row]! - means[row]!;
      for (let column = 0; column < size; column++)
        covariance[row * size + column]! +=
          (deviation * (returns[scenario * size + column]! - means[column]!)) / (count - 1);
    }
  }
  return covariance;
}
