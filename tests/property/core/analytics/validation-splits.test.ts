import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combinatorialSplits } from '#core/analytics/validation/combinatorial-splits.ts';
import {
  type LabelIntervals,
  purgedFolds,
  type Split,
  walkForwardSplits,
} from '#core/analytics/validation/splits.ts';

/** Labels of any length, crowded and overlapping, several at one instant. */
const labels: fc.Arbitrary<LabelIntervals> = fc
  .array(fc.record({ gap: fc.integer({ min: 0, max: 3 }), length: fc.integer({ min: 0, max: 12 }) }), {
    minLength: 8,
    maxLength: 60,
  })
  .map((rows) => {
    let at = 0;
    const start = Float64Array.from(rows, ({ gap }) => (at += gap));
    return { start, end: start.map((from, i) => from + (rows[i]?.length ?? 0)) };
  });

/** True where a label learned from shares an instant with a tested label, or starts within the embargo after one. */
function leaks({ start, end }: LabelIntervals, { train, test: tested }: Split, embargo: number): boolean {
  const at = (column: Float64Array, i: number) => column[i] ?? Number.NaN;
  return train.some((t) =>
    tested.some((s) => at(start, t) <= at(end, s) + embargo && at(end, t) >= at(start, s)),
  );
}

describe('no label learned from overlaps a tested one or its embargo', () => {
  test('in purged folds', () => {
    fc.assert(
      fc.property(
        labels,
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 0, max: 9 }),
        (all, folds, embargo) => {
          const splits = purgedFolds(all, folds, embargo);
          for (const split of splits) expect(leaks(all, split, embargo)).toBe(false);
          expect(splits.flatMap((split) => [...split.test])).toEqual([...all.start.keys()]);
        },
      ),
    );
  });

  test('in combinatorial splits, whose paths use each test once', () => {
    fc.assert(
      fc.property(
        labels,
        fc.integer({ min: 2, max: 7 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 9 }),
        (all, groups, wanted, embargo) => {
          const tested = Math.min(wanted, groups - 1);
          const { splits, paths } = combinatorialSplits(all, groups, tested, embargo);
          for (const split of splits) expect(leaks(all, split, embargo)).toBe(false);
          const used = paths.flatMap((path) => path.map((split, group) => `${split}/${group}`));
          expect(new Set(used).size).toBe(splits.length * tested);
          for (const path of paths)
            path.forEach((split, group) => {
              expect(splits[split]?.groups).toContain(group);
            });
        },
      ),
    );
  });

  test('in a walk forward, which learns from what is known before the test begins', () => {
    fc.assert(
      fc.property(
        labels,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (all, train, tested, anchored) => {
          for (const split of walkForwardSplits(all, { train, test: tested, anchored })) {
            expect(leaks(all, split, 0)).toBe(false);
            const begins = all.start[split.test[0] ?? 0] ?? Number.NaN;
            expect(split.train.every((i) => (all.end[i] ?? Number.NaN) < begins)).toBe(true);
          }
        },
      ),
    );
  });
});
