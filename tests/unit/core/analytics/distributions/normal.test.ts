import { describe, expect, it } from 'vitest';
import {
  normalCdf,
  normalPdf,
  normalQuantile,
  normalSurvival,
} from '#core/analytics/distributions/normal.ts';
import { relativeError } from './relative-error.ts';

/** x, Φ(x), φ(x): mpmath 1.3 with 60 digits, of the double x. */
const NORMAL: readonly (readonly [number, number, number])[] = [
  [-37.5, 4.605353009581955e-308, 1.7282337322841054e-306],
  [-37.3, 8.205494844930773e-305, 3.062846290695667e-303],
  [-30.123, 1.2111162284970148e-199, 3.652257171513472e-198],
  [-20.7, 1.7318518790197378e-95, 3.5932612209698675e-94],
  [-13, 6.11716439954988e-39, 7.998827757006812e-38],
  [-8.3, 5.205569744890254e-17, 4.3816394355093325e-16],
  [-5.7, 5.990371401063528e-9, 3.5139550948204334e-8],
  [-4.01, 3.035937392661822e-5, 1.2857623858162105e-4],
  [-2.5, 0.006209665325776135, 0.017528300493568537],
  [-1.1, 0.13566606094638264, 0.2178521770325505],
  [-0.7, 0.24196365222307303, 0.31225393336676127],
  [-0.66, 0.25462691467133614, 0.32086380377117246],
  [-0.3, 0.3820885778110474, 0.3813878154605241],
  [-1e-5, 0.49999601057719606, 0.39894228038148555],
  [0, 0.5, 0.3989422804014327],
  [1e-5, 0.500003989422804, 0.39894228038148555],
  [0.3, 0.6179114221889527, 0.3813878154605241],
  [0.66, 0.7453730853286639, 0.32086380377117246],
  [1, 0.8413447460685429, 0.24197072451914334],
  [2.2, 0.9860965524865014, 0.03547459284623142],
  [5.5, 0.9999999810104375, 1.0769760042543276e-7],
  [8.1, 0.9999999999999998, 2.2588094031543087e-15],
];

/** p, Φ⁻¹(p): mpmath 1.3 with 60 digits, of the double p. */
const QUANTILE: readonly (readonly [number, number])[] = [
  [1e-300, -37.0470962993612],
  [1e-200, -30.20559417957964],
  [7.6e-24, -10.000258345901132],
  [1e-15, -7.941345326170997],
  [1e-10, -6.361340902404057],
  [1e-5, -4.264890793922825],
  [0.001, -3.0902323061678136],
  [0.02, -2.053748910631823],
  [0.0749, -1.4402382675279637],
  [0.0751, -1.43882539275254],
  [0.3, -0.5244005127080408],
  [0.45, -0.12566134685507402],
  [0.4999999, -2.5066282747031063e-7],
  [0.5000001, 2.506628273311648e-7],
  [0.55, 0.12566134685507416],
  [0.9, 1.2815515655446006],
  [0.975, 1.9599639845400538],
  [0.999, 3.090232306167813],
  [0.9999999999, 6.361340889697422],
  [0.999999999999999, 7.941444487415978],
  [0.9999999999999999, 8.209536151601387],
];

describe('normal distribution', () => {
  it.each(NORMAL)('has cdf, survival and density at %d to 1e-15', (x, cdf, density) => {
    expect(relativeError(normalCdf(x), cdf)).toBeLessThan(1e-15);
    expect(relativeError(normalSurvival(-x), cdf)).toBeLessThan(1e-15);
    expect(relativeError(normalPdf(x), density)).toBeLessThan(1e-15);
  });
  it.each(QUANTILE)('has the quantile of %d to 1e-15', (probability, quantile) => {
    expect(relativeError(normalQuantile(probability), quantile)).toBeLessThan(1e-15);
  });
  it('is exact where it is known', () => {
    expect(normalCdf(0)).toBe(0.5);
    expect(normalQuantile(0.5)).toBe(0);
    expect([normalCdf(-Infinity), normalCdf(Infinity), normalSurvival(Infinity)]).toEqual([0, 1, 0]);
    expect([normalPdf(Infinity), normalCdf(-1e300), normalCdf(1e300)]).toEqual([0, 0, 1]);
  });
  it('gives back the probability of the quantile over 300 powers of ten', () => {
    for (let exponent = 1; exponent <= 300; exponent++) {
      const probability = 10 ** -exponent;
      expect(relativeError(normalCdf(normalQuantile(probability)), probability)).toBeLessThan(3e-13);
    }
  });
  it('rises without a step where its forms meet', () => {
    const step = 1e-9;
    for (const x of [-0.46875 * Math.SQRT2, 0.46875 * Math.SQRT2, -4 * Math.SQRT2]) {
      const rise = normalCdf(x + step) - normalCdf(x - step);
      expect(relativeError(rise, 2 * step * normalPdf(x))).toBeLessThan(1e-6);
    }
  });
  it('refuses what is no number or no probability, naming it', () => {
    expect(() => normalCdf(Number.NaN)).toThrow('x is NaN: give a number');
    expect(() => normalPdf(Number.NaN)).toThrow('x is NaN');
    for (const probability of [0, 1, -0.1, 1.1, Number.NaN, Infinity]) {
      expect(() => normalQuantile(probability)).toThrow(
        expect.objectContaining({ code: 'DistributionDomain', retryable: false }),
      );
    }
    expect(() => normalQuantile(0)).toThrow('probability is 0: give one strictly between 0 and 1');
  });
});
