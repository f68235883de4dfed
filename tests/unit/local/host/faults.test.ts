import { describe, expect, it } from 'vitest';
import { createFaults } from '#local/host/faults.ts';

describe('faults on demand', () => {
  it('are off until asked for', () => {
    const faults = createFaults('seed');
    for (let index = 0; index < 100; index += 1) {
      expect([faults.copies(), faults.pick(9), faults.delay(), faults.crash()]).toEqual([1, 0, 0, false]);
      faults.throttle('sqs', 'SendMessage');
    }
  });

  it('are the same for the same seed, and strike about as often as asked', () => {
    const sequence = (seed: string): number[] => {
      const faults = createFaults(seed);
      faults.set({ duplicate: 0.3, reorder: 0.5, delay: 0.2, delayMillis: 1_000 });
      return Array.from({ length: 500 }, () => [faults.copies(), faults.pick(10), faults.delay()]).flat();
    };
    expect(sequence('a')).toEqual(sequence('a'));
    expect(sequence('a')).not.toEqual(sequence('b'));
    const copies = sequence('a').filter((_value, index) => index % 3 === 0);
    const twice = copies.filter((count) => count === 2).length;
    expect(twice).toBeGreaterThan(100);
    expect(twice).toBeLessThan(200);
  });

  it('throttle with the error that clients retry, and refuse chances that are none', () => {
    const faults = createFaults('seed');
    faults.set({ throttle: 1 });
    expect(() => faults.throttle('sqs', 'SendMessage')).toThrow(
      expect.objectContaining({ code: 'ThrottlingException' }),
    );
    expect(() => faults.set({ crash: 1.5 })).toThrow(RangeError);
  });
});
