import { describe, expect, test } from 'vitest';
import type { Figure } from '#core/analytics/series.ts';
import {
  deflatedSharpe,
  expectedMaximumSharpe,
  minimumTrackRecord,
  probabilisticSharpe,
  type SharpeSample,
  sharpeSample,
} from '#core/analytics/validation/sharpe-inference.ts';
import { sevenTrials } from './park-miller.ts';

const numberOf = (figure: Figure): number => (figure.kind === 'value' ? figure.value : Number.NaN);
const sampleOf = (returns: Float64Array): SharpeSample => {
  const measured = sharpeSample(returns);
  if (measured.kind === 'undefined') throw new Error(measured.reason);
  return measured.sample;
};
const best = sampleOf(sevenTrials[6] ?? new Float64Array());
const normal = (sharpe: number): SharpeSample => ({ sharpe, observations: 250, skewness: 0, kurtosis: 3 });

describe('published examples', () => {
  test('Bailey and López de Prado 2014: the best of 100 trials at a Sharpe ratio of 2.5 deflates to 0.9004', () => {
    const threshold = expectedMaximumSharpe(100, 0.5 / 250);
    expect(threshold).toBeCloseTo(0.1132, 4);
    const sample = { sharpe: 2.5 / Math.sqrt(250), observations: 1250, skewness: -3, kurtosis: 10 };
    expect(numberOf(probabilisticSharpe(sample, threshold))).toBeCloseTo(0.9004, 4);
  });

  test('Bailey and López de Prado 2012: two years of months, normal and as they are', () => {
    const sample = { sharpe: 0.458, observations: 24, skewness: -2.448, kurtosis: 10.164 };
    expect(numberOf(probabilisticSharpe({ ...sample, skewness: 0, kurtosis: 3 }))).toBeCloseTo(0.982, 3);
    expect(numberOf(probabilisticSharpe(sample))).toBeCloseTo(0.913, 3);
  });

  test.each([
    ['daily', 250, 2.73],
    ['weekly', 52, 2.83],
    ['monthly', 12, 3.24],
  ])(
    'Bailey and López de Prado 2012: years of %s returns until 2 is known to be above 1',
    (_, perYear, years) => {
      const length = minimumTrackRecord(normal(2 / Math.sqrt(perYear)), 1 / Math.sqrt(perYear));
      expect(numberOf(length) / perYear).toBeCloseTo(years, 2);
    },
  );
});

test('skewed returns agree with scipy 1.17', () => {
  expect(best.sharpe).toBeCloseTo(0.1586754865545635, 13);
  expect(best.skewness).toBeCloseTo(-0.035540655650058234, 12);
  expect(best.kurtosis).toBeCloseTo(1.6135373847829722, 12);
  expect(numberOf(probabilisticSharpe(best, 0.02))).toBeCloseTo(0.9591040989226403, 12);
  expect(numberOf(minimumTrackRecord(best, 0.02))).toBeCloseTo(143.0240887975817, 9);
  const sharpes = Float64Array.from(sevenTrials, (returns) => sampleOf(returns).sharpe);
  expect(numberOf(deflatedSharpe(best, sharpes))).toBeCloseTo(0.7118653735809717, 12);
});

test('one trial is deflated by nothing, more trials by more', () => {
  expect(deflatedSharpe(best, Float64Array.of(best.sharpe))).toEqual(probabilisticSharpe(best));
  expect(expectedMaximumSharpe(1, 4)).toBe(0);
  expect(expectedMaximumSharpe(1_000, 4)).toBeGreaterThan(expectedMaximumSharpe(100, 4));
});

test('what cannot be measured is undefined with its reason', () => {
  expect(sharpeSample(new Float64Array())).toMatchObject({ kind: 'undefined' });
  expect(sharpeSample(Float64Array.of(0.1))).toMatchObject({ kind: 'undefined' });
  expect(sharpeSample(new Float64Array(100).fill(0.01))).toEqual({
    kind: 'undefined',
    reason: 'the returns are constant',
  });
  expect(probabilisticSharpe({ ...normal(1), observations: 1 })).toMatchObject({ kind: 'undefined' });
  expect(probabilisticSharpe({ ...normal(1), skewness: 9 })).toMatchObject({ kind: 'undefined' });
  expect(minimumTrackRecord(normal(1), 1)).toMatchObject({ kind: 'undefined' });
  expect(minimumTrackRecord({ ...normal(1), skewness: 9 })).toMatchObject({ kind: 'undefined' });
});

test('input that is no number is a fault that names it', () => {
  expect(() => sharpeSample(Float64Array.of(0.1, Number.NaN))).toThrow('return NaN at 1 is not finite');
  expect(() => probabilisticSharpe(normal(Number.POSITIVE_INFINITY))).toThrow('Sharpe ratio Infinity');
  expect(() => probabilisticSharpe(normal(1), Number.NaN)).toThrow('benchmark Sharpe ratio NaN');
  expect(() => expectedMaximumSharpe(0, 1)).toThrow('trials 0');
  expect(() => expectedMaximumSharpe(2, -1)).toThrow('variance -1');
  expect(() => minimumTrackRecord(normal(1), 0, 1)).toThrow('confidence 1');
  expect(() => deflatedSharpe(best, new Float64Array())).toThrow('trials 0');
});
