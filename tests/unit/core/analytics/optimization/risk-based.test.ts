import { describe, expect, it } from 'vitest';
import { InfeasibleConstraintsError, NotConvergedError } from '#core/analytics/optimization/errors.ts';
import { hierarchicalRiskParity } from '#core/analytics/optimization/hierarchical-risk-parity.ts';
import { inverseVolatility } from '#core/analytics/optimization/inverse-volatility.ts';
import { dendrogramOrder, type Linkage } from '#core/analytics/optimization/linkage.ts';
import type { Portfolio } from '#core/analytics/optimization/portfolio.ts';
import type { RiskModel } from '#core/analytics/optimization/risk-model.ts';
import { riskParity } from '#core/analytics/optimization/risk-parity.ts';
import { CASH_ALLOWED } from '#core/analytics/optimization/weight-limits.ts';
import { FIVE_NAMES, modelOf, TWINS } from '../../../../support/risk-models.ts';

const near = (weights: readonly number[], digits: number) =>
  weights.map((weight) => expect.closeTo(weight, digits));
const shares = ({ riskShares }: Portfolio) => (riskShares.kind === 'value' ? [...riskShares.shares] : []);
const sum = (weights: Float64Array) => weights.reduce((total, weight) => total + weight, 0);

/** The factor covariance for which Python was asked: loadings 0.1 sin(1 + 2i + 7q + iq), own variance 0.004 (1 + i/4). */
const EIGHT_NAMES: RiskModel = {
  names: Array.from({ length: 8 }, (_, index) => `N${index}`),
  covariance: Float64Array.from({ length: 64 }, (_, at) => {
    const [i, j] = [at >> 3, at & 7];
    let entry = i === j ? 0.004 * (1 + i / 4) : 0;
    for (let q = 0; q < 6; q++)
      entry += 0.01 * Math.sin(1 + 2 * i + 7 * q + i * q) * Math.sin(1 + 2 * j + 7 * q + j * q);
    return entry;
  }),
};

describe('inverse volatility', () => {
  it('weights in proportion to one over the volatility', () => {
    const { weights, objective } = inverseVolatility(FIVE_NAMES);
    const inverse = [0.16, 0.25, 0.12, 0.3, 0.2].map((deviation) => 1 / deviation);
    const total = inverse.reduce((a, b) => a + b, 0);
    expect([...weights]).toEqual(
      near(
        inverse.map((entry) => entry / total),
        14,
      ),
    );
    expect(objective.quantity).toBe('variance');
  });
  it('gives what a cap cuts off, or takes what a floor needs, in the same proportions', () => {
    const capped = inverseVolatility(FIVE_NAMES, { limits: { cap: 0.27 } }).weights;
    expect(capped[2]).toBe(0.27);
    expect(sum(capped)).toBeCloseTo(1, 14);
    expect(capped[0]! / capped[1]!).toBeCloseTo(0.25 / 0.16, 12);
    const floored = inverseVolatility(FIVE_NAMES, { limits: { floor: 0.15 } }).weights;
    expect([floored[1], floored[3]]).toEqual([0.15, 0.15]);
    expect(floored[0]! / floored[4]!).toBeCloseTo(0.2 / 0.16, 12);
    expect(sum(floored)).toBeCloseTo(1, 14);
  });
  it('invests as much as caps allow where cash is allowed, and all of nothing more', () => {
    const limits = { cap: 0.15, invested: CASH_ALLOWED };
    expect([...inverseVolatility(FIVE_NAMES, { limits }).weights]).toEqual(new Array(5).fill(0.15));
    expect(inverseVolatility(FIVE_NAMES, { limits }).cash).toBeCloseTo(0.25, 12);
    expect([...inverseVolatility(FIVE_NAMES, { limits: { cap: 0.2 } }).weights]).toEqual(
      near(new Array(5).fill(0.2), 15),
    );
    expect([...inverseVolatility(modelOf([0.4], [[1]])).weights]).toEqual([1]);
  });
  it('splits twins evenly and knows no short positions', () => {
    expect([...inverseVolatility(TWINS).weights]).toEqual(near([0.25, 0.25, 0.5], 14));
    expect(() => inverseVolatility(TWINS, { limits: { floor: -0.1 } })).toThrow(
      /inverse volatility knows no short/,
    );
  });
});

