import { describe, expect, it } from 'vitest';
import { barFeatures, type FeatureDefinition } from '#core/analytics/models/bar-features.ts';
import { barLabels } from '#core/analytics/models/bar-labels.ts';
import { fitPlatt } from '#core/analytics/models/calibration.ts';
import { forecastQuality } from '#core/analytics/models/forecast-quality.ts';
import { boostedLearner, calibratedLearner, logisticLearner } from '#core/analytics/models/learners.ts';
import { modelDataset, purgedTail } from '#core/analytics/models/model-dataset.ts';
import { type Learner, validateOutOfSample } from '#core/analytics/models/model-validation.ts';
import { purgedFolds, walkForwardSplits } from '#core/analytics/validation/splits.ts';
import { DAY_MILLIS } from '#core/market/civil-date.ts';
import { syntheticDaily } from '../../../../support/agent-context.ts';

const DEFINITIONS: readonly FeatureDefinition[] = [
  { kind: 'log-return', period: 1 },
  { kind: 'log-return', period: 5 },
  { kind: 'rsi', period: 14 },
];
const HORIZON = 5;

function datasetOf(seed: string, reverting: boolean) {
  const bars = syntheticDaily('AAPL', {
    sessions: 1500,
    before: '2018-01-22',
    seed,
    drift: 0,
    ...(reverting && {
      step: (past, noise) => -0.35 * past.slice(-5).reduce((sum, value) => sum + value, 0) + 0.01 * noise,
    }),
  });
  const labels = barLabels(bars, { kind: 'forward-direction', horizon: HORIZON });
  return { bars, dataset: modelDataset(bars, barFeatures(bars, DEFINITIONS), labels) };
}
const planted = datasetOf('a', true);
const noise = datasetOf('a', false);
const learners: readonly (readonly [string, Learner])[] = [
  ['logistic regression', logisticLearner({ penalty: 10 })],
  [
    'boosted trees, stopped early',
    boostedLearner(
      { loss: 'logistic', trees: 200, seed: 1, leaves: 4, learningRate: 0.05 },
      { share: 0.2, patience: 10 },
    ),
  ],
  [
    'a calibrated logistic regression',
    calibratedLearner(logisticLearner({ penalty: 10 }, 'scores'), fitPlatt, 0.3),
  ],
];

describe('modelDataset', () => {
  it('has the rows after the warm-up whose label is known, with the time the label takes', () => {
    const { bars, dataset } = planted;
    expect(dataset.labels).toHaveLength(1500 - 14 - HORIZON);
    expect(dataset.intervals.start[0]).toBe(bars.closeTime[14]);
    expect(dataset.intervals.end[0]).toBe(bars.closeTime[14 + HORIZON]);
    expect(dataset.table.columns.every((column) => column.every(Number.isFinite))).toBe(true);
  });

  it('refuses features of other bars, and bars too few', () => {
    const { bars } = planted;
    const labels = barLabels(bars, { kind: 'forward-direction', horizon: HORIZON });
    const short = syntheticDaily('AAPL', { sessions: 15, before: '2018-01-22' });
    expect(() => modelDataset(bars, barFeatures(short, DEFINITIONS), labels)).toThrow(
      /15 rows of features and 1500 labels for 1500 bars/,
    );
    const shortLabels = barLabels(short, { kind: 'forward-direction', horizon: HORIZON });
    expect(() => modelDataset(short, barFeatures(short, DEFINITIONS), shortLabels)).toThrow(
      /of 15 bars none has all features \(from bar 14 on\)/,
    );
  });
});

describe('purgedTail', () => {
  it('leaves out the rows whose label reaches into the tail', () => {
    const { head, tail } = purgedTail(planted.dataset, 0.2);
    const count = planted.dataset.labels.length;
    expect(tail.labels).toHaveLength(Math.round(0.2 * count));
    // The label that ends with the bar the tail begins with overlaps it too.
    expect(head.labels).toHaveLength(count - tail.labels.length - HORIZON);
    expect(head.intervals.end.at(-1)).toBeLessThan(tail.intervals.start[0]!);
  });

  it.each([0, 1, Number.NaN, 1e-9])('refuses a share of %s', (share) => {
    expect(() => purgedTail(planted.dataset, share)).toThrow(/give a share between 0 and 1/);
  });
});

describe('validateOutOfSample', () => {
  it.each(learners)('finds a planted pattern and nothing in noise: %s', (_, learn) => {
    const found = ({ dataset }: typeof planted) =>
      validateOutOfSample(dataset, purgedFolds(dataset.intervals, 5, 5 * DAY_MILLIS), learn, HORIZON);

    expect(found(planted).skill).toMatchObject({ passed: true, observations: planted.dataset.labels.length });
    expect(found(noise).skill.passed).toBe(false);
  });

  it('predicts walked-forward rows once, by models of the past only', () => {
    const { dataset } = planted;
    const splits = walkForwardSplits(dataset.intervals, { train: 500, test: 250, anchored: true });
    const trainedTo: number[] = [];
    const testedFrom: number[] = [];

    const result = validateOutOfSample(
      dataset,
      splits,
      (training) => {
        trainedTo.push(training.intervals.end.at(-1)!);
        const predict = logisticLearner({ penalty: 10 })(training);
        return predict;
      },
      HORIZON,
    );

    splits.forEach(({ test }) => void testedFrom.push(dataset.intervals.start[test[0]!]!));
    trainedTo.forEach((instant, at) => void expect(instant).toBeLessThan(testedFrom[at]!));
    expect([...result.rows]).toEqual(Array.from({ length: dataset.labels.length - 500 }, (_, i) => 500 + i));
    expect(result.bases[0]).toBeCloseTo(
      dataset.labels.slice(0, splits[0]!.train.length).reduce((sum, label) => sum + label, 0) /
        splits[0]!.train.length,
      12,
    );
    expect(forecastQuality(result.predictions, result.labels).brier).toBeCloseTo(result.skill.brier, 12);
  });

  const { dataset } = noise;
  const rows = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
  const constant: Learner = () => (table) => new Float64Array(table.columns[0]!.length).fill(0.5);
  it.each([
    [
      'labels that overlap',
      [{ train: rows(0, 100), test: rows(103, 110) }],
      constant,
      /labels of training row 99 and test row 103 of split 0 overlap; purge/,
    ],
    [
      'labels that overlap from behind',
      [{ train: rows(112, 300), test: rows(100, 110) }],
      constant,
      /labels of training row 112 and test row 107 of split 0 overlap/,
    ],
    [
      'a row tested twice',
      [
        { train: rows(0, 100), test: rows(105, 110) },
        { train: rows(0, 100), test: rows(109, 111) },
      ],
      constant,
      /row 109 is tested again by split 1/,
    ],
    [
      'nothing to train on',
      [{ train: rows(0, 0), test: rows(1, 2) }],
      constant,
      /split 0 has no rows to train/,
    ],
    ['no splits', [], constant, /no row is tested/],
    [
      'a model that gives no number',
      [{ train: rows(0, 100), test: rows(105, 106) }],
      () => () => Float64Array.of(Number.NaN),
      /model of split 0 predicts NaN for row 105/,
    ],
    [
      'a prediction too few',
      [{ train: rows(0, 100), test: rows(105, 107) }],
      () => () => Float64Array.of(0.5),
      /gave 1 predictions for 2 rows/,
    ],
  ] as const)('refuses %s', (_, splits, learn: Learner, message) => {
    expect(() => validateOutOfSample(dataset, splits, learn, HORIZON)).toThrow(message);
  });
});
