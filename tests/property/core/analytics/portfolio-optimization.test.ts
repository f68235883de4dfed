import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadHighsSolver } from '#adapters/highs/highs-solver.ts';
import { minimumConditionalValueAtRisk } from '#core/analytics/optimization/conditional-value-at-risk.ts';
import { efficientFrontier } from '#core/analytics/optimization/efficient-frontier.ts';
import { InfeasibleConstraintsError } from '#core/analytics/optimization/errors.ts';
import { hierarchicalRiskParity } from '#core/analytics/optimization/hierarchical-risk-parity.ts';
import { inverseVolatility } from '#core/analytics/optimization/inverse-volatility.ts';
import type { LinearProgramSolver } from '#core/analytics/optimization/linear-program.ts';
import { maximumSharpe } from '#core/analytics/optimization/maximum-sharpe.ts';
import { meanVariance } from '#core/analytics/optimization/mean-variance.ts';
import { minimumVariance } from '#core/analytics/optimization/minimum-variance.ts';
import type { Portfolio } from '#core/analytics/optimization/portfolio.ts';
import type { RiskModel } from '#core/analytics/optimization/risk-model.ts';
import { riskParity } from '#core/analytics/optimization/risk-parity.ts';
import { type Random, seededRandom } from '#core/values/random.ts';
import { quadprogSolution } from '../../../support/quadprog-oracle.ts';
import { randomModel, randomPortfolio, variance } from '../../../support/risk-models.ts';

/** A model with expected returns and limits that leave room: caps between 1/n and 1, floors below 1/n. */
interface Case {
  readonly random: Random;
  readonly model: RiskModel;
  readonly returns: Float64Array;
  readonly floors: number[];
  readonly caps: number[];
}
function caseOf(seed: number, size: number, longOnly: boolean): Case {
  const random = seededRandom(seed);
  const model = randomModel(random, size);
  return {
    random,
    model,
    returns: Float64Array.from({ length: size }, () => 0.0004 + 0.001 * random.normal()),
    floors: Array.from({ length: size }, () => {
      if (random.next() < 0.5) return 0;
      return longOnly ? (random.next() * 0.9) / size : -random.next();
    }),
    caps: Array.from({ length: size }, () => (1 + random.next() * random.next() * (size - 1)) / size + 1e-6),
  };
}
const limitsOf = ({ floors, caps }: Case) => ({
  floor: Float64Array.from(floors),
  cap: Float64Array.from(caps),
});
const others = (one: Case, count: number) =>
  Array.from({ length: count }, () => randomPortfolio(one.random, one.floors, one.caps, 1));
const dot = (left: Float64Array, right: Float64Array) =>
  left.reduce((sum, entry, index) => sum + entry * right[index]!, 0);
const seedAndSize = [fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 12 })] as const;
const options = (seed: number) => ({ seed, numRuns: 150 });

function expectWithin(one: Case, { weights, cash }: Portfolio): void {
  weights.forEach((weight, index) => {
    expect(weight).toBeGreaterThanOrEqual(one.floors[index]! - 1e-10);
    expect(weight).toBeLessThanOrEqual(one.caps[index]! + 1e-10);
  });
  expect(Math.abs(cash)).toBeLessThanOrEqual(1e-10);
}

