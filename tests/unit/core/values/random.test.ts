import { describe, expect, it } from 'vitest';
import { seededRandom } from '#core/values/random.ts';

const first = (seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: 3 }, () => random.next() * 4294967296);
};

describe('a seeded stream', () => {
  // Mulberry32 in C with uint32_t.
  it.each([
    [1, [2_693_262_067, 11_749_833, 2_265_367_787]],
    [4_123_456_789, [2_575_398_586, 954_816_004, 1_338_809_761]],
  ])('of seed %d has the numbers of the reference', (seed, numbers) => {
    expect(first(seed)).toEqual(numbers);
  });

  it('is the same for seeds that are the same in 32 bits', () => {
    expect(first(-1)).toEqual(first(4_294_967_295));
  });

  it('draws normal values in pairs of one radius', () => {
    const uniform = seededRandom(7);
    const radius = Math.sqrt(-2 * Math.log(1 - uniform.next()));
    const angle = 2 * Math.PI * uniform.next();
    const random = seededRandom(7);

    expect(random.normal()).toBe(radius * Math.cos(angle));
    expect(random.normal()).toBe(radius * Math.sin(angle));
    expect(random.next()).toBe(uniform.next());
  });

  it('draws whole numbers below a bound, all of them', () => {
    const random = seededRandom(3);
    const drawn = new Set(Array.from({ length: 200 }, () => random.integer(5)));

    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
