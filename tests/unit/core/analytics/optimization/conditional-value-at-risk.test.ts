import { beforeAll, describe, expect, it } from 'vitest';
import { loadHighsSolver } from '#adapters/highs/highs-solver.ts';
import {
  type ConditionalValueAtRiskOptions,
  minimumConditionalValueAtRisk,
  type Scenarios,
} from '#core/analytics/optimization/conditional-value-at-risk.ts';
import {
  InfeasibleConstraintsError,
  InvalidOptimizationError,
  NotConvergedError,
} from '#core/analytics/optimization/errors.ts';
import type { LinearProgramSolver, LinearSolution } from '#core/analytics/optimization/linear-program.ts';
import { CASH_ALLOWED } from '#core/analytics/optimization/weight-limits.ts';

const near = (weights: readonly number[], digits: number) =>
  weights.map((weight) => expect.closeTo(weight, digits));

/** 40 scenarios of four names, for which scipy's `linprog` was asked (interior point, another program than the one here). */
const FORTY: Scenarios = {
  names: ['A', 'B', 'C', 'D'],
  returns: Float64Array.from({ length: 160 }, (_, at) => {
    const [t, j] = [at >> 2, at & 3];
    return (((t * (37 + 11 * j) + 13 * j * j) % 101) - 48) / (1000 / (1 + 0.3 * j)) + 0.001 * j;
  }),
};
const answering = (solution: LinearSolution): LinearProgramSolver => ({ solve: () => solution });

