import { describe, expect, test } from 'vitest';
import { assemblePaths, combinatorialSplits } from '#core/analytics/validation/combinatorial-splits.ts';
import { type LabelIntervals, purgedFolds, walkForwardSplits } from '#core/analytics/validation/splits.ts';

/** Labels that begin every unit of time and are known `horizon` later. */
const labels = (count: number, horizon: number): LabelIntervals => ({
  start: Float64Array.from({ length: count }, (_, i) => i),
  end: Float64Array.from({ length: count }, (_, i) => i + horizon),
});
const rows = ({ train, test: tested }: { train: Int32Array; test: Int32Array }) => [[...train], [...tested]];

describe('walk-forward', () => {
  test('rolls over the last observations, purged of labels not yet known', () => {
    expect(walkForwardSplits(labels(9, 1), { train: 4, test: 2 }).map(rows)).toEqual([
      [
        [0, 1, 2],
        [4, 5],
      ],
      [
        [2, 3, 4],
        [6, 7],
      ],
      [[4, 5, 6], [8]],
    ]);
  });

  test('anchored, it learns from the beginning', () => {
    const splits = walkForwardSplits(labels(8, 0), { train: 2, test: 2, step: 3, anchored: true });
    expect(splits.map(rows)).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [0, 1, 2, 3, 4],
        [5, 6],
      ],
    ]);
  });
});

describe('purged folds', () => {
  test('leave out what overlaps the test and what follows it within the embargo', () => {
    expect(purgedFolds(labels(10, 1), 2, 0).map(rows)).toEqual([
      [
        [6, 7, 8, 9],
        [0, 1, 2, 3, 4],
      ],
      [
        [0, 1, 2, 3],
        [5, 6, 7, 8, 9],
      ],
    ]);
    const [first] = purgedFolds(labels(10, 1), 2, 2);
    expect([...(first?.train ?? [])]).toEqual([8, 9]);
  });

  test('a long label inside the tested fold bars all that it reaches', () => {
    const long = labels(10, 0);
    long.end[1] = 7;
    expect([...(purgedFolds(long, 2)[0]?.train ?? [])]).toEqual([8, 9]);
  });
});

describe('combinatorial splits', () => {
  test('six groups of which two are tested: 15 splits and 5 paths, as in López de Prado 2018, figure 12.1', () => {
    const { splits, paths } = combinatorialSplits(labels(12, 0), 6, 2);
    expect(splits.length).toBe(15);
    expect(paths.length).toBe(5);
    expect(splits[0]?.groups).toEqual([0, 1]);
    // Path 1 of the figure takes group 1 from split 1, groups 2 … 6 from the splits that test them first.
    expect(paths[0]).toEqual([0, 0, 1, 2, 3, 4]);
  });

  test('paths are whole: each observation once, with what a split said of it', () => {
    const cut = combinatorialSplits(labels(11, 0), 5, 3);
    const tested = cut.splits.map(({ test: observations }, split) =>
      Float64Array.from(observations, (observation) => split * 100 + observation),
    );
    const paths = assemblePaths(cut, tested);
    expect(paths.length).toBe(6);
    for (const path of paths)
      path.forEach((cell, observation) => {
        expect(cell % 100).toBe(observation);
        expect([...(cut.splits[Math.floor(cell / 100)]?.test ?? [])]).toContain(observation);
      });
    expect(new Set(paths.flatMap((path) => [...path])).size).toBe(6 * 11);
    expect(() => assemblePaths(cut, tested.slice(0, 1))).toThrow('split 1 has no values');
  });
});

test('what cannot be split is a fault that says why', () => {
  const bad = (start: number[], end: number[]): LabelIntervals => ({
    start: Float64Array.from(start),
    end: Float64Array.from(end),
  });
  expect(() => purgedFolds(bad([0, 1], [0]), 2)).toThrow('2 starts for 1 ends');
  expect(() => purgedFolds(bad([0, Number.NaN], [0, 1]), 2)).toThrow('label 1 runs from NaN');
  expect(() => purgedFolds(bad([0, 2], [0, 1]), 2)).toThrow('label 1 runs from 2 to 1');
  expect(() => purgedFolds(bad([1, 0], [1, 1]), 2)).toThrow('sort labels');
  expect(() => purgedFolds(labels(3, 0), 4)).toThrow("3 observations don't make 4 folds");
  expect(() => purgedFolds(labels(3, 0), 1)).toThrow('folds 1');
  expect(() => purgedFolds(labels(3, 0), 2, -1)).toThrow('embargo -1');
  expect(() => walkForwardSplits(labels(3, 0), { train: 3, test: 1 })).toThrow('nothing to test');
  expect(() => walkForwardSplits(labels(0, 0), { train: 1, test: 1 })).toThrow('nothing to test');
  expect(() => walkForwardSplits(labels(3, 0), { train: 1, test: 0 })).toThrow('test 0');
  expect(() => walkForwardSplits(labels(3, 0), { train: 1, test: 1, step: 0.5 })).toThrow('step 0.5');
  expect(() => combinatorialSplits(labels(30, 0), 6, 6)).toThrow(
    'tested groups 6 is not a whole number of 1 to 5',
  );
  expect(() => combinatorialSplits(labels(30, 0), 30, 15)).toThrow('155117520 splits');
});
