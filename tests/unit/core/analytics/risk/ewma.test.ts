import { describe, expect, it } from 'vitest';
import { ewmaVariance } from '#core/analytics/risk/ewma.ts';

describe('exponentially weighted variance', () => {
  it('weighs squares by powers of the decay, normalised, where no seed is given', () => {
    const variance = ewmaVariance(Float64Array.of(1, 2, -3), { decay: 0.5 });
    // (4 + 0.5·1)/1.5, (9 + 0.5·4 + 0.25·1)/1.75
    expect(Array.from(variance)).toEqual([1, 3, 11.25 / 1.75].map((item) => expect.closeTo(item, 12)));
  });
  it('is the RiskMetrics recursion from a seed', () => {
    const variance = ewmaVariance(Float64Array.of(1, 2), { decay: 0.94, seed: 2 });
    const first = 0.94 * 2 + 0.06;
    expect(variance[0]).toBeCloseTo(first, 12);
    expect(variance[1]).toBeCloseTo(0.94 * first + 0.06 * 4, 12);
  });
  it('takes 0.94 where no decay is given, a seed of zero, and no return at all', () => {
    expect(ewmaVariance(Float64Array.of(1, 0))[1]).toBeCloseTo(0.94 / 1.94, 12);
    expect(ewmaVariance(Float64Array.of(1), { seed: 0 })[0]).toBeCloseTo(0.06, 12);
    expect(ewmaVariance(new Float64Array())).toHaveLength(0);
    expect(Array.from(ewmaVariance(Float64Array.of(0, 0)))).toEqual([0, 0]);
  });
  it.each([
    ['the decay is 1', { decay: 1 }],
    ['the decay is 0', { decay: 0 }],
    ['the decay is NaN', { decay: Number.NaN }],
    ['the seed is -1', { seed: -1 }],
    ['the seed is Infinity', { seed: Number.POSITIVE_INFINITY }],
  ])('refuses where %s', (message, options) => {
    expect(() => ewmaVariance(Float64Array.of(1), options)).toThrow(
      expect.objectContaining({ code: 'InvalidSample', message: expect.stringContaining(message) }),
    );
  });
  it('refuses a return that is not finite', () => {
    expect(() => ewmaVariance(Float64Array.of(1, Number.POSITIVE_INFINITY))).toThrow('return 1 is Infinity');
  });
});
