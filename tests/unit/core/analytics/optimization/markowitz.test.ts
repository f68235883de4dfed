import { describe, expect, it } from 'vitest';
import { efficientFrontier } from '#core/analytics/optimization/efficient-frontier.ts';
import {
  InfeasibleConstraintsError,
  NoExcessReturnError,
  NotPositiveDefiniteError,
} from '#core/analytics/optimization/errors.ts';
import { maximumSharpe } from '#core/analytics/optimization/maximum-sharpe.ts';
import { meanVariance } from '#core/analytics/optimization/mean-variance.ts';
import { minimumVariance } from '#core/analytics/optimization/minimum-variance.ts';
import { CASH_ALLOWED } from '#core/analytics/optimization/weight-limits.ts';
import { FIVE_NAMES, FIVE_RETURNS, modelOf, TWINS, variance } from '../../../../support/risk-models.ts';

const near = (weights: readonly number[], digits: number) =>
  weights.map((weight) => expect.closeTo(weight, digits));
const UNCORRELATED = modelOf(
  [0.1, 0.2],
  [
    [1, 0],
    [0, 1],
  ],
);

describe('the portfolio of minimum variance', () => {
  it('has the weights that a search over all active sets finds, with and without the cap of the desk', () => {
    const free = minimumVariance(FIVE_NAMES);
    expect([...free.weights]).toEqual(
      near([0.31685137185, 0.009218038966, 0.496165888764, 0, 0.177764700421], 11),
    );
    expect(free.objective).toEqual({ quantity: 'variance', value: expect.closeTo(0.009669058026027933, 14) });
    expect(free.binding).toEqual(['invested = 1', 'D ≥ 0']);
    const capped = minimumVariance(FIVE_NAMES, { limits: { cap: 0.3 } });
    expect([...capped.weights]).toEqual(near([0.3, 0.1, 0.3, 0, 0.3], 14));
    expect(capped.binding).toEqual(['invested = 1', 'A ≤ 0.3', 'C ≤ 0.3', 'D ≥ 0', 'E ≤ 0.3']);
  });
  it('is 80 to 20 of two names without correlation and with half the volatility', () => {
    const { weights, volatility, riskShares, conditionNumber, expectedReturn, cash, ridge } =
      minimumVariance(UNCORRELATED);
    expect([...weights]).toEqual(near([0.8, 0.2], 14));
    expect(volatility).toBeCloseTo(Math.sqrt(0.64 * 0.01 + 0.04 * 0.04), 14);
    expect(riskShares.kind === 'value' && [...riskShares.shares]).toEqual(near([0.8, 0.2], 12));
    expect(conditionNumber).toEqual({ kind: 'value', value: expect.closeTo(4, 10) });
    expect(expectedReturn).toEqual({
      kind: 'undefined',
      reason: expect.stringContaining('no expected returns'),
    });
    expect([cash, ridge]).toEqual([0, 0]);
  });
  it('with cash allowed is cash, whose risk nobody shares, and keeps to what must be invested', () => {
    const cash = minimumVariance(FIVE_NAMES, { limits: { invested: CASH_ALLOWED } });
    expect([...cash.weights]).toEqual([0, 0, 0, 0, 0]);
    expect(cash.cash).toBe(1);
    expect(cash.riskShares).toEqual({ kind: 'undefined', reason: 'the portfolio has no variance' });
    const half = minimumVariance(FIVE_NAMES, { limits: { invested: { least: 0.5, most: 1 } } });
    expect([...half.weights]).toEqual(
      near(
        [...minimumVariance(FIVE_NAMES).weights].map((w) => w / 2),
        12,
      ),
    );
    expect(half.binding).toContain('invested ≥ 0.5');
  });
  it('takes one name whole, and goes short where it may', () => {
    const one = modelOf([0.2], [[1]]);
    expect([...minimumVariance(one).weights]).toEqual([1]);
    const long = minimumVariance(
      modelOf(
        [0.1, 0.3],
        [
          [1, 0.9],
          [0.9, 1],
        ],
      ),
      { limits: { floor: -1, cap: 2 } },
    );
    // w = (σ₂² − σ₁₂, σ₁² − σ₁₂) over their sum
    expect([...long.weights]).toEqual(near([0.063 / 0.046, -0.017 / 0.046], 12));
  });
  it('refuses twins by name unless a ridge is given, which then splits them evenly', () => {
    expect(() => minimumVariance(TWINS)).toThrow(NotPositiveDefiniteError);
    expect(() => minimumVariance(TWINS)).toThrow(/at B .* give a ridge/);
    const { weights, conditionNumber, ridge } = minimumVariance(TWINS, { ridge: 1e-8 });
    expect(weights[0]).toBeCloseTo(weights[1]!, 6);
    expect(ridge).toBeCloseTo((1e-8 * 0.09) / 3, 16);
    expect(conditionNumber.kind).toBe('undefined');
  });
  it('refuses three names under a cap of 30 % by their names, and takes them with cash', () => {
    const three = modelOf(
      [0.1, 0.2, 0.3],
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    );
    const limits = { cap: 0.3 };
    try {
      minimumVariance(three, { limits });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof InfeasibleConstraintsError)) throw error;
      expect(error.message).toBe(
        'invested = 1 cannot be met: the caps of A, B, C add up to 0.9; raise a cap, add a name or allow cash',
      );
      expect(error.shortfall).toBeCloseTo(0.1, 12);
      expect(error.conflicting).toEqual(['A ≤ 0.3', 'B ≤ 0.3', 'C ≤ 0.3']);
    }
    const { cash } = minimumVariance(three, { limits: { ...limits, invested: { least: 0.9, most: 1 } } });
    expect(cash).toBeCloseTo(0.1, 12);
  });
});

