import { describe, expect, it } from 'vitest';
import { normalDistribution, skillTest } from '#core/analytics/models/skill-test.ts';
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

  it('knows the normal distribution', () => {
    expect(normalDistribution(0)).toBeCloseTo(0.5, 7);
    expect(normalDistribution(1.959964)).toBeCloseTo(0.975, 6);
    expect(normalDistribution(-1.644854)).toBeCloseTo(0.05, 6);
  });
});
