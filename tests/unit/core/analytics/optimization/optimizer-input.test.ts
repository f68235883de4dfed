import { describe, expect, it } from 'vitest';
import { efficientFrontier } from '#core/analytics/optimization/efficient-frontier.ts';
import { InfeasibleConstraintsError, InvalidOptimizationError } from '#core/analytics/optimization/errors.ts';
import { hierarchicalRiskParity } from '#core/analytics/optimization/hierarchical-risk-parity.ts';
import { inverseVolatility } from '#core/analytics/optimization/inverse-volatility.ts';
import { maximumSharpe } from '#core/analytics/optimization/maximum-sharpe.ts';
import { meanVariance } from '#core/analytics/optimization/mean-variance.ts';
import { minimumVariance } from '#core/analytics/optimization/minimum-variance.ts';
import type { RiskModel } from '#core/analytics/optimization/risk-model.ts';
import { riskParity } from '#core/analytics/optimization/risk-parity.ts';
import { resolveLimits, type WeightLimits } from '#core/analytics/optimization/weight-limits.ts';
import { seededRandom } from '#core/values/random.ts';
import { FIVE_NAMES, modelOf, randomModel } from '../../../../support/risk-models.ts';

const two = (...covariance: number[]): RiskModel => ({
  names: ['A', 'B'],
  covariance: Float64Array.from(covariance),
});
const METHODS: readonly (readonly [string, (model: RiskModel) => unknown])[] = [
  ['minimum variance', (model) => minimumVariance(model)],
  ['maximum Sharpe', (model) => maximumSharpe(model, new Float64Array(model.names.length).fill(1))],
  [
    'mean–variance',
    (model) => meanVariance(model, new Float64Array(model.names.length), { riskAversion: 1 }),
  ],
  ['risk parity', (model) => riskParity(model)],
  ['inverse volatility', (model) => inverseVolatility(model)],
  ['hierarchical risk parity', (model) => hierarchicalRiskParity(model)],
];

describe.each(METHODS)('%s', (_, optimize) => {
  it.each<[string, RiskModel, RegExp]>([
    ['no names', { names: [], covariance: new Float64Array() }, /there are no names/],
    ['an empty name', { names: [''], covariance: Float64Array.of(1) }, /a name is empty/],
    ['a name given twice', { ...two(1, 0, 0, 1), names: ['A', 'A'] }, /A is named twice/],
    ['a wrong dimension', two(1, 0, 0), /covariance has 3 entries for 2 names; expected 4/],
    ['a NaN', two(1, Number.NaN, Number.NaN, 1), /of B and A is NaN/],
    ['an Infinity', two(1, 0, 0, Infinity), /of B and B is Infinity/],
    ['asymmetry', two(1, 0.5, 0.4, 1), /the covariance is not symmetric/],
    ['a variance of zero', two(1, 0, 0, 0), /the variance of B is 0; what has no risk is cash/],
    ['a negative variance', two(-1, 0, 0, 1), /the variance of A is -1/],
    ['a correlation above 1', two(1, 1.1, 1.1, 1), /the correlation of A and B is 1.1/],
    [
      'correlations that cannot be together',
      modelOf(
        [1, 1, 1],
        [
          [1, 0.9, -0.9],
          [0.9, 1, 0.9],
          [-0.9, 0.9, 1],
        ],
      ),
      /the covariance has the eigenvalue -0.8/,
    ],
  ])('refuses %s', (__, model, message) => {
    expect(() => optimize(model)).toThrow(InvalidOptimizationError);
    expect(() => optimize(model)).toThrow(message);
  });
  it('gives the same bytes again, and leaves its input as it was', () => {
    const before = FIVE_NAMES.covariance.slice();
    expect(optimize(FIVE_NAMES)).toEqual(optimize(FIVE_NAMES));
    expect(FIVE_NAMES.covariance).toEqual(before);
  });
});

describe('ten names under caps of 10 %, which make the whole up to rounding', () => {
  const ten = randomModel(seededRandom(5), 10);
  const limits = { cap: 0.1 };
  it.each([
    ['minimum variance', () => minimumVariance(ten, { limits })],
    [
      'maximum Sharpe',
      () =>
        maximumSharpe(
          ten,
          Float64Array.from(ten.names, (_, i) => 0.01 * (i + 1)),
          { limits },
        ),
    ],
    [
      'mean–variance with costs',
      () =>
        meanVariance(ten, new Float64Array(10), {
          limits,
          riskAversion: 2,
          costs: { current: new Float64Array(10), buy: 0.001, impact: 0.01 },
        }),
    ],
    ['risk parity', () => riskParity(ten, { limits })],
    ['inverse volatility', () => inverseVolatility(ten, { limits })],
    ['hierarchical risk parity', () => hierarchicalRiskParity(ten, { limits })],
  ])('are held in equal parts by %s', (_, optimize) => {
    for (const weight of optimize().weights) expect(weight).toBeCloseTo(0.1, 12);
  });
  it('leave a frontier of one portfolio', () => {
    expect(
      efficientFrontier(
        ten,
        Float64Array.from(ten.names, (_, i) => 0.01 * i),
        { limits },
      ),
    ).toHaveLength(1);
  });
});

describe('limits on weights', () => {
  const names = ['A', 'B', 'C'];
  it('are long only and fully invested where nothing is said', () => {
    expect(resolveLimits(names)).toEqual({
      floors: new Float64Array(3),
      caps: new Float64Array(3).fill(1),
      least: 1,
      most: 1,
    });
  });
  it('accept caps that make the whole up to rounding', () => {
    const many = Array.from({ length: 10 }, (_, index) => `N${index}`);
    expect(() => resolveLimits(many, { cap: 0.1 })).not.toThrow();
    expect(() => resolveLimits(many, { cap: 0.0999 })).toThrow(InfeasibleConstraintsError);
  });
  it('name the floors that ask for more than there is, and only some of very many names', () => {
    expect(() => resolveLimits(names, { floor: 0.4 })).toThrow(
      'invested = 1 cannot be met: the floors of A, B, C add up to 1.2; lower a floor or invest more',
    );
    const many = Array.from({ length: 50 }, (_, index) => `N${index}`);
    expect(() => resolveLimits(many, { cap: 0.01 })).toThrow(/N8, N9 and 40 more add up to 0.5/);
    expect(() => resolveLimits(names, { cap: 0.1, invested: { least: 0.5, most: 1 } })).toThrow(
      /^invested ≥ 0.5 /,
    );
    expect(() => resolveLimits(names, { floor: 0.1, invested: { least: 0, most: 0.2 } })).toThrow(
      /^invested ≤ 0.2 /,
    );
  });
  it.each<[string, WeightLimits, RegExp]>([
    ['a cap that is NaN', { cap: Number.NaN }, /the cap of A is NaN/],
    ['a cap that is Infinity', { cap: Infinity }, /the cap of A is Infinity/],
    ['too few floors', { floor: new Float64Array(2) }, /the floor has 2 entries for 3 names/],
    ['a floor above its cap', { floor: 0.5, cap: 0.4 }, /the weight of A goes from 0.5 to 0.4/],
    ['a whole that is the wrong way round', { invested: { least: 1, most: 0 } }, /invested goes from 1 to 0/],
    [
      'a whole that is not finite',
      { invested: { least: 0, most: Infinity } },
      /invested goes from 0 to Infinity/,
    ],
  ])('refuse %s', (_, limits, message) => {
    expect(() => resolveLimits(names, limits)).toThrow(InvalidOptimizationError);
    expect(() => resolveLimits(names, limits)).toThrow(message);
  });
});
