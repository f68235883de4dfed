import { describe, expect, it } from 'vitest';
import { chiSquaredCdf, chiSquaredSurvival } from '#core/analytics/distributions/chi-squared.ts';
import { normalSurvival } from '#core/analytics/distributions/normal.ts';
import { relativeError } from './relative-error.ts';

/** x, degrees, cdf, survival: mpmath 1.3 (gammainc) with 60 digits. */
const REFERENCES: readonly (readonly [number, number, number, number])[] = [
  [1e-10, 1, 7.978845607895674e-6, 0.9999920211543921],
  [3.841458820694124, 1, 0.95, 0.05000000000000006],
  [50, 1, 0.9999999999984626, 1.537459794428035e-12],
  [1400, 1, 1, 2.1010145162642176e-306],
  [0.001, 2, 4.998750208307294e-4, 0.9995001249791693],
  [5.99, 2, 0.9499633729134137, 0.05003662708658628],
  [700, 2, 1, 9.92959039626498e-153],
  [7.8, 3, 0.9496689021401467, 0.05033109785985335],
  [0.2, 4, 0.00467884016044447, 0.9953211598395555],
  [200, 7, 1, 1.1477812240142598e-39],
  [0.001, 10, 2.6030818297031987e-19, 1],
  [18.3, 10, 0.9498909385885376, 0.05010906141146245],
  [10, 30, 2.2625367617675553e-4, 0.9997737463238232],
  [300, 250, 0.9834817268421313, 0.01651827315786872],
  [2500, 2500, 0.5037612805771917, 0.4962387194228083],
  [3100, 2500, 0.9999999999999986, 1.4248630591041456e-15],
  [1000000.0, 1000000.0, 0.5001880631966055, 0.4998119368033945],
  [1010000.0, 1000000.0, 0.9999999999990932, 9.068528823262077e-13],
  [2, 0.5, 0.9320788679898911, 0.06792113201010881],
  [0.001, 0.01, 0.9654688574580158, 0.034531142541984174],
];

describe('chi-squared distribution', () => {
  it.each(REFERENCES)('has cdf and survival at %d with %d degrees to 1e-13', (x, degrees, cdf, survival) => {
    expect(relativeError(chiSquaredCdf(x, degrees), cdf)).toBeLessThan(1e-13);
    expect(relativeError(chiSquaredSurvival(x, degrees), survival)).toBeLessThan(1e-13);
  });
  it('with one degree is the square of a normal variable, with two an exponential one', () => {
    for (const x of [0.001, 0.5, 3.841458820694124, 40, 600]) {
      expect(relativeError(chiSquaredSurvival(x, 1), 2 * normalSurvival(Math.sqrt(x)))).toBeLessThan(1e-13);
      expect(relativeError(chiSquaredSurvival(x, 2), Math.exp(-x / 2))).toBeLessThan(1e-13);
    }
  });
  it('has its whole mass between zero and infinity', () => {
    expect([chiSquaredCdf(0, 3), chiSquaredCdf(-1, 3), chiSquaredCdf(Infinity, 3)]).toEqual([0, 0, 1]);
    expect([chiSquaredSurvival(0, 3), chiSquaredSurvival(-1, 3), chiSquaredSurvival(Infinity, 3)]).toEqual([
      1, 1, 0,
    ]);
  });
  it('refuses NaN and degrees out of range, naming them', () => {
    expect(() => chiSquaredCdf(Number.NaN, 1)).toThrow('x is NaN');
    expect(() => chiSquaredSurvival(Number.NaN, 1)).toThrow('x is NaN');
    for (const degrees of [0, -1, Number.NaN, Infinity, 1e10]) {
      expect(() => chiSquaredCdf(1, degrees)).toThrow(`degrees of freedom is ${degrees}: give`);
      expect(() => chiSquaredSurvival(1, degrees)).toThrow(`degrees of freedom is ${degrees}: give`);
    }
  });
});
