import { InfeasibleConstraintsError, InvalidOptimizationError, NotConvergedError } from './errors.ts';
import { checkColumn } from './input-checks.ts';
import { proportionalWithin } from './inverse-volatility.ts';
import { type Portfolio, portfolioOf } from './portfolio.ts';
import { type BarrierProgram, solveBarrier } from './risk-budget.ts';
import { checkRiskModel, deviationsOf, type RiskModel, varianceOf } from './risk-model.ts';
import { sumOf, times } from './vector.ts';
import {
  fullSize,
  type ResolvedLimits,
  refuseShorts,
  resolveLimits,
  type WeightLimits,
} from './weight-limits.ts';

export interface RiskParityOptions {
  readonly limits?: WeightLimits;
  /** Share of the risk that each name is to have, above 0; only proportions count. Default: equal (ERC). */
  readonly budgets?: Float64Array;
}

/** Relative deviation from the risk budgets that is accepted, where rounding allows to tell. */
const TOLERANCE = 1e-10;

/**
 * Risk parity: each name has its budgeted share of the variance (equal: Maillard, Roncalli and Teïletche 2010), by the
 * convex program ½xᵀΣx − λ Σ bᵢ ln xᵢ (Spinu 2013). As much as the limits allow is invested. Without limits in the way x is
 * only scaled; with them λ is chosen so that the weights add up (Richard and Roncalli 2019): names on no limit then have
 * risk in the proportions of their budgets, those on a cap less, those on a floor more. A singular covariance is no
 * obstacle. Objective: the largest relative deviation from the budgets over names on no limit.
 * @throws InvalidOptimizationError, InfeasibleConstraintsError
 * @throws InfeasibleConstraintsError also where names that hedge others on their floors take more than may be invested
 * @throws NotConvergedError where the deviation stays above 10⁻¹⁰ and is no rounding
 */
export function riskParity(model: RiskModel, options: RiskParityOptions = {}): Portfolio {
  const conditionNumber = checkRiskModel(model);
  const { names, covariance } = model;
  const limits = resolveLimits(names, options.limits);
  refuseShorts(names, limits, 'risk parity');
  const budgets = checkBudgets(names, options.budgets);
  const closed = limits.caps.indexOf(0);
  if (closed !== -1)
    throw new InvalidOptimizationError(
      `the cap of ${names[closed]} is 0; risk parity gives every name some weight, leave it out`,
    );
  const weights = budgetedWeights(model, budgets, limits);
  return portfolioOf(model, weights, {
    limits,
    conditionNumber,
    objective: {
      quantity: 'largest relative deviation from the risk budgets',
      value: budgetDeviation(covariance, budgets, limits, weights),
    },
  });
}

function checkBudgets(names: readonly string[], given: Float64Array | undefined): Float64Array {
  if (given === undefined) return new Float64Array(names.length).fill(1 / names.length);
  checkColumn(given, names, 'the risk budget');
  const bad = given.findIndex((budget) => budget <= 0);
  if (bad !== -1)
    throw new InvalidOptimizationError(
      `the risk budget of ${names[bad]} is ${given[bad]}; expected a number above 0`,
    );
  const sum = sumOf(given);
  return given.map((budget) => budget / sum);
}

function budgetedWeights(model: RiskModel, budgets: Float64Array, limits: ResolvedLimits): Float64Array {
  const { floors, caps } = limits;
  const total = fullSize(limits);
  const deviations = deviationsOf(model);
  const scale = (sumOf(deviations) / deviations.length) ** 2;
  const covariance = model.covariance.map((entry) => entry / scale);
  const open: BarrierProgram = {
    covariance,
    budgets,
    floors: new Float64Array(budgets.length),
    caps: new Float64Array(budgets.length).fill(Infinity),
    strength: 1,
  };
  const start = budgets.map((budget, index) => Math.sqrt(budget * scale) / deviations[index]!);
  const x = accepted(solveBarrier(open, start));
  const size = sumOf(x) / total;
  const free = x.map((entry) => entry / size);
  if (free.every((weight, index) => weight >= floors[index]! && weight <= caps[index]!)) return free;
  if (total >= sumOf(caps)) return caps.slice();
  if (total <= sumOf(floors)) return floors.slice();
  return limitedWeights(
    { ...open, floors, caps, strength: varianceOf(free, covariance) },
    model.names,
    limits,
    total,
  );
}

