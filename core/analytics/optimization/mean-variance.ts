import { InvalidOptimizationError, NotPositiveDefiniteError } from './errors.ts';
import { solveQuadraticProgram } from './goldfarb-idnani.ts';
import { checkColumn, checkFinite } from './input-checks.ts';
import { expectedReturnOf, type Portfolio, portfolioOf } from './portfolio.ts';
import {
  checkRiskModel,
  correlationsOf,
  eigenvaluesOf,
  type RiskModel,
  ridgeOf,
  varianceOf,
} from './risk-model.ts';
import { budgetRow, type ResolvedLimits, resolveLimits, type WeightLimits } from './weight-limits.ts';

/** What it takes to get from the weights held to others. One number is for every name. */
export interface TradingCosts {
  /** Weights held now. */
  readonly current: Float64Array;
  /** Cost of buying a weight of 1, as a fraction of equity: half the spread, fees and slippage. Default 0. */
  readonly buy?: number | Float64Array;
  /** Cost of selling a weight of 1. Default 0. */
  readonly sell?: number | Float64Array;
  /** Impact k: trading a weight t costs k · t² besides. Default 0. */
  readonly impact?: number | Float64Array;
}

export interface MeanVarianceOptions {
  /** γ: how much return one unit of variance must bring, times two. Above 0. */
  readonly riskAversion: number;
  readonly limits?: WeightLimits;
  /** Return of cash over one period. Default 0. */
  readonly cashReturn?: number;
  readonly costs?: TradingCosts;
  /** Added to every variance, as a share of the mean variance. Needed where the covariance is singular. Default 0. */
  readonly ridge?: number;
}

export interface MeanVariancePortfolio extends Portfolio {
  /** Change of each weight from the one held; 0 where trading does not pay. Without costs, from nothing. */
  readonly trades: Float64Array;
  /** What the trades cost, as a fraction of equity. */
  readonly tradingCost: number;
}

/**
 * The portfolio of greatest utility wᵀμ + (1 − Σw)r − γ/2 · wᵀΣw − costs (Markowitz 1952; costs by buys and sells apart as
 * in Lobo, Fazel and Boyd 2007). Costs lower the utility; the limits are on the weights before costs are paid. Returns,
 * covariance and costs must be of one horizon: a cost paid once weighs more the shorter the period. Objective: the utility.
 * @param expectedReturns μ, of one period
 * @throws InvalidOptimizationError, NotPositiveDefiniteError (singular covariance without ridge), InfeasibleConstraintsError
 */
export function meanVariance(
  model: RiskModel,
  expectedReturns: Float64Array,
  options: MeanVarianceOptions,
): MeanVariancePortfolio {
  const conditionNumber = checkRiskModel(model);
  const { names, covariance } = model;
  checkColumn(expectedReturns, names, 'the expected return');
  const { riskAversion } = options;
  if (!Number.isFinite(riskAversion) || riskAversion <= 0)
    throw new InvalidOptimizationError(`risk aversion is ${riskAversion}; expected a finite number above 0`);
  const cashReturn = checkFinite(options.cashReturn ?? 0, 'the return of cash');
  const limits = resolveLimits(names, options.limits);
  const ridge = ridgeOf(model, options.ridge ?? 0);
  const costs = resolveCosts(names, options.costs);
  const quadratic = covariance.map((entry) => riskAversion * entry);
  for (let index = 0; index < names.length; index++)
    quadratic[index * (names.length + 1)]! += riskAversion * ridge;
  const task = { names, quadratic, gain: expectedReturns.map((expected) => expected - cashReturn), limits };
  const weights = options.costs === undefined ? withoutCosts(task) : withCosts(task, model, ridge, costs);
  const trades = weights.map((weight, index) => weight - costs.current[index]!);
  const tradingCost = costOf(trades, costs);
  const expectedReturn = expectedReturnOf(weights, expectedReturns, cashReturn);
  const utility = expectedReturn - (riskAversion / 2) * varianceOf(weights, covariance) - tradingCost;
  const objective = { quantity: 'utility', value: utility };
  return {
    ...portfolioOf(model, weights, { limits, conditionNumber, ridge, objective, expectedReturn }),
    trades,
    tradingCost,
  };
}

interface ResolvedCosts {
  readonly current: Float64Array;
  readonly buy: Float64Array;
  readonly sell: Float64Array;
  readonly impact: Float64Array;
}