describe('risk parity', () => {
  it('has the weights that Newton’s method finds in Python, and equal shares of the variance', () => {
    const portfolio = riskParity(FIVE_NAMES);
    expect([...portfolio.weights]).toEqual(
      near([0.217771165533, 0.12865583914, 0.317570663183, 0.106353653726, 0.229648678418], 11),
    );
    expect(shares(portfolio)).toEqual(near(new Array(5).fill(0.2), 11));
    expect(portfolio.objective.value).toBeLessThanOrEqual(1e-10);
  });
  it('keeps to risk budgets, of which only proportions count', () => {
    const portfolio = riskParity(FIVE_NAMES, { budgets: Float64Array.of(4, 1, 2, 1, 2) });
    expect([...portfolio.weights]).toEqual(
      near([0.358559393746, 0.06746982543, 0.292547126109, 0.05761854592, 0.223805108794], 11),
    );
    expect(shares(portfolio)).toEqual(near([0.4, 0.1, 0.2, 0.1, 0.2], 11));
  });
  it('of two names is inverse volatility whatever their correlation', () => {
    for (const correlation of [-0.999, -0.5, 0, 0.9, 1]) {
      const model = modelOf(
        [0.1, 0.3],
        [
          [1, correlation],
          [correlation, 1],
        ],
      );
      expect([...riskParity(model).weights]).toEqual(near([0.75, 0.25], 9));
    }
  });
  it('under a cap gives the others risk in the proportions of their budgets, and the capped less', () => {
    const portfolio = riskParity(FIVE_NAMES, { limits: { cap: 0.3 } });
    expect(portfolio.weights[2]).toBe(0.3);
    expect(sum(portfolio.weights)).toBeCloseTo(1, 13);
    const [a, b, c, d, e] = shares(portfolio);
    expect([b, d, e]).toEqual(near([a!, a!, a!], 11));
    expect(c).toBeLessThan(a!);
    expect(portfolio.binding).toEqual(['invested = 1', 'C ≤ 0.3']);
    expect(portfolio.objective.value).toBeLessThanOrEqual(1e-10);
  });
  it('over a floor gives the name on it more risk than its budget', () => {
    const portfolio = riskParity(FIVE_NAMES, { limits: { floor: 0.15 } });
    expect([portfolio.weights[1], portfolio.weights[3]]).toEqual([0.15, 0.15]);
    const [a, b, c, d, e] = shares(portfolio);
    expect([c, e]).toEqual(near([a!, a!], 10));
    expect(Math.min(b!, d!)).toBeGreaterThan(a!);
  });
  it('invests as much as caps allow, and takes twins and one name', () => {
    const limits = { cap: 0.15, invested: CASH_ALLOWED };
    expect([...riskParity(FIVE_NAMES, { limits }).weights]).toEqual(new Array(5).fill(0.15));
    const half = riskParity(FIVE_NAMES, { limits: { invested: { least: 0, most: 0.5 } } });
    expect([...half.weights]).toEqual(
      near(
        [...riskParity(FIVE_NAMES).weights].map((w) => w / 2),
        12,
      ),
    );
    const twins = riskParity(TWINS);
    expect(shares(twins)).toEqual(near([1 / 3, 1 / 3, 1 / 3], 10));
    expect([...riskParity(modelOf([0.4], [[1]])).weights]).toEqual([1]);
  });
  it('converges under caps where names hedge each other, though they hold one another to their limits', () => {
    const size = 12;
    const loading = (index: number) => (index % 3 === 0 ? -1 : 1) * (1 + index / 7);
    const model: RiskModel = {
      names: Array.from({ length: size }, (_, index) => `N${index}`),
      covariance: Float64Array.from({ length: size * size }, (_, at) => {
        const [i, j] = [Math.floor(at / size), at % size];
        return loading(i) * loading(j) + (i === j ? 1e-3 : 0);
      }),
    };
    const portfolio = riskParity(model, { limits: { cap: 0.1 } });
    expect(sum(portfolio.weights)).toBeCloseTo(1, 12);
    expect(Math.max(...portfolio.weights)).toBeLessThanOrEqual(0.1);
    expect(portfolio.objective.value).toBeLessThanOrEqual(1e-10);
  });
  it('is refused where hedges of a name on its floor take more than there is', () => {
    const model = modelOf(
      [1, 0.1],
      [
        [1, -0.99],
        [-0.99, 1],
      ],
    );
    const limits = { floor: Float64Array.of(0.3, 0), cap: 5 };
    const attempt = () => riskParity(model, { limits });
    expect(attempt).toThrow(InfeasibleConstraintsError);
    expect(attempt).toThrow(/hedging the names on their floors alone takes 3.27/);
  });
  it('is refused where two names cancel each other, with a budget of zero and a cap of zero', () => {
    const opposed = modelOf(
      [0.1, 0.3],
      [
        [1, -1],
        [-1, 1],
      ],
    );
    expect(() => riskParity(opposed)).toThrow(NotConvergedError);
    expect(() => riskParity(TWINS, { budgets: Float64Array.of(1, 0, 1) })).toThrow(/budget of B is 0/);
    expect(() => riskParity(TWINS, { limits: { cap: Float64Array.of(1, 1, 0) } })).toThrow(/cap of C is 0/);
    expect(() => riskParity(TWINS, { limits: { floor: -1 } })).toThrow(/risk parity knows no short/);
  });
});

