import { describe, expect, it } from 'vitest';
import {
  type BlackLittermanOptions,
  blackLitterman,
  type View,
} from '#core/analytics/optimization/black-litterman.ts';
import { InvalidOptimizationError, NotPositiveDefiniteError } from '#core/analytics/optimization/errors.ts';
import { maximumSharpe } from '#core/analytics/optimization/maximum-sharpe.ts';
import type { RiskModel } from '#core/analytics/optimization/risk-model.ts';
import { modelOf, TWINS } from '../../../../support/risk-models.ts';

/** He and Litterman 1999, tables 1 and 2: correlations, volatilities and market weights of seven countries. */
const COUNTRIES: RiskModel = {
  names: ['Australia', 'Canada', 'France', 'Germany', 'Japan', 'UK', 'USA'],
  covariance: modelOf(
    [0.16, 0.203, 0.248, 0.271, 0.21, 0.2, 0.187],
    [
      [1, 0.488, 0.478, 0.515, 0.439, 0.512, 0.491],
      [0.488, 1, 0.664, 0.655, 0.31, 0.608, 0.779],
      [0.478, 0.664, 1, 0.861, 0.355, 0.783, 0.668],
      [0.515, 0.655, 0.861, 1, 0.354, 0.777, 0.653],
      [0.439, 0.31, 0.355, 0.354, 1, 0.405, 0.306],
      [0.512, 0.608, 0.783, 0.777, 0.405, 1, 0.652],
      [0.491, 0.779, 0.668, 0.653, 0.306, 0.652, 1],
    ],
  ).covariance,
};
const marketWeights = Float64Array.of(0.016, 0.022, 0.052, 0.055, 0.116, 0.124, 0.615);
/** The rest of Europe by market weight: 29.5 % and 70.5 % as printed. */
const GERMANY: View = {
  name: 'Germany above the rest of Europe',
  portfolio: { Germany: 1, France: -0.052 / 0.176, UK: -0.124 / 0.176 },
  expectedReturn: 0.05,
};
const canada = (expectedReturn: number): View => ({
  name: 'Canada above the USA',
  portfolio: { Canada: 1, USA: -1 },
  expectedReturn,
});
const estimate = (views: readonly View[], more: Partial<BlackLittermanOptions> = {}) =>
  blackLitterman(COUNTRIES, { marketWeights, riskAversion: 2.5, views, ...more });
/** Per cent to one decimal, as the paper prints. */
const printed = (column: Float64Array) => [...column].map((entry) => Number((100 * entry).toFixed(1)));

