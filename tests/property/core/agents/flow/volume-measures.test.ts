import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trailingRank } from '#core/agents/flow/volume-measures.ts';

/** Few different values, so that ties and gaps are common. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const column = fc.array(value, { maxLength: 60 }).map((values) => Float64Array.from(values));
const window = fc.integer({ min: 1, max: 12 });

const finite = (values: Float64Array) => [...values].filter(Number.isFinite);

function rankByHand(values: Float64Array, own: number, size: number): number {
  const known = finite(values);
  if (!Number.isFinite(own) || known.length < size / 2) return Number.NaN;
  const below = known.filter((other) => other < own).length;
  return (below + known.filter((other) => other === own).length / 2) / known.length;
}

describe('trailingRank', () => {
  it('is the rank in the window taken by itself', () => {
    fc.assert(
      fc.property(column, window, (values, size) => {
        values.forEach((own, end) => {
          const rank =
            end < size - 1 ? Number.NaN : rankByHand(values.subarray(end - size + 1, end + 1), own, size);
          expect(trailingRank(values, size, end)).toBe(rank);
        });
      }),
    );
  });
});