describe('hierarchical risk parity', () => {
  it.each<[Linkage, 'columns' | 'correlation', number[]]>([
    [
      'single',
      'columns',
      [
        0.111940669481, 0.164721948999, 0.15183592069, 0.140060200181, 0.13198877168, 0.09751313078,
        0.095560798581, 0.106378559609,
      ],
    ],
    [
      'single',
      'correlation',
      [
        0.09395950681, 0.105020669556, 0.264802044351, 0.266629580314, 0.050330759995, 0.046488834998,
        0.080210754024, 0.092557849952,
      ],
    ],
    [
      'complete',
      'columns',
      [
        0.119843037741, 0.142744949301, 0.149131187866, 0.132486248007, 0.141506932613, 0.101381825177,
        0.102306842044, 0.110598977251,
      ],
    ],
    [
      'complete',
      'correlation',
      [
        0.111940669481, 0.133802949135, 0.143208115502, 0.140060200181, 0.13198877168, 0.125513963617,
        0.095560798581, 0.117924531823,
      ],
    ],
    [
      'average',
      'correlation',
      [
        0.119843037741, 0.124397606054, 0.149131187866, 0.135358234914, 0.141506932613, 0.117820836463,
        0.102306842044, 0.109635322305,
      ],
    ],
  ])(
    'with %s linkage of the %s distance has the weights of scipy’s dendrogram',
    (linkage, distance, weights) => {
      expect([...hierarchicalRiskParity(EIGHT_NAMES, { linkage, distance }).weights]).toEqual(
        near(weights, 11),
      );
    },
  );
  it('takes single linkage of the distance between columns where nothing is said', () => {
    const stated = hierarchicalRiskParity(EIGHT_NAMES, { linkage: 'single', distance: 'columns' });
    expect(hierarchicalRiskParity(EIGHT_NAMES)).toEqual(stated);
    expect([...hierarchicalRiskParity(FIVE_NAMES).weights]).toEqual(
      near([0.220041782801, 0.090129114235, 0.441532181867, 0.089345335625, 0.158951585472], 11),
    );
  });
  it('keeps to caps and floors that either half needs', () => {
    const limits = { cap: 0.25, floor: 0.1 };
    const { weights, binding } = hierarchicalRiskParity(FIVE_NAMES, { limits });
    expect(Math.max(...weights)).toBeLessThanOrEqual(0.25 + 1e-15);
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.1 - 1e-15);
    expect(sum(weights)).toBeCloseTo(1, 14);
    expect(binding).toContain('C ≤ 0.25');
    const cash = hierarchicalRiskParity(FIVE_NAMES, { limits: { cap: 0.15, invested: CASH_ALLOWED } });
    expect([...cash.weights]).toEqual(near(new Array(5).fill(0.15), 14));
  });
  it('takes twins, which stand side by side, and one name', () => {
    const { weights } = hierarchicalRiskParity(TWINS);
    expect(weights[0]).toBeCloseTo(weights[1]!, 14);
    expect([...hierarchicalRiskParity(modelOf([0.4], [[1]])).weights]).toEqual([1]);
    expect(() => hierarchicalRiskParity(TWINS, { limits: { floor: -1 } })).toThrow(/knows no short/);
  });
});

describe('the dendrogram', () => {
  const square = (rows: number[][]) => Float64Array.from(rows.flat());
  it('has scipy’s order for the eight names', () => {
    const size = 8;
    const direct = EIGHT_NAMES.covariance.map((entry, at) => {
      const [i, j] = [at >> 3, at & 7];
      const variances = EIGHT_NAMES.covariance[i * 9]! * EIGHT_NAMES.covariance[j * 9]!;
      return Math.sqrt(Math.max(0, (1 - entry / Math.sqrt(variances)) / 2));
    });
    expect(dendrogramOrder(direct, size, 'single')).toEqual([3, 2, 4, 5, 1, 7, 0, 6]);
    expect(dendrogramOrder(direct, size, 'complete')).toEqual([0, 6, 3, 4, 1, 7, 2, 5]);
    expect(dendrogramOrder(direct, size, 'average')).toEqual([3, 5, 1, 7, 2, 4, 0, 6]);
  });
  it('merges the first of equally near pairs, so that ties are no matter of chance', () => {
    const equal = square([
      [0, 1, 1, 1],
      [1, 0, 1, 1],
      [1, 1, 0, 1],
      [1, 1, 1, 0],
    ]);
    // 0 with 1 is cluster 4; then 2 with 3 come before 2 with 4.
    expect(dendrogramOrder(equal, 4, 'single')).toEqual([0, 1, 2, 3]);
    const later = square([
      [0, 2, 1, 2],
      [2, 0, 2, 1],
      [1, 2, 0, 2],
      [2, 1, 2, 0],
    ]);
    expect(dendrogramOrder(later, 4, 'average')).toEqual([0, 2, 1, 3]);
  });
});
