import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trailingMedian, trailingRank } from '#core/agents/flow/volume-measures.ts';

/** Few different values, so that ties and gaps are common. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const column = fc.array(value, { maxLength: 60 }).map((values) => Float64Array.from(values));
const window = fc.integer({ min: 1, max: 12 });
const from = fc.integer({ min: 0, max: 70 });

const finite = (values: Float64Array) => [...values].filter(Number.isFinite);

function rankByHand(values: Float64Array, own: number, size: number): number {
  const known = finite(values);
  if (!Number.isFinite(own) || known.length < size / 2) return Number.NaN;
  const below = known.filter((other) => other < own).length;
  return (below + known.filter((other) => other === own).length / 2) / known.length;
}

function medianByHand(values: Float64Array): number {
  const known = finite(values).sort((left, right) => left - right);
  const middle = known.length >> 1;
  if (known.length === 0) return Number.NaN;
  return known.length % 2 === 1
    ? (known[middle] as number)
    : ((known[middle - 1] as number) + (known[middle] as number)) / 2;
}

describe('moving ranks and medians', () => {
  it('are those of each window taken by itself, wherever they begin', () => {
    fc.assert(
      fc.property(column, window, from, (values, size, first) => {
        const ranks = trailingRank(values, size, first);
        const medians = trailingMedian(values, size, first);
        for (let end = 0; end < values.length; end++) {
          const rank =
            end < Math.max(first, size - 1)
              ? Number.NaN
              : rankByHand(values.subarray(end - size + 1, end + 1), values[end] as number, size);
          const median =
            end < Math.max(first, size) ? Number.NaN : medianByHand(values.subarray(end - size, end));
          expect(ranks[end]).toBe(rank);
          expect(medians[end]).toSatisfy((found: number) => found === median || Object.is(found, median));
        }
      }),
    );
  });
});
