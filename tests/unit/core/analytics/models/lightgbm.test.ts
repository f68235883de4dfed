import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseLightGbmDump } from '#core/analytics/models/lightgbm-dump.ts';
import { lightGbmScores, predictLightGbm } from '#core/analytics/models/lightgbm-model.ts';

/** Trained, dumped and predicted by LightGBM itself; the file states which version. */
const golden = z
  .object({
    origin: z.string(),
    probe: z.array(z.array(z.number().nullable())),
    cases: z.array(
      z.object({
        name: z.string(),
        raw: z.union([z.array(z.number()), z.array(z.array(z.number()))]),
        predictions: z.union([z.array(z.number()), z.array(z.array(z.number()))]),
        dump: z.unknown(),
      }),
    ),
    linear: z.unknown(),
  })
  .parse(JSON.parse(readFileSync(new URL('./lightgbm.golden.json', import.meta.url), 'utf8')));

const probe = {
  names: ['Column_0', 'Column_1', 'Column_2', 'Column_3'],
  columns: [0, 1, 2, 3].map((at) => Float64Array.from(golden.probe, (row) => row[at] ?? Number.NaN)),
};

function expectRows(columns: readonly Float64Array[], expected: number[] | number[][]): void {
  expected.forEach((row, at) => {
    [row].flat().forEach((value, output) => {
      const actual = columns[output]![at]!;
      expect(Math.abs(actual - value), `row ${at}, output ${output}: ${actual} for ${value}`).toBeLessThan(
        1e-14 * (1 + Math.abs(value)),
      );
    });
  });
}

describe('predictLightGbm', () => {
  it.each(golden.cases)('agrees with LightGBM: $name', ({ dump, raw, predictions }) => {
    const model = parseLightGbmDump(dump);
    expectRows(lightGbmScores(model, probe), raw);
    expectRows(predictLightGbm(model, probe), predictions);
  });

  it('covers every kind of split and missing value', () => {
    const text = JSON.stringify(golden.cases);
    for (const part of [
      '"=="',
      '"<="',
      '||',
      '"None"',
      '"Zero"',
      '"NaN"',
      '"default_left":true',
      '"default_left":false',
    ])
      expect(text).toContain(part);
  });

  it('refuses columns of another name', () => {
    const model = parseLightGbmDump(golden.cases[0]!.dump);
    expect(() => predictLightGbm(model, { ...probe, names: ['a', 'b', 'c', 'd'] })).toThrow(
      /feature 0 is a where the model has Column_0/,
    );
  });
});

describe('parseLightGbmDump', () => {
  const leaf = { leaf_index: 0, leaf_value: 1 };
  const split = {
    split_feature: 0,
    threshold: 0.5,
    decision_type: '<=',
    default_left: true,
    missing_type: 'NaN',
    left_child: leaf,
    right_child: { ...leaf, leaf_value: 2 },
  };
  const dumpOf = (tree: unknown, rest = {}) => ({
    num_class: 1,
    num_tree_per_iteration: 1,
    objective: 'regression',
    feature_names: ['x', 'y'],
    tree_info: [{ tree_structure: tree }],
    ...rest,
  });

  it('takes an objective of one’s own as raw', () => {
    const { objective: _, ...dump } = dumpOf(split);
    const columns = [Float64Array.of(0, 1), Float64Array.of(0, 0)];
    expect(predictLightGbm(parseLightGbmDump(dump), { names: ['x', 'y'], columns })).toEqual([
      Float64Array.of(1, 2),
    ]);
  });

  it('reads a chain deeper than calls can nest', () => {
    let tree: object = leaf;
    for (let depth = 0; depth < 10_000; depth++) tree = { ...split, left_child: tree };
    expect(parseLightGbmDump(dumpOf(tree)).trees[0]!.value).toHaveLength(10_001);
  });

  it.each([
    ['linear trees', golden.linear, /leaf_const: linear trees \(linear_tree\) are not supported/],
    ['no object', [], /wrong at the root: .*expected object/],
    ['no trees', { ...dumpOf(leaf), tree_info: 'none' }, /wrong at tree_info: .*expected array/],
    [
      'an unknown objective',
      dumpOf(leaf, { objective: 'lambdarank' }),
      /wrong at objective: "lambdarank" is not known; expected binary/,
    ],
    ['a bad slope', dumpOf(leaf, { objective: 'binary sigmoid:0' }), /expected sigmoid: above 0/],
    [
      'an odd number of trees',
      dumpOf(leaf, { num_class: 2, num_tree_per_iteration: 2, objective: 'multiclass num_class:2' }),
      /wrong at tree_info: expected a multiple of num_tree_per_iteration \(2\), not 1/,
    ],
    [
      'classes without trees',
      dumpOf(leaf, { num_class: 3, objective: 'multiclass num_class:3' }),
      /wrong at num_tree_per_iteration: expected one tree for each of 3/,
    ],
    [
      'a leaf without value',
      dumpOf({ ...split, left_child: { leaf_index: 0 } }),
      /tree_info\.0\.tree_structure\.left_child\.leaf_value: .*expected number/,
    ],
    [
      'a feature that is not there',
      dumpOf({ ...split, right_child: { ...split, split_feature: 2 } }),
      /tree_structure\.right_child\.split_feature: expected 0 to 1, not 2/,
    ],
    ['an unknown decision', dumpOf({ ...split, decision_type: '>' }), /decision_type/],
    [
      'categories in a numerical split',
      dumpOf({ ...split, threshold: '1||2' }),
      /threshold: expected a number/,
    ],
    [
      'a fraction as category',
      dumpOf({ ...split, decision_type: '==', threshold: '1||2.5' }),
      /threshold: expected categories such as "0\|\|3", not "1\|\|2.5"/,
    ],
  ])('refuses %s', (_, dump, message) => {
    expect(() => parseLightGbmDump(dump)).toThrow(message);
    expect(() => parseLightGbmDump(dump)).toThrow(expect.objectContaining({ code: 'InvalidLightGbmDump' }));
  });
});
