import { describe, expect, it } from 'vitest';
import { calibrated, fitIsotonic, fitPlatt } from '#core/analytics/models/calibration.ts';
import { sigmoid } from '#core/analytics/models/logistic-regression.ts';
import { seededRandom } from '#core/values/random.ts';

/** Scores on a grid of tenths, so that many are tied, and labels drawn from 0.6 s − 0.4. */
function drawn(rows = 300) {
  const random = seededRandom(31);
  const scores = new Float64Array(rows);
  const labels = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const score = Math.floor(random.next() * 80 - 40) / 10;
    scores[row] = score;
    labels[row] = random.next() < sigmoid(0.6 * score - 0.4) ? 1 : 0;
  }
  return { scores, labels };
}

describe('fitPlatt', () => {
  it('agrees with Newton’s method in numpy, and with scikit-learn as far as that converges', () => {
    const { scores, labels } = drawn();

    const calibration = fitPlatt(scores, labels);

    if (calibration.kind !== 'platt') throw new Error(calibration.kind);
    expect(calibration.slope).toBeCloseTo(0.6022790607471773, 10);
    expect(calibration.intercept).toBeCloseTo(-0.16836841908994749, 10);
    // scikit-learn 1.9.1, sklearn.calibration._sigmoid_calibration, signs turned.
    expect(calibration.slope).toBeCloseTo(0.6022790621645072, 6);
    expect(calibration.intercept).toBeCloseTo(-0.1683684121923995, 6);
  });

  it('stays finite and short of certainty where the score separates the classes', () => {
    const scores = Float64Array.from({ length: 40 }, (_, i) => i - 19.5);
    const labels = scores.map((score) => (score > 0 ? 1 : 0));

    const probabilities = calibrated(fitPlatt(scores, labels), scores);

    expect(probabilities[39]).toBeGreaterThan(0.9);
    expect(probabilities.every((probability) => probability > 0 && probability < 1)).toBe(true);
  });

  it('states the smoothed base rate where all scores are the same', () => {
    const labels = Float64Array.from({ length: 40 }, (_, i) => (i < 10 ? 1 : 0));

    const probabilities = calibrated(fitPlatt(new Float64Array(40).fill(3), labels), Float64Array.of(3, -8));

    const smoothed = ((10 * 11) / 12 + 30 / 32) / 40;
    expect(probabilities[0]).toBeCloseTo(smoothed, 9);
    expect(probabilities[1]).toBe(probabilities[0]);
  });
});

describe('fitIsotonic', () => {
  it('agrees with scikit-learn’s IsotonicRegression, ties, interpolation and ends included', () => {
    const { scores, labels } = drawn();

    const calibration = fitIsotonic(scores, labels);

    // scikit-learn 1.9.1, IsotonicRegression(out_of_bounds='clip').
    const probabilities = calibrated(calibration, Float64Array.of(-9, -2.05, -0.55, 0, 0.33, 1.11, 3.3, 9));
    const reference = [
      0, 0.19047619047619047, 0.29508196721311475, 0.5, 0.5, 0.5172413793103449, 0.9333333333333333, 1,
    ];
    reference.forEach((probability, i) => void expect(probabilities[i]).toBeCloseTo(probability, 12));
    if (calibration.kind !== 'isotonic') throw new Error(calibration.kind);
    expect(calibration.scores).toHaveLength(23);
  });
});

describe('calibration refuses', () => {
  const { scores, labels } = drawn();
  const head = (count: number) => [scores.slice(0, count), labels.slice(0, count)] as const;

  it.each([
    [
      'few rows, Platt',
      () => fitPlatt(...head(29)),
      /29 rows are too few for Platt scaling; give at least 30/,
    ],
    ['few rows, isotonic', () => fitIsotonic(...head(199)), /199 rows are too few for isotonic/],
    [
      'one class',
      () =>
        fitPlatt(
          scores,
          labels.map(() => 1),
        ),
      /all 300 labels are 1/,
    ],
    [
      'few of one class',
      () =>
        fitPlatt(
          scores,
          labels.map((_, i) => (i < 4 ? 1 : 0)),
        ),
      /4 rows of one class are too few for Platt scaling; give at least 5/,
    ],
    [
      'few of one class, isotonic',
      () =>
        fitIsotonic(
          scores,
          labels.map((_, i) => (i < 24 ? 0 : 1)),
        ),
      /24 rows of one class .* at least 25/,
    ],
    [
      'an unknown score',
      () =>
        fitPlatt(
          scores.map((score, i) => (i === 7 ? Number.NaN : score)),
          labels,
        ),
      /the score of row 7 is NaN/,
    ],
    [
      'an unknown score later on',
      () => calibrated(fitPlatt(scores, labels), Float64Array.of(Number.NaN)),
      /the score of row 0 is NaN/,
    ],
  ])('%s', (_, fit, message) => {
    expect(fit).toThrow(message);
    expect(fit).toThrow(expect.objectContaining({ code: 'InvalidModelInput' }));
  });
});