describe('the portfolio of maximum Sharpe ratio', () => {
  it('without limits in the way is the tangency portfolio Σ⁻¹(μ − r)', () => {
    const { weights, objective, expectedReturn } = maximumSharpe(FIVE_NAMES, FIVE_RETURNS, {
      riskFreeRate: 0.02,
    });
    expect([...weights]).toEqual(
      near([0.348340122972, 0.116071832282, 0.140875584401, 0.170657279288, 0.224055181056], 11),
    );
    expect(objective).toEqual({ quantity: 'Sharpe ratio', value: expect.closeTo(0.413045280118693, 13) });
    const earned = weights.reduce((sum, weight, index) => sum + weight * FIVE_RETURNS[index]!, 0);
    expect(expectedReturn).toEqual({ kind: 'value', value: expect.closeTo(earned, 14) });
  });
  it('under the cap of the desk is what sequential quadratic programming finds', () => {
    const { weights, objective } = maximumSharpe(FIVE_NAMES, FIVE_RETURNS, {
      riskFreeRate: 0.02,
      limits: { cap: 0.3 },
    });
    expect([...weights]).toEqual(near([0.3, 0.135109462, 0.168448744, 0.174487662, 0.221954133], 6));
    expect(objective.value).toBeCloseTo(0.412524675172711, 12);
  });
  it('with cash allowed has the ratio of no caps, as large as the caps let it be', () => {
    const { weights, objective, cash, binding } = maximumSharpe(FIVE_NAMES, FIVE_RETURNS, {
      riskFreeRate: 0.02,
      limits: { cap: 0.3, invested: CASH_ALLOWED },
    });
    expect(objective.value).toBeCloseTo(0.413045280118693, 12);
    expect(weights[0]).toBe(0.3);
    expect(cash).toBeCloseTo(1 - 0.3 / 0.348340122972, 10);
    expect(binding).toEqual(['A ≤ 0.3']);
  });
  it('keeps a share invested and floors above zero where both are asked', () => {
    const limits = { floor: Float64Array.of(0, 0, 0.1, 0, 0), cap: 0.25, invested: { least: 0.9, most: 1 } };
    const { weights, cash } = maximumSharpe(FIVE_NAMES, FIVE_RETURNS, { riskFreeRate: 0.02, limits });
    expect(cash).toBeGreaterThanOrEqual(-1e-12);
    expect(cash).toBeLessThanOrEqual(0.1 + 1e-12);
    expect(Math.max(...weights)).toBeLessThanOrEqual(0.25 + 1e-12);
    expect(weights[2]).toBeGreaterThanOrEqual(0.1 - 1e-12);
  });
  it('of short positions that pay for long ones is found without any net investment', () => {
    // Long B, short A: the excess is 0.1 · (B − A)
    const { weights, objective } = maximumSharpe(UNCORRELATED, Float64Array.of(-0.01, 0.04), {
      limits: { floor: -1, cap: 1, invested: { least: 0, most: 0 } },
    });
    expect([...weights]).toEqual(near([-1, 1], 12));
    expect(objective.value).toBeCloseTo(0.05 / Math.sqrt(0.05), 12);
  });
  it('refuses twins unless a ridge is given', () => {
    const attempt = (ridge: number) => maximumSharpe(TWINS, Float64Array.of(0.1, 0.1, 0.05), { ridge });
    expect(() => attempt(0)).toThrow(NotPositiveDefiniteError);
    const { weights } = attempt(1e-8);
    expect(weights[0]).toBeCloseTo(weights[1]!, 6);
    expect(() => attempt(-1)).toThrow(/ridge is -1; expected a finite share of the mean variance/);
    expect(() => attempt(Number.NaN)).toThrow(/ridge is NaN/);
  });
  it('is refused where no name earns more than cash', () => {
    const attempt = (rate: number, returns = FIVE_RETURNS) =>
      maximumSharpe(FIVE_NAMES, returns, { riskFreeRate: rate });
    expect(() => attempt(0.12)).toThrow(NoExcessReturnError);
    expect(() => attempt(0.12)).toThrow(/risk-free rate 0.12 \(the best name, D: 0.12\); hold cash/);
    expect(() => attempt(0.119)).not.toThrow();
    expect(() => attempt(0.03, new Float64Array(5).fill(0.03))).toThrow(NoExcessReturnError);
    // D alone earns more than 11 %, but no more than 30 % of it may be held.
    expect(() =>
      maximumSharpe(FIVE_NAMES, FIVE_RETURNS, { riskFreeRate: 0.11, limits: { cap: 0.3 } }),
    ).toThrow(NoExcessReturnError);
  });
});

