import { describe, expect, it } from 'vitest';
import { type Coefficient, neweyWestLags, regressOnFactors } from '#core/analytics/risk/factor-regression.ts';

/** Sixty periods by a formula, which the references of statsmodels 0.15 were computed from too. */
const column = (item: (t: number) => number) => Float64Array.from({ length: 60 }, (_, t) => item(t));
const market = column((t) => Math.sin(1.3 * t * t) * 0.02 + 0.001);
const value = column((t) => Math.cos(0.7 * t * t + 1) * 0.01 + 0.3 * market[t]!);
const returns = column(
  (t) =>
    0.0005 + 1.2 * market[t]! - 0.4 * value[t]! + 0.004 * Math.sin(2.9 * t) + 0.003 * Math.cos(5.1 * t * t),
);
const factors = [
  { name: 'market', returns: market },
  { name: 'value', returns: value },
];
const near = (number: number) => expect.closeTo(number, 10);
function agrees({ alpha, loadings }: ReturnType<typeof regressOnFactors>, rows: readonly number[][]) {
  const coefficients: readonly Coefficient[] = [alpha, ...loadings];
  coefficients.forEach(({ estimate, standardError, tStatistic, probability }, index) => {
    const [b, error, t, p] = rows[index]!;
    const ratios = [
      estimate / b!,
      standardError / error!,
      (tStatistic.kind === 'value' ? tStatistic.value : Number.NaN) / t!,
      (probability.kind === 'value' ? probability.value : Number.NaN) / p!,
    ];
    for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(1e-9);
  });
  expect(coefficients).toHaveLength(rows.length);
}
const invalid = (message: string) =>
  expect.objectContaining({ code: 'InvalidSample', message: expect.stringContaining(message) });

describe('a regression on factors', () => {
  it('agrees with statsmodels’ HAC errors at the lags of the rule', () => {
    const regression = regressOnFactors(returns, factors);
    expect(regression.lags).toBe(3);
    agrees(regression, [
      [0.00071766272434538, 0.00029861216547960665, 2.4033271490889474, 0.019522979316432366],
      [1.1963433642986796, 0.03676732253148275, 32.53822367060552, 1.6596692941334203e-38],
      [-0.3290648382081358, 0.06449759919126812, -5.1019703420633, 4.011588296408195e-6],
    ]);
    expect(regression.rSquared).toEqual({ kind: 'value', value: near(0.961533318030327) });
    expect(regression.adjustedRSquared).toEqual({ kind: 'value', value: near(0.9601836098910402) });
    expect(regression.residualDeviation).toBeCloseTo(0.0034392338735470046, 13);
    expect(regression.loadings.map(({ varianceInflation }) => varianceInflation)).toEqual([
      near(1.5939273435448675),
      near(1.5939273435448675),
    ]);
    expect(regression.residuals.reduce((sum, item) => sum + item, 0)).toBeCloseTo(0, 14);
  });
  it('has the errors of White without lags, and other ones with more', () => {
    agrees(regressOnFactors(returns, factors, 0), [
      [0.00071766272434538, 0.0004311823147459711, 1.6644066785721194, 0.10151965806562564],
      [1.1963433642986796, 0.0361062182897194, 33.13399799167882, 6.209196635400094e-39],
      [-0.3290648382081358, 0.06542129784736861, -5.029934425572872, 5.205464024413233e-6],
    ]);
    agrees(regressOnFactors(returns, factors, 5), [
      [0.00071766272434538, 0.00029537657370947356, 2.4296534939539876, 0.018286702469391278],
      [1.1963433642986796, 0.034925965472580686, 34.25369486887606, 1.0209489346148434e-39],
      [-0.3290648382081358, 0.056916531972282705, -5.781533533497513, 3.26948184737779e-7],
    ]);
  });
  it('has no t of an exact fit and no R² of constant returns', () => {
    const exact = regressOnFactors(
      market.map((item) => 0.5 * item + 0.001),
      factors,
    );
    expect(exact.loadings[0]).toMatchObject({ estimate: near(0.5), tStatistic: { kind: 'undefined' } });
    expect(exact.alpha.estimate).toBeCloseTo(0.001, 12);
    const flat = regressOnFactors(new Float64Array(60).fill(0.01), factors);
    expect(flat.rSquared).toEqual({ kind: 'undefined', reason: 'the returns are constant' });
  });
  it('takes the lags of Newey and West (1994)', () => {
    expect([20, 60, 100, 250, 2500].map(neweyWestLags)).toEqual([2, 3, 4, 4, 8]);
  });
});

describe('factors that cannot be told apart', () => {
  it.each([
    [
      'a combination',
      column((t) => 2 * market[t]! - value[t]! + 0.01),
      'third is a combination of market, value',
    ],
    ['constant', column(() => 0.002), 'third is constant'],
  ])('are named where one is %s', (_, third, message) => {
    expect(() => regressOnFactors(returns, [...factors, { name: 'third', returns: third }])).toThrow(
      expect.objectContaining({
        code: 'CollinearFactors',
        factor: 'third',
        message: expect.stringContaining(message),
      }),
    );
  });
  it('are let through where they are only alike, and flagged by the variance inflation', () => {
    const alike = column((t) => market[t]! + 1e-4 * Math.sin(t));
    const { loadings } = regressOnFactors(returns, [...factors, { name: 'alike', returns: alike }]);
    expect(loadings[2]?.varianceInflation).toBeGreaterThan(1000);
    expect(loadings[1]?.varianceInflation).toBeLessThan(2);
  });
});

describe('a regression is refused', () => {
  it.each([
    [() => regressOnFactors(returns, []), 'there are no factors'],
    [() => regressOnFactors(returns, [factors[0]!, factors[0]!]), 'two factors named market'],
    [() => regressOnFactors(returns.slice(1), factors), 'market has 60 returns and the dependent has 59'],
    [
      () =>
        regressOnFactors(
          returns.slice(0, 3),
          factors.map(({ name, returns: items }) => ({ name, returns: items.slice(0, 3) })),
        ),
      'there are 3 returns; at least 4',
    ],
    [() => regressOnFactors(returns, factors, 60), 'the lags are 60'],
    [() => regressOnFactors(returns, factors, -1), 'the lags are -1'],
    [
      () =>
        regressOnFactors(
          returns.map(() => Number.NaN),
          factors,
        ),
      'return of the dependent at 0 is NaN',
    ],
  ])('%#', (act, message) => {
    expect(act).toThrow(invalid(message));
  });
});
