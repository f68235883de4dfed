import { describe, expect, it } from 'vitest';
import { gainImportance, predictBoosted } from '#core/analytics/models/boosted-trees.ts';
import { modelText, parseModel } from '#core/analytics/models/model-document.ts';
import { type BoostingSettings, trainBoosted } from '#core/analytics/models/train-boosted-trees.ts';
import { syntheticOutcomes } from '../../../../support/model-data.ts';

const training = syntheticOutcomes(11, 3000);
const later = syntheticOutcomes(12, 2000);
const settings = { trees: 60, seed: 1, learningRate: 0.1, leaves: 15, leafRows: 20, leafPenalty: 1 } as const;

const logLoss = (probabilities: Float64Array, labels: Float64Array) =>
  probabilities.reduce((sum, p, i) => sum - Math.log(labels[i] === 1 ? p : 1 - p), 0) / labels.length;
const squaredError = (predictions: Float64Array, values: Float64Array) =>
  predictions.reduce((sum, p, i) => sum + (p - values[i]!) ** 2, 0) / values.length;
const column = (...values: number[]) => Float64Array.from(values);
const range = (length: number, make: (at: number) => number) =>
  Float64Array.from({ length }, (_, at) => make(at));

/**
 * References: scikit-learn 1.9.1 HistGradientBoosting with the same rows (mulberry32 ported to Python), learning rate
 * 0.1, 60 iterations, 15 leaves, 20 rows a leaf, L2 of 1, 255 bins. It keeps gradients as 32-bit floats, which shows
 * from the ninth digit. LightGBM 4.7.0 with the same settings has 0.4364 and 0.5396, 0.1986 and 0.2620.
 */
describe('against scikit-learn', () => {
  it('predicts probabilities like HistGradientBoostingClassifier', () => {
    const { model } = trainBoosted(training.table, training.labels, { ...settings, loss: 'logistic' });

    const inside = predictBoosted(model, training.table);
    const outside = predictBoosted(model, later.table);

    expect(logLoss(inside, training.labels)).toBeCloseTo(0.4375028330674901, 8);
    expect(logLoss(outside, later.labels)).toBeCloseTo(0.5366531903291203, 4);
    const reference = [0.729833375558873, 0.45847492855340577, 0.2386389452770112, 0.3984343585644179];
    reference.forEach((value, row) => void expect(outside[row]).toBeCloseTo(value, 7));
  });

  it('predicts values like HistGradientBoostingRegressor', () => {
    const { model } = trainBoosted(training.table, training.values, { ...settings, loss: 'squared' });

    const outside = predictBoosted(model, later.table);

    expect(squaredError(predictBoosted(model, training.table), training.values)).toBeCloseTo(
      0.18423403877734898,
      8,
    );
    expect(squaredError(outside, later.values)).toBeCloseTo(0.2393736065805729, 6);
    const reference = [0.5096084354340793, 0.2050257352016001, -1.357107624612085, 0.07361740077393066];
    reference.forEach((value, row) => void expect(outside[row]).toBeCloseTo(value, 7));
  });
});