describe('mean–variance', () => {
  it('without costs has the weights that a search over all active sets finds', () => {
    const { weights, objective, tradingCost } = meanVariance(FIVE_NAMES, FIVE_RETURNS, {
      riskAversion: 4,
      limits: { cap: 0.4 },
    });
    expect([...weights]).toEqual(
      near([0.343318781667, 0.100144807403, 0.212184268398, 0.129250707312, 0.215101435219], 11),
    );
    expect(objective).toEqual({ quantity: 'utility', value: expect.closeTo(0.0405578290920736, 13) });
    expect(tradingCost).toBe(0);
  });
  const costs = { current: new Float64Array(5).fill(0.2), buy: 0.004, sell: 0.006 };
  it.each([
    [
      0,
      [0.279328977511, 0.152540911482, 0.216480219457, 0.143504554183, 0.208145337366],
      0.039185033957809895,
    ],
    [
      0.02,
      [0.249771735666, 0.167145120106, 0.222717077512, 0.151174907671, 0.209191159045],
      0.03901072899201345,
    ],
  ])(
    'with costs and impact %f is what sequential quadratic programming finds',
    (impact, weights, utility) => {
      const portfolio = meanVariance(FIVE_NAMES, FIVE_RETURNS, {
        riskAversion: 4,
        limits: { cap: 0.4 },
        costs: { ...costs, impact },
      });
      expect([...portfolio.weights]).toEqual(near(weights, 6));
      expect(portfolio.objective.value).toBeCloseTo(utility, 12);
      expect(portfolio.objective.value).toBeGreaterThanOrEqual(utility - 1e-15);
    },
  );
  it('stays exactly where it is when trading costs more than it brings', () => {
    const { weights, trades, tradingCost } = meanVariance(FIVE_NAMES, FIVE_RETURNS, {
      riskAversion: 4,
      costs: { ...costs, buy: 0.2, sell: 0.2 },
    });
    expect([...weights]).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
    expect([...trades]).toEqual([0, 0, 0, 0, 0]);
    expect(tradingCost).toBe(0);
  });
  it('comes to the same weights with costs of zero as without costs', () => {
    const options = { riskAversion: 4, limits: { cap: 0.4 } };
    const free = meanVariance(FIVE_NAMES, FIVE_RETURNS, options);
    const zero = meanVariance(FIVE_NAMES, FIVE_RETURNS, { ...options, costs: { current: costs.current } });
    expect([...zero.weights]).toEqual(near([...free.weights], 11));
    expect([...zero.trades]).toEqual(
      near(
        [...free.weights].map((weight) => weight - 0.2),
        11,
      ),
    );
  });
  it('sells what is above a cap although that costs, and pays for it in the utility', () => {
    const { weights, tradingCost } = meanVariance(FIVE_NAMES, FIVE_RETURNS, {
      riskAversion: 4,
      limits: { cap: 0.3 },
      costs: { current: Float64Array.of(1, 0, 0, 0, 0), buy: 0.5, sell: 0.5 },
    });
    expect(weights[0]).toBeCloseTo(0.3, 12);
    expect(tradingCost).toBeCloseTo(0.7, 12);
  });
  it('leaves what earns less than cash in cash where that is allowed', () => {
    const { weights, cash, expectedReturn } = meanVariance(UNCORRELATED, Float64Array.of(0.01, 0.07), {
      riskAversion: 5,
      cashReturn: 0.03,
      limits: { invested: CASH_ALLOWED },
    });
    expect([...weights]).toEqual([0, expect.closeTo(0.2, 12)]);
    expect(cash).toBeCloseTo(0.8, 12);
    expect(expectedReturn).toEqual({ kind: 'value', value: expect.closeTo(0.2 * 0.07 + 0.8 * 0.03, 12) });
  });
  it('refuses twins with costs, unless there is a ridge', () => {
    const attempt = (ridge: number) =>
      meanVariance(TWINS, Float64Array.of(0.1, 0.1, 0.05), {
        riskAversion: 4,
        ridge,
        costs: { current: new Float64Array(3), buy: 0.001 },
      });
    expect(() => attempt(0)).toThrow(/least eigenvalue of the correlations .* give a ridge/);
    const { weights } = attempt(1e-4);
    expect(weights[0]).toBeCloseTo(weights[1]!, 6);
  });
  it.each([
    ['risk aversion', { riskAversion: 0 }, /risk aversion is 0/],
    ['a negative cost', { riskAversion: 1, costs: { ...costs, sell: -0.1 } }, /cost of selling of A is -0.1/],
    [
      'weights held of wrong length',
      { riskAversion: 1, costs: { current: new Float64Array(2) } },
      /current weight has 2/,
    ],
    ['a return of cash', { riskAversion: 1, cashReturn: Number.NaN }, /the return of cash is NaN/],
  ])('refuses %s that makes no sense', (_, options, message) => {
    expect(() => meanVariance(FIVE_NAMES, FIVE_RETURNS, options)).toThrow(message);
  });
});