describe('portfolios of random covariances and limits', () => {
  let solver: LinearProgramSolver;
  beforeAll(async () => {
    solver = await loadHighsSolver();
  });
  it('have minimum variance where quadprog has it, to 1e-8 in each weight, and no other has less', () => {
    fc.assert(
      fc.property(...seedAndSize, (seed, size) => {
        const one = caseOf(seed, size, false);
        const found = minimumVariance(one.model, { limits: limitsOf(one) });
        expectWithin(one, found);
        const oracle = quadprogSolution({
          variables: one.model.names,
          quadratic: one.model.covariance,
          linear: new Float64Array(size),
          lower: Float64Array.from(one.floors),
          upper: Float64Array.from(one.caps),
          rows: [{ name: 'budget', coefficients: new Float64Array(size).fill(1), least: 1, most: 1 }],
        });
        oracle!.solution.forEach((weight, index) => {
          expect(Math.abs(weight - found.weights[index]!)).toBeLessThanOrEqual(1e-8);
        });
        for (const other of others(one, 20))
          expect(variance(one.model, other)).toBeGreaterThanOrEqual(found.objective.value * (1 - 1e-12));
      }),
      options(31),
    );
  });
  it('have no better Sharpe ratio than the maximum, on the frontier neither', () => {
    fc.assert(
      fc.property(...seedAndSize, fc.boolean(), (seed, size, longOnly) => {
        const one = caseOf(seed, size, longOnly);
        const riskFreeRate = Math.min(...one.returns) - 1e-4;
        const found = maximumSharpe(one.model, one.returns, { limits: limitsOf(one), riskFreeRate });
        expectWithin(one, found);
        const ratio = (weights: Float64Array) =>
          (dot(weights, one.returns) - riskFreeRate) / Math.sqrt(variance(one.model, weights));
        expect(found.objective.value).toBeCloseTo(ratio(found.weights), 10);
        const frontier = efficientFrontier(one.model, one.returns, { limits: limitsOf(one), points: 8 });
        for (const { weights } of frontier)
          expect(ratio(weights)).toBeLessThanOrEqual(found.objective.value + 1e-9);
        for (const other of others(one, 20))
          expect(ratio(other)).toBeLessThanOrEqual(found.objective.value + 1e-9);
      }),
      options(32),
    );
  });
  it('have no better Sharpe ratio than the maximum where part may be cash', () => {
    fc.assert(
      fc.property(...seedAndSize, fc.double({ min: 0, max: 0.9, noNaN: true }), (seed, size, least) => {
        const one = caseOf(seed, size, true);
        const riskFreeRate = Math.min(...one.returns) - 1e-4;
        const floors = one.floors.map((floor) => floor * least);
        const limits = {
          floor: Float64Array.from(floors),
          cap: Float64Array.from(one.caps),
          invested: { least, most: 1 },
        };
        const found = maximumSharpe(one.model, one.returns, { limits, riskFreeRate });
        const ratio = (weights: Float64Array) =>
          weights.reduce((sum, weight, index) => sum + weight * (one.returns[index]! - riskFreeRate), 0) /
          Math.sqrt(variance(one.model, weights));
        expect(found.cash).toBeGreaterThanOrEqual(0);
        expect(found.cash).toBeLessThanOrEqual(1 - least + 1e-10);
        expect(found.binding.some((limit) => / ≤ | = /.test(limit))).toBe(true);
        for (let index = 0; index < 20; index++) {
          const total = least + (1 - least) * one.random.next();
          const other = randomPortfolio(one.random, floors, one.caps, total);
          if (total > 0.01) expect(ratio(other)).toBeLessThanOrEqual(found.objective.value + 1e-9);
        }
      }),
      options(33),
    );
  });
  it('have no higher utility after costs than mean–variance finds, staying put included', () => {
    fc.assert(
      fc.property(...seedAndSize, fc.constantFrom(0, 0.002, 0.1), (seed, size, impact) => {
        const one = caseOf(seed, size, false);
        const current = randomPortfolio(one.random, one.floors, one.caps, 1);
        const buy = Float64Array.from({ length: size }, () => 0.001 * one.random.next());
        const sell = Float64Array.from({ length: size }, () => 0.001 * one.random.next());
        const found = meanVariance(one.model, one.returns, {
          riskAversion: 6,
          limits: limitsOf(one),
          costs: { current, buy, sell, impact },
        });
        expectWithin(one, found);
        const utility = (weights: Float64Array) => {
          let cost = 0;
          weights.forEach((weight, index) => {
            const trade = weight - current[index]!;
            cost +=
              Math.max(0, trade) * buy[index]! + Math.max(0, -trade) * sell[index]! + impact * trade ** 2;
          });
          return dot(weights, one.returns) - 3 * variance(one.model, weights) - cost;
        };
        expect(found.objective.value).toBeCloseTo(utility(found.weights), 12);
        const rivals = [current, ...others(one, 10)];
        // Near the optimum too: a part of the way from it to any other portfolio is within the limits as well.
        for (const rival of rivals)
          for (const part of [1, 0.1, 1e-3, 1e-5]) {
            const between = found.weights.map((weight, index) => weight + part * (rival[index]! - weight));
            expect(utility(between)).toBeLessThanOrEqual(found.objective.value + 1e-13);
          }
      }),
      options(34),
    );
  });
  it('have shares of risk as budgeted, and with limits in the way all that are free in one proportion', () => {
    fc.assert(
      fc.property(...seedAndSize, fc.boolean(), (seed, size, limited) => {
        const one = caseOf(seed, size, true);
        const budgets = Float64Array.from({ length: size }, () => 0.1 + one.random.next());
        const found = riskParity(one.model, { budgets, ...(limited ? { limits: limitsOf(one) } : {}) });
        if (limited) expectWithin(one, found);
        const shares = found.riskShares.kind === 'value' ? found.riskShares.shares : new Float64Array();
        const ratios = shares.map((share, index) => share / budgets[index]!);
        const at = (index: number, ends: number[]) => limited && found.weights[index] === ends[index];
        const free = ratios.filter((_, index) => !at(index, one.floors) && !at(index, one.caps));
        for (const ratio of free) expect(Math.abs(ratio / free[0]! - 1)).toBeLessThanOrEqual(1e-9);
        if (free.length === 0) return;
        ratios.forEach((ratio, index) => {
          if (at(index, one.caps)) expect(ratio).toBeLessThanOrEqual(free[0]! * (1 + 1e-9));
          else if (at(index, one.floors)) expect(ratio).toBeGreaterThanOrEqual(free[0]! * (1 - 1e-9));
        });
      }),
      options(35),
    );
  });
  it('of inverse volatility and hierarchical risk parity keep to every limit', () => {
    fc.assert(
      fc.property(...seedAndSize, (seed, size) => {
        const one = caseOf(seed, size, true);
        expectWithin(one, inverseVolatility(one.model, { limits: limitsOf(one) }));
        for (const linkage of ['single', 'complete', 'average'] as const)
          expectWithin(one, hierarchicalRiskParity(one.model, { limits: limitsOf(one), linkage }));
      }),
      options(36),
    );
  });
  it('have no smaller conditional value at risk than the minimum', () => {
    fc.assert(
      fc.property(...seedAndSize, (seed, size) => {
        const one = caseOf(seed, size, false);
        const returns = Float64Array.from({ length: 60 * size }, () => 0.02 * one.random.normal());
        const found = minimumConditionalValueAtRisk(
          { names: one.model.names, returns },
          { confidence: 0.9, limits: limitsOf(one) },
          solver,
        );
        expectWithin(one, found);
        const tail = (weights: Float64Array) => {
          const losses = Float64Array.from(
            { length: 60 },
            (_, t) => -dot(weights, returns.subarray(t * size, (t + 1) * size)),
          );
          return losses
            .sort()
            .slice(54)
            .reduce((sum, loss) => sum + loss / 6, 0);
        };
        expect(found.conditionalValueAtRisk).toBeCloseTo(tail(found.weights), 12);
        for (const other of others(one, 20))
          expect(tail(other)).toBeGreaterThanOrEqual(found.conditionalValueAtRisk - 1e-9);
      }),
      { seed: 37, numRuns: 60 },
    );
  });
  it('do not depend on the order of the names, on the unit of returns, or on the size of the covariance', () => {
    fc.assert(
      fc.property(...seedAndSize, (seed, size) => {
        const one = caseOf(seed, size, true);
        const turned = (column: Float64Array) => column.toReversed();
        const reversed: RiskModel = {
          names: one.model.names.toReversed(),
          covariance: one.model.covariance.toReversed(),
        };
        const scaled = { ...one.model, covariance: one.model.covariance.map((entry) => entry * 1e4) };
        const limits = limitsOf(one);
        const back = { floor: turned(limits.floor), cap: turned(limits.cap) };
        const rate = Math.min(...one.returns) - 1e-4;
        const pairs: (readonly [Portfolio, Portfolio, Portfolio])[] = [
          [
            minimumVariance(one.model, { limits }),
            minimumVariance(reversed, { limits: back }),
            minimumVariance(scaled, { limits }),
          ],
          [
            riskParity(one.model, { limits }),
            riskParity(reversed, { limits: back }),
            riskParity(scaled, { limits }),
          ],
          [
            maximumSharpe(one.model, one.returns, { limits, riskFreeRate: rate }),
            maximumSharpe(reversed, turned(one.returns), { limits: back, riskFreeRate: rate }),
            maximumSharpe(
              scaled,
              one.returns.map((entry) => entry * 100),
              { limits, riskFreeRate: rate * 100 },
            ),
          ],
        ];
        for (const [straight, round, large] of pairs)
          straight.weights.forEach((weight, index) => {
            expect(round.weights[size - 1 - index]).toBeCloseTo(weight, 8);
            expect(large.weights[index]).toBeCloseTo(weight, 8);
          });
      }),
      options(38),
    );
  });
  it('are refused by every method under caps that leave money over, with the shortfall', () => {
    fc.assert(
      fc.property(...seedAndSize, (seed, size) => {
        const { model, returns } = caseOf(seed, size, true);
        const limits = { cap: 0.9 / size };
        for (const attempt of [
          () => minimumVariance(model, { limits }),
          () => maximumSharpe(model, returns, { limits }),
          () => meanVariance(model, returns, { limits, riskAversion: 1 }),
          () => riskParity(model, { limits }),
          () => inverseVolatility(model, { limits }),
          () => hierarchicalRiskParity(model, { limits }),
        ]) {
          try {
            attempt();
            expect.unreachable();
          } catch (error) {
            if (!(error instanceof InfeasibleConstraintsError)) throw error;
            expect(error.shortfall).toBeCloseTo(0.1, 10);
            expect(error.conflicting).toHaveLength(size);
          }
        }
      }),
      { seed: 39, numRuns: 30 },
    );
  });
});
