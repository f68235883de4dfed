import type { Split } from '../validation/splits.ts';
import { type FeatureTable, InvalidModelInputError, rowsOf } from './feature-table.ts';
import { datasetRows, type ModelDataset } from './model-dataset.ts';
import { type SkillTest, skillTest } from './skill-test.ts';

/** Trains on rows and gives what predicts others: probabilities, or values. */
export type Learner = (training: ModelDataset) => (table: FeatureTable) => Float64Array;

export interface OutOfSample {
  /** Tested rows, rising. */
  readonly rows: Int32Array;
  /** What a model that was not trained on the row predicted for it, in the order of `rows`. */
  readonly predictions: Float64Array;
  /** The mean label of the rows that model was trained on: what it has to beat. */
  readonly bases: Float64Array;
  readonly labels: Float64Array;
  /** Squared error against that of the bases, with the probability that chance explains the difference. */
  readonly skill: SkillTest;
}

/**
 * Validates a way of training out of sample: for each split a model is trained on its training rows and asked for its
 * test rows. Splits are made from the dataset's label intervals by `purgedFolds`, `walkForwardSplits` or the like; a
 * split whose training rows have a label that overlaps one of its test rows is refused.
 * @param overlap rows whose labels overlap that of a row, as many as the label's horizon: lags of the skill's variance
 * @throws InvalidModelInputError where a row is tested twice, a split is not purged, or a training refuses its rows
 */
export function validateOutOfSample(
  dataset: ModelDataset,
  splits: readonly Split[],
  learn: Learner,
  overlap: number,
): OutOfSample {
  const count = dataset.labels.length;
  const predicted = new Float64Array(count);
  const base = new Float64Array(count);
  const tested = new Uint8Array(count);
  splits.forEach((split, at) => {
    checkPurged(dataset, split, at);
    const training = datasetRows(dataset, split.train);
    const predictions = learn(training)(rowsOf(dataset.table, split.test));
    if (predictions.length !== split.test.length)
      throw new InvalidModelInputError(
        `the model of split ${at} gave ${predictions.length} predictions for ${split.test.length} rows; give one for each`,
      );
    const mean = training.labels.reduce((sum, label) => sum + label, 0) / training.labels.length;
    split.test.forEach((row, index) => {
      if (tested[row] === 1)
        throw new InvalidModelInputError(
          `row ${row} is tested again by split ${at}; give splits that test each row once`,
        );
      if (!Number.isFinite(predictions[index]))
        throw new InvalidModelInputError(
          `the model of split ${at} predicts ${predictions[index]} for row ${row}; give a finite number`,
        );
      tested[row] = 1;
      predicted[row] = predictions[index]!;
      base[row] = mean;
    });
  });
  const rows = Int32Array.from(Array.from(tested.keys()).filter((row) => tested[row] === 1));
  if (rows.length === 0) throw new InvalidModelInputError('no row is tested; give at least one split');
  const at = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]!);
  return {
    rows,
    predictions: at(predicted),
    bases: at(base),
    labels: at(dataset.labels),
    skill: skillTest(
      Array.from(rows, (row) => ({
        probability: predicted[row]!,
        base: base[row]!,
        label: dataset.labels[row]!,
      })),
      overlap,
    ),
  };
}

/** No training label may share an instant with a test label, else the model has seen what it is asked. */
function checkPurged({ intervals: { start, end } }: ModelDataset, { train, test }: Split, at: number): void {
  if (train.length === 0)
    throw new InvalidModelInputError(
      `split ${at} has no rows to train on; give a longer history or fewer splits`,
    );
  const order = Array.from(train).sort((left, right) => start[left]! - start[right]! || left - right);
  // The row whose label ends last, of those that start first: one comparison a test row instead of all.
  const latest: number[] = [];
  for (const row of order) {
    const before = latest.at(-1);
    latest.push(before === undefined || end[row]! > end[before]! ? row : before);
  }
  for (const row of test) {
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (start[order[middle]!]! <= end[row]!) low = middle + 1;
      else high = middle;
    }
    const seen = latest[low - 1];
    if (seen !== undefined && end[seen]! >= start[row]!)
      throw new InvalidModelInputError(
        `the labels of training row ${seen} and test row ${row} of split ${at} overlap; purge the training rows`,
      );
  }
}
