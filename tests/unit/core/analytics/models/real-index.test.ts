import { describe, expect, it } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { barFeatures, type FeatureDefinition } from '#core/analytics/models/bar-features.ts';
import { barLabels } from '#core/analytics/models/bar-labels.ts';
import { boostedLearner, logisticLearner } from '#core/analytics/models/learners.ts';
import { modelDataset } from '#core/analytics/models/model-dataset.ts';
import { validateOutOfSample } from '#core/analytics/models/model-validation.ts';
import { purgedFolds } from '#core/analytics/validation/splits.ts';
import { DAY_MILLIS } from '#core/market/civil-date.ts';

const DEFINITIONS: readonly FeatureDefinition[] = [
  { kind: 'log-return', period: 1 },
  { kind: 'log-return', period: 5 },
  { kind: 'log-return', period: 20 },
  { kind: 'volatility', estimator: 'yang-zhang', period: 20 },
  { kind: 'mean-distance', period: 50 },
  { kind: 'rsi', period: 14 },
  { kind: 'macd', fast: 12, slow: 26, signal: 9 },
  { kind: 'volume', period: 20 },
];
const HORIZON = 5;
const { series: bars } = packagedBars('SPX');
const labels = barLabels(bars, { kind: 'forward-direction', horizon: HORIZON });
const features = barFeatures(bars, DEFINITIONS);
const boosted = boostedLearner(
  { loss: 'logistic', trees: 100, seed: 1, leaves: 8, learningRate: 0.05 },
  { share: 0.2, patience: 10 },
);
const skillOf = (dataset: ReturnType<typeof modelDataset>, learn: typeof boosted) =>
  validateOutOfSample(dataset, purgedFolds(dataset.intervals, 5, 10 * DAY_MILLIS), learn, HORIZON).skill;

describe('the S&P 500 from 2000 to 2020', () => {
  it.each([
    ['logistic regression', logisticLearner({ penalty: 10 })],
    ['boosted trees', boosted],
  ])('does not give its next week away to %s: more skill than this would be a leak', (_, learn) => {
    const { skill, observations } = skillOf(modelDataset(bars, features, labels), learn);
    expect(observations).toBeGreaterThan(5000);
    expect(Math.abs(skill)).toBeLessThan(0.02);
  });

  it('does so at once where a feature is taken from the future', () => {
    const { value } = barLabels(bars, { kind: 'forward-return', horizon: HORIZON });
    const table = {
      names: [...features.table.names, 'peek'],
      columns: [...features.table.columns, value],
    };
    const { skill, passed } = skillOf(modelDataset(bars, { ...features, table }, labels), boosted);
    expect(passed).toBe(true);
    expect(skill).toBeGreaterThan(0.9);
  });
});
