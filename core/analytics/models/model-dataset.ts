import type { BarSeries } from '#core/market/bars.ts';
import { type LabelIntervals, walkForwardSplits } from '../validation/splits.ts';
import type { BarFeatures } from './bar-features.ts';
import type { BarLabels } from './bar-labels.ts';
import { checkTable, type FeatureTable, InvalidModelInputError, rowsOf, valuesAt } from './feature-table.ts';

/** Rows to train and test on, oldest first: features, label, and when the label was being made. */
export interface ModelDataset {
  readonly table: FeatureTable;
  readonly labels: Float64Array;
  /** From the close of the bar a row is of to the close at which its label is known, epoch milliseconds. */
  readonly intervals: LabelIntervals;
}

/**
 * The bars after the warm-up whose label is known, as rows.
 * @throws InvalidModelInputError where features and labels are not of these bars, or no row is left
 */
export function modelDataset(
  bars: BarSeries,
  { table, warmUp }: BarFeatures,
  labels: BarLabels,
): ModelDataset {
  const count = checkTable(table);
  if (count !== bars.length || labels.value.length !== bars.length)
    throw new InvalidModelInputError(
      `there are ${count} rows of features and ${labels.value.length} labels for ${bars.length} bars; compute all on the same bars`,
    );
  const rows: number[] = [];
  for (let index = warmUp; index < bars.length; index++) if (labels.end[index]! >= 0) rows.push(index);
  if (rows.length === 0)
    throw new InvalidModelInputError(
      `of ${bars.length} bars none has all features (from bar ${warmUp} on) and a known label; give a longer history`,
    );
  return {
    table: rowsOf(table, rows),
    labels: valuesAt(labels.value, rows),
    intervals: {
      start: valuesAt(bars.closeTime, rows),
      end: Float64Array.from(rows, (row) => bars.closeTime[labels.end[row]!]!),
    },
  };
}

/** The given rows of a dataset, copied. @throws InvalidModelInputError for a row that is not there */
export function datasetRows(
  { table, labels, intervals }: ModelDataset,
  rows: ArrayLike<number>,
): ModelDataset {
  return {
    table: rowsOf(table, rows),
    labels: valuesAt(labels, rows),
    intervals: { start: valuesAt(intervals.start, rows), end: valuesAt(intervals.end, rows) },
  };
}

/**
 * Cuts off the last `share` of the rows, to stop training by or to calibrate on; rows before it whose labels were not
 * known when it begins are left out of both.
 * @throws InvalidModelInputError for a share not between 0 and 1, or where a side would have no rows
 */
export function purgedTail(
  dataset: ModelDataset,
  share: number,
): { readonly head: ModelDataset; readonly tail: ModelDataset } {
  const count = dataset.labels.length;
  const test = Math.round(share * count);
  if (!(share > 0 && share < 1) || test < 1 || test >= count)
    throw new InvalidModelInputError(
      `a share of ${share} of ${count} rows cuts nothing in two; give a share between 0 and 1 that leaves rows on both sides`,
    );
  const split = walkForwardSplits(dataset.intervals, { train: count - test, test })[0]!;
  if (split.train.length === 0)
    throw new InvalidModelInputError(
      `all ${count - test} rows before the last ${test} have labels that reach into them; give a longer history`,
    );
  return { head: datasetRows(dataset, split.train), tail: datasetRows(dataset, split.test) };
}
