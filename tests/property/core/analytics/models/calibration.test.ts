import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrated, fitIsotonic } from '#core/analytics/models/calibration.ts';
import { forecastQuality } from '#core/analytics/models/forecast-quality.ts';

const label = fc.constantFrom(0, 1);
const forecasts = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), label), {
  minLength: 1,
  maxLength: 100,
});

describe('forecastQuality', () => {
  it('decomposes the Brier score without a rest', () => {
    fc.assert(
      fc.property(forecasts, fc.integer({ min: 1, max: 20 }), (all, bins) => {
        const { brier, decomposition } = forecastQuality(
          Float64Array.from(all, ([probability]) => probability),
          Float64Array.from(all, ([, outcome]) => outcome),
          bins,
        );
        const { reliability, resolution, uncertainty, withinBinVariance, withinBinCovariance } =
          decomposition;
        expect(reliability - resolution + uncertainty + withinBinVariance - withinBinCovariance).toBeCloseTo(
          brier,
          12,
        );
      }),
    );
  });
});

describe('fitIsotonic', () => {
  const sample = fc
    .array(fc.tuple(fc.integer({ min: -20, max: 20 }), label), { minLength: 200, maxLength: 300 })
    .filter((all) => {
      const ones = all.filter(([, outcome]) => outcome === 1).length;
      return Math.min(ones, all.length - ones) >= 25;
    });

  it('never falls, keeps the base rate, and errs no more than with its upper part raised', () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0, max: 0.2, noNaN: true }), (all, shift) => {
        const scores = Float64Array.from(all, ([score]) => score);
        const labels = Float64Array.from(all, ([, outcome]) => outcome);
        const probabilities = calibrated(fitIsotonic(scores, labels), scores);
        const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(mean(probabilities)).toBeCloseTo(mean(labels), 10);
        const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
        order.forEach((row, at) => {
          if (at > 0) expect(probabilities[row]).toBeGreaterThanOrEqual(probabilities[order[at - 1]!]!);
        });
        const error = (moved: number) =>
          probabilities.reduce((sum, p, i) => sum + (p + (scores[i]! > 0 ? moved : 0) - labels[i]!) ** 2, 0);
        expect(error(0)).toBeLessThanOrEqual(error(shift) + 1e-9);
      }),
    );
  });
});
