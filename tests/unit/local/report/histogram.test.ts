import { describe, expect, it } from 'vitest';
import { binsOf, distributionChart } from '#local/report/histogram.ts';

const none = { kind: 'undefined', reason: 'not measured' } as const;

describe('bins', () => {
  it('hold every return once and part gains from losses', () => {
    const returns = Float64Array.from({ length: 501 }, (_, index) => (index - 250) / 10_000);
    const { width, first, counts } = binsOf(returns);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(501);
    const below = counts.slice(0, -first).reduce((sum, count) => sum + count, 0);
    expect(below).toBe(250);
    expect(width).toBeCloseTo((2 * 0.025) / Math.cbrt(501), 12);
  });
  it('are at most 61 even where one return lies far out', () => {
    const returns = Float64Array.from({ length: 2_000 }, (_, index) => Math.sin(index) / 1_000);
    returns[7] = 0.4;
    expect(binsOf(returns).counts.length).toBeLessThanOrEqual(61);
  });
  it('are one where all returns are the same', () => {
    expect(binsOf(Float64Array.of(0.01, 0.01, 0.01)).counts).toEqual([3]);
  });
});

describe('the distribution', () => {
  it('leaves days without a move out and says how many', () => {
    const { markup } = distributionChart(Float64Array.of(0.01, 0, -0.02, 0, 0.01), {
      kind: 'value',
      value: 0.015,
    });
    expect(markup).toContain('2 days without a move are left out');
    expect(markup).toContain('2 days above zero');
    expect(markup).toContain('95 % value at risk: 1.50 % a day');
  });
  it('is undefined, with the reason, without two moves', () => {
    expect(distributionChart(Float64Array.of(0, 0.01), none).markup).toContain(
      'Undefined: there are fewer than two',
    );
    expect(distributionChart(new Float64Array(), none).markup).not.toContain('<svg');
  });
});