function resolveCosts(names: readonly string[], costs: TradingCosts | undefined): ResolvedCosts {
  const column = (given: number | Float64Array, what: string) => {
    const entries = typeof given === 'number' ? new Float64Array(names.length).fill(given) : given;
    checkColumn(entries, names, what);
    const bad = entries.findIndex((entry) => entry < 0);
    if (bad !== -1)
      throw new InvalidOptimizationError(`${what} of ${names[bad]} is ${entries[bad]}; expected at least 0`);
    return entries;
  };
  const current = costs?.current ?? new Float64Array(names.length);
  checkColumn(current, names, 'the current weight');
  return {
    current,
    buy: column(costs?.buy ?? 0, 'the cost of buying'),
    sell: column(costs?.sell ?? 0, 'the cost of selling'),
    impact: column(costs?.impact ?? 0, 'the impact'),
  };
}

function costOf(trades: Float64Array, { buy, sell, impact }: ResolvedCosts): number {
  let cost = 0;
  trades.forEach((trade, index) => {
    cost += (trade > 0 ? buy[index]! * trade : -sell[index]! * trade) + impact[index]! * trade ** 2;
  });
  return cost;
}

interface Task {
  readonly names: readonly string[];
  /** γ(Σ + ridge). */
  readonly quadratic: Float64Array;
  /** μ − r. */
  readonly gain: Float64Array;
  readonly limits: ResolvedLimits;
}

function withoutCosts({ names, quadratic, gain, limits }: Task): Float64Array {
  return solveQuadraticProgram({
    variables: names,
    quadratic,
    linear: gain.map((entry) => -entry),
    lower: limits.floors,
    upper: limits.caps,
    rows: [budgetRow(names.length, limits)],
  }).solution;
}

/**
 * Weights w and sales s of at least 0, so that b = w − current + s is bought, of at least 0 too. The program is
 * semidefinite along buying and selling at once, which costs and so never pays. A term θᵢbᵢsᵢ, which is 0 wherever a name is
 * bought or sold only, takes that away without moving the optimum: with θᵢ = λ · qᵢᵢ, λ the least eigenvalue of the
 * correlations, the program is strictly convex, so no ridge is needed for it.
 */
function withCosts(task: Task, model: RiskModel, ridge: number, costs: ResolvedCosts): Float64Array {
  const { names, quadratic, gain, limits } = task;
  const { current, buy, sell, impact } = costs;
  const count = names.length;
  const size = 2 * count;
  const share = leastEigenvalue(model, ridge);
  const doubled = new Float64Array(size * size);
  const linear = new Float64Array(size);
  for (let row = 0; row < count; row++) {
    doubled.set(quadratic.subarray(row * count, (row + 1) * count), row * size);
    const twice = 2 * impact[row]!;
    const coupling = twice + share * quadratic[row * (count + 1)]!;
    const sale = row + count;
    doubled[row * (size + 1)]! += twice;
    doubled[row * size + sale] = coupling;
    doubled[sale * size + row] = coupling;
    doubled[sale * (size + 1)] = 2 * coupling;
    linear[row] = buy[row]! - gain[row]! - twice * current[row]!;
    linear[sale] = buy[row]! + sell[row]! - coupling * current[row]!;
  }
  const { solution } = solveQuadraticProgram({
    variables: [...names, ...names.map((name) => `sale of ${name}`)],
    quadratic: doubled,
    linear,
    lower: Float64Array.of(...limits.floors, ...new Float64Array(count)),
    upper: Float64Array.of(...limits.caps, ...new Float64Array(count).fill(Infinity)),
    rows: [
      { ...budgetRow(count, limits), coefficients: new Float64Array(size).fill(1, 0, count) },
      ...names.map((name, index) => {
        const coefficients = new Float64Array(size);
        coefficients[index] = 1;
        coefficients[index + count] = 1;
        return { name: `purchase of ${name}`, coefficients, least: current[index]!, most: Infinity };
      }),
    ],
  });
  // Neither bought nor sold leaves rounding of the sum of two numbers, where the weight held is meant.
  return current.map((held, index) => {
    const weight = solution[index]!;
    return Math.abs(weight - held) <= 1e-14 ? held : weight;
  });
}

/** Least eigenvalue of the correlations with the ridge in them. */
function leastEigenvalue({ names, covariance }: RiskModel, ridge: number): number {
  const ridged = covariance.slice();
  for (let index = 0; index < names.length; index++) ridged[index * (names.length + 1)]! += ridge;
  const least = eigenvaluesOf(correlationsOf({ names, covariance: ridged }), names.length)[0]!;
  if (least <= 1e-15 * names.length)
    throw new NotPositiveDefiniteError(
      `the least eigenvalue of the correlations is ${least}: a name is a combination of others up to rounding; leave it out or give a ridge`,
    );
  return least;
}