/** @throws NotConvergedError where the budgets are missed by more than the tolerance and more than rounding explains */
function accepted({ x, deviation, rounding }: ReturnType<typeof solveBarrier>): Float64Array {
  if (!(deviation <= Math.max(TOLERANCE, Math.min(100 * rounding, 1e-6))))
    throw new NotConvergedError(
      `the risk contributions are still ${deviation} from their budgets; some portfolio without short positions has almost no variance, leave a name out`,
    );
  return x;
}

/** The λ at which the weights add up to the total: a root of their sum, by the Illinois form of false position. */
function limitedWeights(
  program: BarrierProgram,
  names: readonly string[],
  limits: ResolvedLimits,
  total: number,
): Float64Array {
  const start = proportionalWithin(program.budgets, limits, total);
  const lowest = Math.min(...start.filter((weight) => weight > 0));
  let solved = solveBarrier(
    program,
    start.map((weight) => Math.max(weight, lowest)),
  );
  const at = (logarithm: number) => {
    solved = solveBarrier({ ...program, strength: Math.exp(logarithm) }, solved.x);
    return { at: logarithm, excess: sumOf(solved.x) - total };
  };
  const middle = at(Math.log(program.strength));
  let low = middle;
  for (let width = 1; low.excess > 0; width *= 2) {
    if (width > FURTHEST) throw floorsStandAgainst(names, limits, total, low.excess);
    low = at(middle.at - width);
  }
  let high = middle;
  for (let width = 1; high.excess < 0; width *= 2) high = at(middle.at + width);
  let last = 0;
  for (let round = 0; round < 200; round++) {
    const between = low.at + ((high.at - low.at) * low.excess) / (low.excess - high.excess);
    const found = at(Number.isFinite(between) ? between : low.at);
    if (Math.abs(found.excess) <= 1e-14 * total || !(high.at - low.at > 1e-15 * Math.abs(low.at))) break;
    const side = Math.sign(found.excess);
    if (side < 0) low = found;
    else high = found;
    // The end that stays twice is halved, or the method creeps.
    if (side < 0 && last < 0) high = { at: high.at, excess: high.excess / 2 };
    if (side > 0 && last > 0) low = { at: low.at, excess: low.excess / 2 };
    last = side;
  }
  const weights = accepted(solved);
  const missed = sumOf(weights) - total;
  if (!(Math.abs(missed) <= ADDING_UP))
    throw new NotConvergedError(
      `the weights miss the ${total} to be invested by ${missed}; names hedge each other nearly fully, leave one out`,
    );
  return weights;
}

/** How far from what is to be invested the weights may add up. */
const ADDING_UP = 1e-9;

/** How many powers of e smaller than at the start λ may get; below that budgets no longer count. */
const FURTHEST = 32;

/**
 * With λ near 0 the weights are those of least variance above the floors, and names that hedge a name on its floor may
 * make more of them than there is to invest.
 */
function floorsStandAgainst(
  names: readonly string[],
  { floors }: ResolvedLimits,
  total: number,
  excess: number,
): InfeasibleConstraintsError {
  return new InfeasibleConstraintsError(
    `invested = ${total} cannot be met: hedging the names on their floors alone takes ${Number((total + excess).toPrecision(6))}, so that no risk budgets are left to keep; lower the floors`,
    `invested = ${total}`,
    excess,
    names.map((name, index) => `${name} ≥ ${floors[index]}`),
  );
}

/** Largest relative distance of wᵢ(Σw)ᵢ/bᵢ from its mean, over the names on no limit. */
function budgetDeviation(
  covariance: Float64Array,
  budgets: Float64Array,
  { floors, caps }: ResolvedLimits,
  weights: Float64Array,
): number {
  const marginal = times(covariance, weights);
  const ratios = weights
    .map((weight, index) => (weight * marginal[index]!) / budgets[index]!)
    .filter((_, index) => weights[index]! > floors[index]! && weights[index]! < caps[index]!);
  const mean = sumOf(ratios) / ratios.length;
  return Math.max(0, ...ratios.map((ratio) => Math.abs(ratio / mean - 1)));
}
