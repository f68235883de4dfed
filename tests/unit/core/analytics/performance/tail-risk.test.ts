import { describe, expect, it } from 'vitest';
import {
  cornishFisherValueAtRisk,
  historicalConditionalValueAtRisk,
  historicalValueAtRisk,
  normalValueAtRisk,
  tailRatio,
} from '#core/analytics/performance/tail-risk.ts';

/** −0.50, −0.49, … +0.50: 101 returns, so that each percentile is an observation. */
const LADDER = Float64Array.from({ length: 101 }, (_, index) => (index - 50) / 100);
const about = (number: number, digits = 10) => ({ kind: 'value', value: expect.closeTo(number, digits) });

describe('value at risk', () => {
  it('is the percentile of the returns, and the conditional one the mean beyond it', () => {
    expect(historicalValueAtRisk(LADDER, 0.95)).toEqual(about(0.45));
    expect(historicalValueAtRisk(LADDER, 0.99)).toEqual(about(0.49));
    expect(historicalValueAtRisk(LADDER, 0.975)).toEqual(about(0.475));
    expect(historicalConditionalValueAtRisk(LADDER, 0.975)).toEqual(about(0.49));
  });
  it('does not depend on the order of the returns', () => {
    expect(historicalValueAtRisk(LADDER.toReversed(), 0.99)).toEqual(historicalValueAtRisk(LADDER, 0.99));
  });
  it('is undefined with fewer returns than one beyond it takes', () => {
    const reason = '99 returns; at least 100 are needed for one beyond 99 %';
    expect(historicalValueAtRisk(LADDER.slice(2), 0.99)).toEqual({ kind: 'undefined', reason });
    expect(historicalConditionalValueAtRisk(LADDER.slice(2), 0.99)).toEqual({ kind: 'undefined', reason });
    expect(tailRatio(LADDER.slice(0, 19)).kind).toBe('undefined');
  });
  it('of a normal distribution is the published quantile times the deviation', () => {
    const sample = Float64Array.of(-1, 1); // mean 0, deviation √2
    expect(normalValueAtRisk(sample, 0.95)).toEqual(about(1.6448536 * Math.SQRT2, 6));
    expect(normalValueAtRisk(sample, 0.975)).toEqual(about(1.959964 * Math.SQRT2, 6));
    expect(normalValueAtRisk(sample, 0.99)).toEqual(about(2.3263479 * Math.SQRT2, 6));
    expect(normalValueAtRisk(Float64Array.of(1), 0.95).kind).toBe('undefined');
  });
  it('by Cornish–Fisher is the normal one where skewness and excess kurtosis vanish', () => {
    // ±√3 once each among four zeros: m2 = 1, m4 = 3
    const sample = Float64Array.of(Math.sqrt(3), -Math.sqrt(3), 0, 0, 0, 0);
    const { figure } = cornishFisherValueAtRisk(sample, 0.95);
    const normal = normalValueAtRisk(sample, 0.95);
    expect(figure).toEqual(about(normal.kind === 'value' ? normal.value : Number.NaN));
  });
  it('by Cornish–Fisher is flagged where a brute-force search finds the expansion falling', () => {
    const falls = (skew: number, kurtosis: number) => {
      const at = (z: number) =>
        z +
        ((z * z - 1) * skew) / 6 +
        ((z ** 3 - 3 * z) * kurtosis) / 24 -
        ((2 * z ** 3 - 5 * z) * skew * skew) / 36;
      for (let z = -60; z < 60; z += 0.01) if (at(z + 0.01) < at(z) - 1e-9) return true;
      return false;
    };
    const heavy = (tail: number, weight: number) =>
      Float64Array.from({ length: 400 }, (_, i) => (i < weight ? -tail : i % 2 === 0 ? 1 : -1));
    const verdicts = [
      heavy(3, 4),
      heavy(4, 10),
      heavy(8, 3),
      heavy(20, 4),
      Float64Array.of(1, -1, 0, 0, 0, 0, 0, 0),
    ].map((sample) => {
      const n = sample.length;
      const mean = sample.reduce((a, b) => a + b) / n;
      const m = (p: number) => sample.reduce((a, b) => a + (b - mean) ** p, 0) / n;
      const expected = !falls(m(3) / m(2) ** 1.5, m(4) / m(2) ** 2 - 3);
      expect(cornishFisherValueAtRisk(sample, 0.99).insideDomain).toBe(expected);
      return expected;
    });
    expect(new Set(verdicts).size).toBe(2);
  });
  it('by Cornish–Fisher is flagged where skewness is so large that the expansion falls everywhere', () => {
    // skewness −19.2, excess kurtosis 434.6: the derivative is a parabola that is negative throughout
    const sample = Float64Array.from({ length: 1000 }, (_, index) =>
      index === 0 ? -30 : index <= 5 ? -10 : 0,
    );
    expect(cornishFisherValueAtRisk(sample, 0.99).insideDomain).toBe(false);
  });
  it('by Cornish–Fisher is undefined on constant returns', () => {
    expect(cornishFisherValueAtRisk(Float64Array.of(1, 1), 0.99).figure.kind).toBe('undefined');
  });
});

describe('the tail ratio', () => {
  it('compares the 95 % quantile with the 5 % quantile', () => {
    const lopsided = LADDER.map((item) => (item > 0 ? 2 * item : item));
    expect(tailRatio(lopsided)).toEqual(about(2));
    expect(tailRatio(LADDER.map(Math.abs))).toEqual({
      kind: 'undefined',
      reason: 'the 5 % quantile is not a loss',
    });
  });
});