describe('the portfolio of minimum conditional value at risk', () => {
  let solver: LinearProgramSolver;
  beforeAll(async () => {
    solver = await loadHighsSolver();
  });
  const optimum = (options: ConditionalValueAtRiskOptions, scenarios = FORTY) =>
    minimumConditionalValueAtRisk(scenarios, options, solver);

  it('has the weights and figures that scipy finds', () => {
    const { weights, objective, conditionalValueAtRisk, valueAtRisk } = optimum({
      confidence: 0.9,
      limits: { cap: 0.5 },
    });
    expect([...weights]).toEqual(near([0.357852162627, 0.275270894329, 0.335486402463, 0.031390540581], 8));
    expect(objective).toEqual({ quantity: 'conditional value at risk', value: conditionalValueAtRisk });
    expect(conditionalValueAtRisk).toBeCloseTo(0.028422746068636626, 12);
    expect(valueAtRisk).toBeGreaterThan(0);
  });
  it('counts the scenario at the edge by the part that is needed: 2.8 of 40 at 93 %', () => {
    const { weights, conditionalValueAtRisk, valueAtRisk } = optimum({ confidence: 0.93 });
    expect([...weights]).toEqual(near([0.279451279876, 0.214962522981, 0.407533116485, 0.098053080658], 8));
    expect(conditionalValueAtRisk).toBeCloseTo(0.03194382151106802, 12);
    expect(valueAtRisk).toBeCloseTo(0.02522368359025127, 10);
  });
  it('reaches a mean return that is asked, and is refused one that no portfolio has', () => {
    const most = 0.00373 * 0.87;
    const { weights, conditionalValueAtRisk, expectedReturn } = optimum({
      confidence: 0.9,
      limits: { cap: 0.5 },
      leastReturn: most,
    });
    expect([...weights]).toEqual(near([0.059646993163, 0.5, 0.386760615785, 0.053592391052], 8));
    expect(conditionalValueAtRisk).toBeCloseTo(0.03410220001395284, 12);
    expect(expectedReturn).toEqual({ kind: 'value', value: expect.closeTo(most, 11) });
    // Half in B and half in C is the most.
    const refused = () => optimum({ confidence: 0.9, limits: { cap: 0.5 }, leastReturn: 0.0034 });
    expect(refused).toThrow(InfeasibleConstraintsError);
    expect(refused).toThrow(/^return ≥ 0.0034 cannot be met: the limits allow a mean return of 0.00332/);
  });
  it('holds cash where that is allowed, at the return of cash', () => {
    const { weights, cash, conditionalValueAtRisk } = optimum({
      confidence: 0.9,
      cashReturn: 0.0005,
      leastReturn: 0.00373 * 0.4,
      limits: { cap: 0.5, invested: CASH_ALLOWED },
    });
    expect([...weights]).toEqual(near([0.124489515961, 0.153217865798, 0.124489515961, 0.013104159575], 8));
    expect(conditionalValueAtRisk).toBeCloseTo(0.011584378756547766, 12);
    expect(cash).toBeCloseTo(0.584698942705, 8);
    const idle = optimum({ confidence: 0.9, cashReturn: 0.0005, limits: { invested: CASH_ALLOWED } });
    expect([idle.cash, idle.conditionalValueAtRisk]).toEqual([1, -0.0005]);
    expect(idle.riskShares.kind).toBe('undefined');
  });
  it('shares the loss of the tail out among the names', () => {
    const { weights, riskShares, conditionalValueAtRisk } = optimum({ confidence: 0.9 });
    const losses = Array.from({ length: 40 }, (_, t) => ({
      t,
      loss: -weights.reduce((sum, weight, j) => sum + weight * FORTY.returns[4 * t + j]!, 0),
    }));
    const tail = losses.sort((a, b) => b.loss - a.loss).slice(0, 4);
    expect(tail.reduce((sum, { loss }) => sum + loss / 4, 0)).toBeCloseTo(conditionalValueAtRisk, 14);
    const share = (j: number) =>
      tail.reduce((sum, { t }) => sum - (weights[j]! * FORTY.returns[4 * t + j]!) / 4, 0) /
      conditionalValueAtRisk;
    expect(riskShares.kind === 'value' && [...riskShares.shares]).toEqual(near([0, 1, 2, 3].map(share), 10));
  });
  it('takes twins, one name and a name without risk', () => {
    const twins = {
      names: ['A', 'B'],
      returns: Float64Array.from([...FORTY.returns].flatMap((x, at) => (at % 4 === 0 ? [x, x] : []))),
    };
    expect(optimum({ confidence: 0.9 }, twins).conditionNumber.kind).toBe('undefined');
    const one = { names: ['A'], returns: FORTY.returns.filter((_, at) => at % 4 === 0) };
    expect([...optimum({ confidence: 0.9 }, one).weights]).toEqual([1]);
    const safe = { names: ['A', 'safe'], returns: twins.returns.map((x, at) => (at % 2 === 0 ? x : 0.001)) };
    expect([...optimum({ confidence: 0.9 }, safe).weights]).toEqual([0, 1]);
  });
  it.each<[string, Partial<ConditionalValueAtRiskOptions>, Partial<Scenarios>, RegExp]>([
    ['a confidence of 1', { confidence: 1 }, {}, /confidence is 1; expected a number between/],
    ['a confidence that is NaN', { confidence: Number.NaN }, {}, /confidence is NaN/],
    ['too few scenarios', { confidence: 0.99 }, {}, /40 scenarios; at least 100 are needed/],
    ['a ragged table', {}, { returns: FORTY.returns.slice(1) }, /159 returns for 4 names/],
    ['no scenarios', {}, { returns: new Float64Array() }, /0 scenarios; at least 10/],
    ['a NaN', {}, { returns: FORTY.returns.with(9, Number.NaN) }, /of B in scenario 2 is NaN/],
    ['a return that is NaN', { leastReturn: Number.NaN }, {}, /the least return is NaN/],
    ['names given twice', {}, { names: ['A', 'B', 'C', 'A'] }, /A is named twice/],
  ])('refuses %s', (_, options, scenarios, message) => {
    const attempt = () => optimum({ confidence: 0.9, ...options }, { ...FORTY, ...scenarios });
    expect(attempt).toThrow(InvalidOptimizationError);
    expect(attempt).toThrow(message);
  });
  it('says by name which caps are too low, before any solver is asked', () => {
    const never = answering({ kind: 'stopped', reason: 'it was asked' });
    expect(() =>
      minimumConditionalValueAtRisk(FORTY, { confidence: 0.9, limits: { cap: 0.2 } }, never),
    ).toThrow(/the caps of A, B, C, D add up to 0.8/);
  });
  it.each<[LinearSolution, RegExp]>([
    [{ kind: 'stopped', reason: 'out of time' }, /the solver gave up: out of time/],
    [{ kind: 'infeasible' }, /calls the program infeasible/],
    [{ kind: 'unbounded' }, /calls the program unbounded/],
  ])('takes no weights from a solver that answers %o', (answer, message) => {
    const attempt = () => minimumConditionalValueAtRisk(FORTY, { confidence: 0.9 }, answering(answer));
    expect(attempt).toThrow(NotConvergedError);
    expect(attempt).toThrow(message);
  });
});