describe('the efficient frontier', () => {
  const frontier = efficientFrontier(FIVE_NAMES, FIVE_RETURNS, { limits: { cap: 0.4 }, points: 9 });
  const returns = frontier.map(({ expectedReturn }) =>
    expectedReturn.kind === 'value' ? expectedReturn.value : NaN,
  );
  it('goes from the least variance to the best names at their caps, at returns evenly apart', () => {
    expect([...frontier[0]!.weights]).toEqual([
      ...minimumVariance(FIVE_NAMES, { limits: { cap: 0.4 } }).weights,
    ]);
    expect([...frontier[8]!.weights]).toEqual(near([0.2, 0.4, 0, 0.4, 0], 9));
    returns.slice(1).forEach((earned, index) => {
      expect(earned - returns[index]!).toBeCloseTo((returns[8]! - returns[0]!) / 8, 12);
    });
  });
  it('rises, and ever more steeply in variance', () => {
    const variances = frontier.map(({ objective }) => objective.value);
    const steps = variances.slice(1).map((risk, index) => risk - variances[index]!);
    steps.forEach((step, index) => {
      expect(step).toBeGreaterThan(index === 0 ? 0 : steps[index - 1]!);
    });
    expect(variances[3]).toBeCloseTo(variance(FIVE_NAMES, frontier[3]!.weights), 15);
  });
  it('has no portfolio with a better Sharpe ratio than the maximum, and one nearly as good', () => {
    const best = maximumSharpe(FIVE_NAMES, FIVE_RETURNS, { riskFreeRate: 0.02, limits: { cap: 0.4 } });
    const fine = efficientFrontier(FIVE_NAMES, FIVE_RETURNS, { limits: { cap: 0.4 }, points: 400 });
    const ratios = fine.map(({ expectedReturn, volatility }) =>
      expectedReturn.kind === 'value' ? (expectedReturn.value - 0.02) / volatility : NaN,
    );
    expect(Math.max(...ratios)).toBeLessThanOrEqual(best.objective.value + 1e-12);
    expect(Math.max(...ratios)).toBeCloseTo(best.objective.value, 6);
  });
  it('is one portfolio where all names are expected to earn the same', () => {
    expect(efficientFrontier(FIVE_NAMES, new Float64Array(5).fill(0.05))).toHaveLength(1);
    expect(() => efficientFrontier(FIVE_NAMES, FIVE_RETURNS, { points: 1 })).toThrow(/frontier of 1 points/);
  });
  it('begins in cash where that is allowed, and ends fully invested', () => {
    const line = efficientFrontier(FIVE_NAMES, FIVE_RETURNS, {
      cashReturn: 0.045,
      limits: { cap: 0.4, invested: CASH_ALLOWED },
      points: 3,
    });
    expect(line.map(({ cash }) => cash)).toEqual([1, expect.any(Number), 0]);
    expect([...line[2]!.weights]).toEqual(near([0.2, 0.4, 0, 0.4, 0], 9));
  });
});
