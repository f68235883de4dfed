import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boostedScores } from '#core/analytics/models/boosted-trees.ts';
import { binFeatures } from '#core/analytics/models/feature-bins.ts';
import { modelText, parseModel } from '#core/analytics/models/model-document.ts';
import { trainBoosted } from '#core/analytics/models/train-boosted-trees.ts';

const feature = fc.oneof(
  { weight: 6, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const label = fc.integer({ min: -800, max: 800 }).map((eighths) => eighths / 8);
const rows = fc
  .array(fc.tuple(feature, feature, label), { minLength: 2, maxLength: 80 })
  .filter((all) => all.some(([, , item]) => item !== all[0]![2]));
const tableOf = (all: readonly (readonly number[])[]) => ({
  names: ['x', 'y'],
  columns: [0, 1].map((at) => Float64Array.from(all, (row) => row[at]!)),
});
const settings = { loss: 'squared', trees: 8, seed: 5, leafRows: 1, leaves: 6, rowFraction: 0.8 } as const;

describe('boosted trees', () => {
  it('are finite on any rows, and the same after writing and reading', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const table = tableOf(all);
        const { model } = trainBoosted(
          table,
          Float64Array.from(all, ([, , item]) => item),
          settings,
        );
        const scores = boostedScores(model, table);
        expect(scores.every(Number.isFinite)).toBe(true);
        expect(boostedScores(reread(model), table)).toEqual(scores);
      }),
    );
  });

  it('never raise the training error when grown on all rows', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const { trainingLoss } = trainBoosted(
          tableOf(all),
          Float64Array.from(all, ([, , item]) => item),
          {
            ...settings,
            rowFraction: 1,
          },
        );
        for (let at = 1; at < trainingLoss.length; at++) {
          expect(trainingLoss[at]).toBeLessThanOrEqual(trainingLoss[at - 1]! + 1e-12);
        }
      }),
    );
  });

  it('keep to a monotone direction for known values, whatever the other feature is', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(1 as const, -1 as const), feature, (all, direction, other) => {
        const { model } = trainBoosted(
          tableOf(all),
          Float64Array.from(all, ([, , item]) => item),
          {
            ...settings,
            monotone: { x: direction },
          },
        );
        const known = all
          .map(([x]) => x)
          .filter((x) => !Number.isNaN(x))
          .sort((left, right) => left - right);
        const scores = boostedScores(model, tableOf(known.map((x) => [x, other])));
        for (let at = 1; at < scores.length; at++) {
          expect(direction * (scores[at]! - scores[at - 1]!)).toBeGreaterThanOrEqual(-1e-12);
        }
      }),
    );
  });

  it('depend on the order of values only: a rising transform of a feature changes no prediction', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const labels = Float64Array.from(all, ([, , item]) => item);
        const table = tableOf(all.map(([x, y]) => [Number.isNaN(x) ? x : Math.sign(x), y]));
        const moved = { ...table, columns: [table.columns[0]!.map((x) => x * 8 + 1), table.columns[1]!] };
        expect(boostedScores(trainBoosted(moved, labels, settings).model, moved)).toEqual(
          boostedScores(trainBoosted(table, labels, settings).model, table),
        );
      }),
    );
  });
});

describe('binFeatures', () => {
  it('puts values in bins in their order, and keeps apart what it can', () => {
    fc.assert(
      fc.property(fc.array(feature, { maxLength: 60 }), fc.integer({ min: 2, max: 12 }), (values, most) => {
        const { bounds, bins } = binFeatures([Float64Array.from(values)], most);
        expect(bounds[0]!.length).toBeLessThan(most);
        const distinct = new Set(values.filter((value) => !Number.isNaN(value)).map((value) => value + 0));
        const used = new Set([...bins[0]!].filter((_, at) => !Number.isNaN(values[at]!)));
        if (distinct.size <= most) expect(used.size).toBe(distinct.size);
        values.forEach((left, i) => {
          values.forEach((right, j) => {
            if (left < right) expect(bins[0]![i]!).toBeLessThanOrEqual(bins[0]![j]!);
          });
        });
      }),
    );
  });
});

const reread = (model: Parameters<typeof modelText>[0]) => {
  const read = parseModel(modelText(model));
  if (read.kind !== 'boosted-trees') throw new Error(`read back as ${read.kind}`);
  return read;
};