describe('Black–Litterman', () => {
  it('has the equilibrium returns of table 2 of He and Litterman, and keeps them without views', () => {
    const { equilibriumReturns, expectedReturns, covariance, unconstrainedWeights } = estimate([]);
    expect(printed(equilibriumReturns)).toEqual([3.9, 6.9, 8.4, 9, 4.3, 6.8, 7.6]);
    expect(expectedReturns).toEqual(equilibriumReturns);
    expect(covariance[3]).toBeCloseTo(1.05 * COUNTRIES.covariance[3]!, 15);
    unconstrainedWeights.forEach((weight, index) => {
      expect(weight).toBeCloseTo(marketWeights[index]! / 1.05, 12);
    });
  });
  it('has the returns, weights and view variance of table 4: Germany above the rest of Europe', () => {
    const { expectedReturns, unconstrainedWeights, viewVariances } = estimate([GERMANY]);
    expect(printed(expectedReturns)).toEqual([4.3, 7.6, 9.3, 11, 4.5, 7, 8.1]);
    expect(printed(unconstrainedWeights)).toEqual([1.5, 2.1, -4, 35.4, 11, -9.5, 58.6]);
    const tilt = unconstrainedWeights.map((weight, index) => weight - marketWeights[index]! / 1.05);
    expect(printed(tilt).map((entry) => entry + 0)).toEqual([0, 0, -8.9, 30.2, 0, -21.3, 0]);
    expect(viewVariances[0]! / 0.05).toBeCloseTo(0.021, 3);
  });
  it('has the returns and weights of table 5, with the view on Canada too, and of table 6, where it is stronger', () => {
    const two = estimate([GERMANY, canada(0.03)]);
    expect(printed(two.expectedReturns)).toEqual([4.4, 8.7, 9.5, 11.2, 4.6, 7, 7.5]);
    expect(printed(two.unconstrainedWeights)).toEqual([1.5, 41.9, -3.4, 33.6, 11, -8.2, 18.8]);
    expect([...two.viewVariances].map((variance) => Number((variance / 0.05).toFixed(3)))).toEqual([
      0.021, 0.017,
    ]);
    const bullish = estimate([GERMANY, canada(0.04)]);
    expect(printed(bullish.expectedReturns)).toEqual([4.4, 9.1, 9.5, 11.3, 4.6, 7, 7.3]);
    expect(printed(bullish.unconstrainedWeights)).toEqual([1.5, 53.3, -3.3, 33.1, 11, -7.8, 7.3]);
  });
  it('meets a certain view exactly, and nearly forgets one that is hardly more than a guess', () => {
    const spread = ({ expectedReturns: r }: ReturnType<typeof estimate>) =>
      r[3]! - (0.052 * r[2]! + 0.124 * r[5]!) / 0.176;
    expect(spread(estimate([{ ...GERMANY, variance: 0 }]))).toBeCloseTo(0.05, 12);
    const doubtful = estimate([{ ...GERMANY, variance: 1e6 }]);
    expect(spread(doubtful)).toBeCloseTo(spread(estimate([])), 8);
  });
  it('has the covariance Σ + (τ⁻¹Σ⁻¹ + PᵀΩ⁻¹P)⁻¹, which shrinks where a view speaks', () => {
    // One name: 0.04 + 1 / (1 / (0.05 · 0.04) + 1 / 0.001)
    const { covariance, expectedReturns } = blackLitterman(modelOf([0.2], [[1]]), {
      marketWeights: Float64Array.of(1),
      riskAversion: 2,
      views: [{ name: 'up', portfolio: { A: 1 }, expectedReturn: 0.2, variance: 0.001 }],
    });
    expect(covariance[0]).toBeCloseTo(0.04 + 1 / 1500, 15);
    expect(expectedReturns[0]).toBeCloseTo((0.08 * 500 + 0.2 * 1000) / 1500, 14);
  });
  it('gives an optimizer with limits what it needs', () => {
    const { names, covariance, expectedReturns } = estimate([GERMANY]);
    const { weights } = maximumSharpe({ names, covariance }, expectedReturns, { limits: { cap: 0.3 } });
    expect(Math.max(...weights)).toBeLessThanOrEqual(0.3 + 1e-12);
    expect(weights[3]).toBeGreaterThan(0.2);
  });
  it.each<[string, readonly View[], Partial<BlackLittermanOptions>, RegExp]>([
    [
      'a view on a name that is not there',
      [{ ...GERMANY, portfolio: { Spain: 1 } }],
      {},
      /is on Spain, which is not/,
    ],
    ['a view without weights', [{ ...GERMANY, portfolio: { USA: 0 } }], {}, /has no weight other than 0/],
    ['a weight that is NaN', [{ ...GERMANY, portfolio: { USA: Number.NaN } }], {}, /weight of USA is NaN/],
    ['an expectation that is not finite', [{ ...GERMANY, expectedReturn: Infinity }], {}, /expects Infinity/],
    ['a negative variance', [{ ...GERMANY, variance: -1 }], {}, /has the variance -1/],
    ['a view given twice', [GERMANY, GERMANY], {}, /is named twice/],
    ['no risk aversion', [], { riskAversion: 0 }, /risk aversion is 0/],
    ['no uncertainty', [], { uncertainty: 0 }, /uncertainty of the equilibrium is 0/],
    [
      'market weights of wrong length',
      [],
      { marketWeights: new Float64Array(2) },
      /market weight has 2 entries/,
    ],
  ])('refuses %s', (_, views, more, message) => {
    expect(() => estimate(views, more)).toThrow(message);
    expect(() => estimate(views, more)).toThrow(InvalidOptimizationError);
  });
  it('refuses certain views that contradict each other, and twins', () => {
    const certain = { ...canada(0.03), variance: 0 };
    const again = { name: 'again', portfolio: { Canada: 2, USA: -2 }, expectedReturn: 0.1, variance: 0 };
    expect(() => estimate([certain, again])).toThrow(/view again is certain and a combination/);
    const twins = () =>
      blackLitterman(TWINS, { marketWeights: Float64Array.of(0.3, 0.3, 0.4), riskAversion: 2.5, views: [] });
    expect(twins).toThrow(NotPositiveDefiniteError);
    expect(twins).toThrow(/singular at B/);
  });
});
