import { describe, expect, it } from 'vitest';
import { normalSurvival } from '#core/analytics/distributions/normal.ts';
import { skillTest } from '#core/analytics/models/skill-test.ts';
import { seededRandom } from '#core/values/random.ts';

describe('skillTest', () => {
  it('passes what predicts and fails what does not', () => {
    const random = seededRandom(2);
    const outcomes = Array.from({ length: 400 }, () => (random.next() < 0.5 ? 1 : 0));

    const clever = skillTest(
      outcomes.map((label) => ({ label, base: 0.5, probability: label === 1 ? 0.6 : 0.4 })),
      5,
    );
    const random50 = skillTest(
      outcomes.map((label) => ({ label, base: 0.5, probability: random.next() })),
      5,
    );

    expect(clever).toMatchObject({ passed: true, observations: 400 });
    expect(clever.skill).toBeCloseTo(1 - 0.16 / 0.25, 9);
    expect(random50.passed).toBe(false);
    expect(skillTest([], 5).passed).toBe(false);
  });

  it('has the probability of a standard normal above the gain over its deviation', () => {
    // Two gains of 0.25 and 0.09: mean 0.17, variance of the mean 0.08² / 2 without lags.
    const { pValue } = skillTest(
      [
        { label: 1, base: 0.5, probability: 1 },
        { label: 1, base: 0.5, probability: 0.6 },
      ],
      0,
    );
    expect(pValue).toBeCloseTo(normalSurvival(0.17 / (0.08 / Math.SQRT2)), 12);
    // Chance of less than 1e-16 is not none.
    const far = skillTest(
      Array.from({ length: 400 }, (_, at) => ({
        label: 1,
        base: 0.5,
        probability: at % 2 === 0 ? 0.9 : 0.8,
      })),
      0,
    );
    expect(far.pValue).toBeGreaterThanOrEqual(0);
    expect(far.pValue).toBeLessThan(1e-16);
  });
});
