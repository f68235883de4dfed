import { describe, expect, it } from 'vitest';
import { barFeatures, type FeatureDefinition } from '#core/analytics/models/bar-features.ts';
import { barLabels, type LabelDefinition } from '#core/analytics/models/bar-labels.ts';
import { predictBoosted } from '#core/analytics/models/boosted-trees.ts';
import { trainLogistic } from '#core/analytics/models/logistic-regression.ts';
import { datasetRows, modelDataset } from '#core/analytics/models/model-dataset.ts';
import { modelText } from '#core/analytics/models/model-document.ts';
import { dataHash, openRegistered, registryEntryText } from '#core/analytics/models/model-registry.ts';
import { trainBoosted } from '#core/analytics/models/train-boosted-trees.ts';
import { syntheticDaily } from '../../../../support/agent-context.ts';

const features: readonly FeatureDefinition[] = [
  { kind: 'rsi', period: 14 },
  { kind: 'volatility', estimator: 'parkinson', period: 10 },
];
const label: LabelDefinition = { kind: 'forward-direction', horizon: 5 };
const bars = syntheticDaily('AAPL', { sessions: 300, before: '2018-01-22' });
const training = modelDataset(bars, barFeatures(bars, features), barLabels(bars, label));
const settings = { loss: 'logistic', trees: 5, seed: 1 } as const;
const { model } = trainBoosted(training.table, training.labels, settings);
const text = modelText(model);
const registration = {
  name: 'weekly-direction',
  parameters: settings,
  features,
  label,
  training,
  inSample: { brier: 0.2 },
  outOfSample: { brier: 0.25, logLoss: null },
  calibration: { kind: 'platt', slope: 0.5, intercept: 0 },
  codeVersion: '0123abc',
} as const;
const entryText = registryEntryText(text, registration);
const altered = (change: Record<string, unknown>) => JSON.stringify({ ...JSON.parse(entryText), ...change });

describe('openRegistered', () => {
  it('gives back the entry and a model that predicts the same', () => {
    const { entry, model: opened } = openRegistered(entryText, text, training);

    expect(entry).toMatchObject({
      name: 'weekly-direction',
      kind: 'boosted-trees',
      features,
      label,
      rows: training.labels.length,
      trainedFrom: new Date(bars.closeTime[14]!).toISOString(),
      trainedTo: new Date(bars.closeTime[299]!).toISOString(),
      outOfSample: { brier: 0.25, logLoss: null },
      calibration: { kind: 'platt', slope: 0.5, intercept: 0 },
    });
    if (opened.kind !== 'boosted-trees') throw new Error(opened.kind);
    expect(predictBoosted(opened, training.table)).toEqual(predictBoosted(model, training.table));
  });

  it('refuses a model of which one digit was changed', () => {
    const digit = text.lastIndexOf('1');
    const changed = `${text.slice(0, digit)}2${text.slice(digit + 1)}`;
    expect(() => openRegistered(entryText, changed)).toThrow(
      /the model of weekly-direction has the SHA-256 [0-9a-f]{64}, registered is/,
    );
  });

  it('refuses data of which one value was changed or one row is missing', () => {
    const columns = training.table.columns.map((column) => column.slice());
    columns[1]![100] = columns[1]![100]! * (1 + Number.EPSILON);
    const changed = { ...training, table: { ...training.table, columns } };
    const shorter = datasetRows(
      training,
      Array.from({ length: training.labels.length - 1 }, (_, row) => row),
    );
    for (const data of [changed, shorter]) {
      expect(() => openRegistered(entryText, text, data)).toThrow(
        expect.objectContaining({
          code: 'ModelRegistry',
          message: expect.stringContaining('the training data of weekly-direction has the SHA-256'),
        }),
      );
    }
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['a field that is missing', altered({ dataHash: undefined }), /wrong at dataHash/],
    ['a hash that is none', altered({ modelHash: 'abc' }), /wrong at modelHash: expected a SHA-256/],
    ['an unknown field', altered({ profit: 1 }), /wrong at the root: .*profit/],
    ['an unknown feature', altered({ features: [{ kind: 'tomorrow', period: 1 }] }), /wrong at features\.0/],
    [
      'another kind',
      altered({ kind: 'logistic-regression' }),
      /registered as logistic-regression, its model is/,
    ],
    [
      'features in another order',
      altered({ features: [...features].reverse() }),
      /has the features rsi\(14\), volatility\(parkinson,10\), defined are volatility/,
    ],
  ])('refuses an entry with %s', (_, entry, message) => {
    expect(() => openRegistered(entry, text)).toThrow(message);
  });
});

describe('registryEntryText', () => {
  it('is canonical: the same whatever the order the settings were written in', () => {
    const { name, ...rest } = registration;
    expect(registryEntryText(text, { ...rest, name })).toBe(entryText);
  });

  it('registers a logistic regression and a LightGBM dump too', () => {
    const logistic = trainLogistic(training.table, training.labels, { penalty: 1 });
    const dump = JSON.stringify({
      num_class: 1,
      num_tree_per_iteration: 1,
      objective: 'binary sigmoid:1',
      feature_names: training.table.names,
      tree_info: [{ tree_structure: { leaf_value: 0.1 } }],
    });
    for (const [kind, own] of [
      ['logistic-regression', modelText(logistic)],
      ['lightgbm', dump],
    ] as const) {
      const { entry, model: opened } = openRegistered(registryEntryText(own, registration), own, training);
      expect([entry.kind, opened.kind]).toEqual([kind, kind]);
    }
  });

  it('refuses a figure that is not finite: undefined figures are null', () => {
    expect(() => registryEntryText(text, { ...registration, inSample: { brier: Number.NaN } })).toThrow(
      /wrong at inSample\.brier/,
    );
  });
});

describe('dataHash', () => {
  const of = (columns: Float64Array[], names = ['a', 'b']) =>
    dataHash({
      table: { names, columns },
      labels: Float64Array.of(0, 1),
      intervals: { start: Float64Array.of(1, 2), end: Float64Array.of(2, 3) },
    });
  const pair = [Float64Array.of(1, 2), Float64Array.of(3, Number.NaN)];

  it('is the same for the same values, and for every kind of NaN', () => {
    const other = Float64Array.of(3, 0);
    new DataView(other.buffer).setBigUint64(8, 0xfff8000000000001n, true);
    expect(of([pair[0]!, other])).toBe(of(pair));
  });

  it('tells columns, names and order apart', () => {
    const hashes = [of(pair), of([...pair].reverse()), of(pair, ['a', 'c']), of(pair, ['b', 'a'])];
    expect(new Set(hashes).size).toBe(4);
  });
});
