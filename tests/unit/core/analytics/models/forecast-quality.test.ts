import { describe, expect, it } from 'vitest';
import { forecastQuality } from '#core/analytics/models/forecast-quality.ts';
import { sigmoid } from '#core/analytics/models/logistic-regression.ts';
import { seededRandom } from '#core/values/random.ts';

const of = (...values: number[]) => Float64Array.from(values);

describe('forecastQuality', () => {
  it('agrees with scikit-learn on Brier score and log loss, and with numpy on the calibration error', () => {
    const random = seededRandom(31);
    const probabilities = new Float64Array(300);
    const labels = new Float64Array(300);
    for (let row = 0; row < 300; row++) {
      const score = Math.floor(random.next() * 80 - 40) / 10;
      probabilities[row] = sigmoid(score);
      labels[row] = random.next() < sigmoid(0.6 * score - 0.4) ? 1 : 0;
    }

    const quality = forecastQuality(probabilities, labels);

    expect(quality.brier).toBeCloseTo(0.1807196129718603, 12);
    expect(quality.logLoss).toEqual({ kind: 'value', value: expect.closeTo(0.5581383438089076, 12) });
    expect(quality.expectedCalibrationError).toBeCloseTo(0.09729013338486782, 12);
    expect(quality.baseRate).toBe(137 / 300);
  });

  it('takes a forecast apart as worked out by hand', () => {
    const quality = forecastQuality(of(0.1, 0.1, 0.8, 0.8), of(0, 1, 1, 1));

    expect(quality.brier).toBeCloseTo((0.01 + 0.81 + 0.04 + 0.04) / 4, 12);
    expect(quality.decomposition).toEqual({
      reliability: expect.closeTo((0.16 + 0.04) / 2, 12),
      resolution: expect.closeTo((0.0625 + 0.0625) / 2, 12),
      uncertainty: 0.1875,
      withinBinVariance: 0,
      withinBinCovariance: 0,
    });
    expect(quality.expectedCalibrationError).toBeCloseTo((0.4 + 0.2) / 2, 12);
    expect(quality.reliabilityTable).toEqual([
      { from: 0.1, to: 0.2, count: 2, meanProbability: 0.1, frequency: 0.5 },
      { from: 0.8, to: 0.9, count: 2, meanProbability: 0.8, frequency: 1 },
    ]);
  });

  it('has no log loss where something impossible happened, and says which', () => {
    expect(forecastQuality(of(1, 0), of(1, 1)).logLoss).toEqual({
      kind: 'undefined',
      reason: 'forecast 1 gave probability 0 to what happened',
    });
    expect(forecastQuality(of(1, 0), of(1, 0)).logLoss).toEqual({ kind: 'value', value: 0 });
  });

  it.each([
    ['nothing', of(), of(), 10, /0 labels for 0 probabilities/],
    ['a label too few', of(0.5, 0.5), of(1), 10, /1 labels for 2 probabilities/],
    ['a probability above 1', of(1.5), of(1), 10, /probability of row 0 is 1.5/],
    ['an unknown probability', of(Number.NaN), of(1), 10, /probability of row 0 is NaN/],
    ['an unknown label', of(0.5), of(Number.NaN), 10, /label of row 0 is NaN/],
    ['no bins', of(0.5), of(1), 0, /bins is 0/],
  ])('refuses %s', (_, probabilities, labels, bins, message) => {
    expect(() => forecastQuality(probabilities, labels, bins)).toThrow(message);
  });
});