describe('trainBoosted', () => {
  it('finds the split and its gain worked out by hand', () => {
    const table = { names: ['x'], columns: [column(1, 2, 3, 10)] };
    const { model } = trainBoosted(table, column(0, 0, 0, 8), {
      loss: 'squared',
      trees: 1,
      seed: 0,
      learningRate: 0.5,
      leaves: 2,
      leafRows: 1,
      leafPenalty: 1,
    });

    // Mean 2; gradients 2, 2, 2, −6; leaves −6/4 and 6/2, halved by the learning rate; gain ½ (36/4 + 36/2 − 0).
    const tree = model.trees[0]!;
    expect(model.base).toBe(2);
    expect([...tree.threshold]).toEqual([6.5]);
    expect([...tree.value]).toEqual([-0.75, 1.5]);
    expect([...tree.gain]).toEqual([13.5]);
  });

  it('learns where missing values go, also where only they tell the classes apart', () => {
    const x = range(200, (i) => (i % 2 === 0 ? Number.NaN : i));
    const labels = range(200, (i) => (i % 2 === 0 ? 1 : 0));

    const { model } = trainBoosted({ names: ['x'], columns: [x] }, labels, {
      loss: 'logistic',
      trees: 20,
      seed: 0,
    });

    const [missing, known] = predictBoosted(model, { names: ['x'], columns: [column(Number.NaN, 1e300)] });
    expect(missing).toBeGreaterThan(0.8);
    expect(known).toBeLessThan(0.2);
  });

  it('gives the same bytes for the same seed, and other trees for another', () => {
    const sampled: BoostingSettings = {
      ...settings,
      loss: 'logistic',
      trees: 5,
      rowFraction: 0.6,
      columnFraction: 0.5,
    };
    const text = (seed: number) =>
      modelText(trainBoosted(training.table, training.labels, { ...sampled, seed }).model);

    expect(text(3)).toBe(text(3));
    expect(text(3)).not.toBe(text(4));
  });

  it('keeps the trees up to the lowest loss on later rows, and stops when patience is over', () => {
    const patience = 10;
    const result = trainBoosted(
      training.table,
      training.labels,
      { ...settings, loss: 'logistic', trees: 400, learningRate: 0.3 },
      { table: later.table, labels: later.labels, patience },
    );

    const lowest = result.validationLoss.indexOf(Math.min(...result.validationLoss));
    expect(result.model.trees).toHaveLength(lowest + 1);
    expect(result.validationLoss).toHaveLength(lowest + 1 + patience);
    expect(logLoss(predictBoosted(result.model, later.table), later.labels)).toBeCloseTo(
      result.validationLoss[lowest]!,
      12,
    );
  });

  it('predicts the base rate where no tree helps on later rows', () => {
    const noise = { names: ['x'], columns: [range(100, (i) => (i * 37) % 100)] };
    const labels = range(100, (i) => ((i * 37) % 100 < 50 ? 1 : 0));
    const turned = labels.map((label) => 1 - label);

    const { model } = trainBoosted(
      noise,
      labels,
      { loss: 'logistic', trees: 50, seed: 0 },
      { table: noise, labels: turned, patience: 3 },
    );

    expect(model.trees).toEqual([]);
    expect(predictBoosted(model, noise)[0]).toBe(0.5);
  });

  it.each([
    ['leaves', { leaves: 4, depth: 64 }],
    ['depth', { leaves: 1000, depth: 2 }],
  ])('keeps to its limit of %s', (_, limits) => {
    const { model } = trainBoosted(training.table, training.values, {
      loss: 'squared',
      trees: 3,
      seed: 0,
      ...limits,
    });
    expect(model.trees.map(({ value }) => value.length)).toEqual([4, 4, 4]);
  });

  it('makes no leaf smaller than asked', () => {
    const { model } = trainBoosted(training.table, training.values, {
      loss: 'squared',
      trees: 1,
      seed: 0,
      leaves: 1000,
      leafRows: 250,
      learningRate: 1,
    });
    const counts = new Map<number, number>();
    for (const prediction of predictBoosted(model, training.table))
      counts.set(prediction, (counts.get(prediction) ?? 0) + 1);
    expect(counts.size).toBeGreaterThan(4);
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(250);
  });

  it('stops by itself where no split gains anything', () => {
    const { model } = trainBoosted(
      { names: ['x'], columns: [new Float64Array(50)] },
      range(50, (i) => i),
      {
        loss: 'squared',
        trees: 10,
        seed: 0,
      },
    );
    expect(model.trees).toEqual([]);
    expect(model.base).toBe(24.5);
  });

  it('bounds the leaves on both sides of a monotone split by the middle between them', () => {
    // The mean rises with x from 5 to 11, but where y is 1 it falls from 10 to 2: both are held at (5 + 11) / 2.
    const x = range(40, (i) => i % 2);
    const y = range(40, (i) => (i >> 1) % 2);
    const value = (a: number, b: number) => (a === 0 ? [0, 10] : [20, 2])[b]!;

    const { model } = trainBoosted(
      { names: ['x', 'y'], columns: [x, y] },
      range(40, (i) => value(x[i]!, y[i]!)),
      {
        loss: 'squared',
        trees: 1,
        seed: 0,
        learningRate: 1,
        leaves: 4,
        leafRows: 1,
        leafPenalty: 0,
        monotone: { x: 1 },
      },
    );

    const predictions = predictBoosted(model, {
      names: ['x', 'y'],
      columns: [column(0, 1, 0, 1), column(0, 0, 1, 1)],
    });
    [0, 20, 8, 8].forEach((expected, row) => void expect(predictions[row]).toBeCloseTo(expected, 12));
  });

  it('measures importance by gain: the noise counts least', () => {
    const { model } = trainBoosted(training.table, training.values, { ...settings, loss: 'squared' });
    const gains = gainImportance(model);
    expect(gains.map(({ feature }) => feature)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    const informative = Math.min(...gains.slice(0, 4).map(({ gain }) => gain));
    for (const { gain } of gains.slice(4)) expect(gain).toBeLessThan(informative / 20);
  });

  it.each([
    ['one class', 'logistic', range(3000, () => 1), {}, /all 3000 labels are 1/],
    ['a constant', 'squared', range(3000, () => 0.1), {}, /all 3000 labels are 0.1; give labels that differ/],
    ['an unknown label', 'squared', range(3000, () => Number.NaN), {}, /label of row 0 is NaN/],
    ['no trees', 'squared', training.values, { trees: 0 }, /trees is 0; give a whole number from 1/],
    ['a share above one', 'squared', training.values, { rowFraction: 1.1 }, /rowFraction is 1.1/],
    ['a negative penalty', 'squared', training.values, { leafPenalty: -1 }, /leafPenalty is -1/],
    ['too many bins', 'squared', training.values, { bins: 256 }, /bins is 256; give .* to 255/],
    ['an unknown feature', 'squared', training.values, { monotone: { g: 1 } }, /monotone feature g is not/],
  ] as const)('refuses %s', (_, loss, labels, wrong: Partial<BoostingSettings>, message) => {
    const train = () => trainBoosted(training.table, labels, { ...settings, loss, ...wrong });
    expect(train).toThrow(message);
    expect(train).toThrow(expect.objectContaining({ code: 'InvalidModelInput' }));
  });
});

describe('parseModel', () => {
  const { model } = trainBoosted(training.table, training.labels, {
    ...settings,
    trees: 3,
    loss: 'logistic',
  });

  it('reads back what was written, to the last bit', () => {
    const read = parseModel(modelText(model));
    expect(read).toEqual(model);
    expect(modelText(read)).toBe(modelText(model));
  });

  it.each([
    ['text that is no JSON', '{', /its first character: expected JSON/],
    ['an unknown kind', '{"kind":"forest"}', /malformed at kind/],
    ['a tree that walks in a circle', circle(), /trees.0.left.1: expected a node after 1 .* not 0/],
    ['a feature that is not there', spoilt((tree) => (tree.feature[0] = 6)), /trees.0.feature.0: .*not 6/],
    ['a leaf too few', spoilt((tree) => tree.value.pop()), /trees.0.value: expected 15 numbers, not 14/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseModel(text)).toThrow(message);
    expect(() => parseModel(text)).toThrow(expect.objectContaining({ code: 'MalformedModel' }));
  });

  function spoilt(spoil: (tree: { feature: number[]; left: number[]; value: number[] }) => void): string {
    const json = JSON.parse(modelText(model));
    spoil(json.trees[0]);
    return JSON.stringify(json);
  }

  function circle(): string {
    return spoilt((tree) => (tree.left[1] = 0));
  }
});
