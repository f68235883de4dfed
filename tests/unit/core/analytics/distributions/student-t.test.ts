import { describe, expect, it } from 'vitest';
import { normalCdf } from '#core/analytics/distributions/normal.ts';
import { studentTCdf, studentTQuantile } from '#core/analytics/distributions/student-t.ts';
import { relativeError } from './relative-error.ts';

/** x, degrees, cdf: mpmath 1.3 (betainc; above 1e4 degrees the density integrated) with 60 digits. */
const REFERENCES: readonly (readonly [number, number, number])[] = [
  [-10000000000.0, 1, 3.1830988618379065e-11],
  [-1, 1, 0.25],
  [-1e-8, 1, 0.49999999681690116],
  [-4.3, 2, 0.025028577058545796],
  [-50, 3, 8.808576020635988e-6],
  [0.7, 3, 0.7328365008476182],
  [-2.13, 4, 0.050103955441651186],
  [-1000, 5, 9.490065565989857e-15],
  [-15, 10, 1.7481457182767654e-8],
  [-2.04, 30, 0.02511978736954344],
  [-40, 30, 6.863022597203201e-28],
  [1.5, 100, 0.9316174709376556],
  [-5, 1000, 3.3836281823243153e-7],
  [-3, 100000, 0.0013502304420323595],
  [-0.1, 100000, 0.4601722629533631],
  [-8, 1000000.0, 6.22753171660126e-16],
  [-7, 0.3, 0.1948470267948707],
  [2, 2.5, 0.921304252121017],
  [-1e120, 2, 5.0000000000000005e-241],
];

describe("Student's t distribution", () => {
  it.each(REFERENCES)('has the cdf at %d with %d degrees to 1e-13', (x, degrees, cdf) => {
    expect(relativeError(studentTCdf(x, degrees), cdf)).toBeLessThan(1e-13);
    expect(studentTCdf(-x, degrees)).toBeCloseTo(1 - cdf, 14);
  });
  it.each(REFERENCES)(
    'has the quantile %d with %d degrees as exactly as its probability',
    (x, degrees, cdf) => {
      // Near the middle a double of the probability holds x only to 1e-16 of absolute size.
      const error = Math.abs(studentTQuantile(cdf, degrees) - x);
      expect(error).toBeLessThan(Math.max(3e-14 * Math.abs(x), 5e-16));
    },
  );
  it('has the published 97.5 % quantiles', () => {
    // NIST/SEMATECH e-Handbook of Statistical Methods 1.3.6.7.2
    const published = [
      [1, 12.706],
      [2, 4.303],
      [5, 2.571],
      [10, 2.228],
      [30, 2.042],
      [100, 1.984],
    ] as const;
    for (const [degrees, quantile] of published)
      expect(studentTQuantile(0.975, degrees)).toBeCloseTo(quantile, 3);
  });
  it('is the Cauchy distribution with one degree and close to the normal with very many', () => {
    for (const probability of [1e-100, 1e-9, 0.2, 0.3, 0.45, 0.7, 0.999])
      expect(
        relativeError(studentTQuantile(probability, 1), -1 / Math.tan(Math.PI * probability)),
      ).toBeLessThan(1e-13);
    for (const x of [-6, -1, 0.5, 3])
      expect(relativeError(studentTCdf(x, 1e9), normalCdf(x))).toBeLessThan(1e-6);
  });
  it('is symmetric and exact in the middle', () => {
    expect([studentTCdf(0, 5), studentTQuantile(0.5, 5)]).toEqual([0.5, 0]);
    expect(studentTQuantile(0.25, 7)).toBeCloseTo(-studentTQuantile(0.75, 7), 14);
    expect([studentTCdf(-Infinity, 3), studentTCdf(Infinity, 3)]).toEqual([0, 1]);
  });
  it('refuses what has no value, naming it', () => {
    expect(() => studentTCdf(Number.NaN, 3)).toThrow('x is NaN');
    expect(() => studentTCdf(1, 0)).toThrow('degrees of freedom is 0: give');
    expect(() => studentTQuantile(0.5, Infinity)).toThrow('degrees of freedom is Infinity: give');
    expect(() => studentTQuantile(1, 3)).toThrow('probability is 1: give');
    expect(() => studentTQuantile(1e-200, 1)).toThrow('the quantile exceeds 1e150');
  });
});
