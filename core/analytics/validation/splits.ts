import { InvalidValidationError, requireWhole } from './errors.ts';

/**
 * When each label was being made: from the instant its observation was seen to the instant its outcome was known, both
 * ends included. Sorted by start; any one unit of time, such as epoch milliseconds or the number of the bar.
 */
export interface LabelIntervals {
  readonly start: Float64Array;
  readonly end: Float64Array;
}

/** Observations to learn from and to test on, as ascending indexes. No label of one overlaps a label of the other. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** How a walk through time is cut. */
export interface WalkForward {
  /** Observations to learn from; with `anchored` the least of them. */
  readonly train: number;
  readonly test: number;
  /** From one split to the next; `test` without it, so that every later observation is tested once. */
  readonly step?: number;
  /** Learns from the first observation on instead of from the last `train`. */
  readonly anchored?: boolean;
}

/** @throws InvalidValidationError naming the first label that is not finite, ends before it starts or is out of order */
export function checkLabels({ start, end }: LabelIntervals): void {
  if (start.length !== end.length)
    throw new InvalidValidationError(
      `${start.length} starts for ${end.length} ends; give one of each a label`,
    );
  for (let i = 0; i < start.length; i++) {
    const [from, to] = [start[i]!, end[i]!];
    if (!(Number.isFinite(from) && Number.isFinite(to) && from <= to))
      throw new InvalidValidationError(
        `label ${i} runs from ${from} to ${to}; give finite instants, the end not before the start`,
      );
    if (i > 0 && from < start[i - 1]!)
      throw new InvalidValidationError(
        `label ${i} starts at ${from}, before the one ahead of it at ${start[i - 1]}; sort labels by their start`,
      );
  }
}

/** From the first start to the last end of the observations `from` (inclusive) to `to` (exclusive). */
function hull({ start, end }: LabelIntervals, from: number, to: number) {
  let last = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) last = Math.max(last, end[i]!);
  return { first: start[from]!, last };
}

/**
 * Splits that learn from the past only: `train` observations, then `test` later ones, then on by `step`. Labels that are
 * not known yet when the first test label starts are purged from the training (López de Prado 2018, section 7.4.1); as
 * nothing after the test is learned from, no embargo is needed. What is left at the end makes a shorter last test.
 * @throws InvalidValidationError for labels or sizes that can't be used, or where nothing is left to test
 */
export function walkForwardSplits(labels: LabelIntervals, walk: WalkForward): Split[] {
  checkLabels(labels);
  requireWhole('train', walk.train, 1);
  requireWhole('test', walk.test, 1);
  const step = walk.step ?? walk.test;
  requireWhole('step', step, 1);
  const count = labels.start.length;
  if (count <= walk.train)
    throw new InvalidValidationError(
      `${count} observations leave nothing to test after ${walk.train} to train on; give more or train on fewer`,
    );
  const splits: Split[] = [];
  for (let from = walk.train; from < count; from += step) {
    const { first } = hull(labels, from, Math.min(count, from + walk.test));
    const train: number[] = [];
    for (let i = walk.anchored === true ? 0 : from - walk.train; i < from; i++)
      if (labels.end[i]! < first) train.push(i);
    const length = Math.min(count, from + walk.test) - from;
    splits.push({ train: Int32Array.from(train), test: Int32Array.from({ length }, (_, i) => from + i) });
  }
  return splits;
}

/** Boundaries of `groups` runs of nearly equal length: group g is from [g] (inclusive) to [g + 1] (exclusive). */
export function groupBoundaries(count: number, groups: number): number[] {
  return Array.from({ length: groups + 1 }, (_, group) => Math.floor((group * count) / groups));
}

/**
 * The split that tests some groups and learns from all others, less what overlaps a test label (purged) or starts within
 * `embargo` after the last label of a tested group is known (López de Prado 2018, sections 7.4.1 and 7.4.2).
 */
export function splitOf(
  labels: LabelIntervals,
  boundaries: readonly number[],
  tested: readonly number[],
  embargo: number,
): Split {
  const test: number[] = [];
  const barred = tested.map((group) => {
    const [from, to] = [boundaries[group]!, boundaries[group + 1]!];
    for (let i = from; i < to; i++) test.push(i);
    const { first, last } = hull(labels, from, to);
    return { first, last: last + embargo };
  });
  const inTest = new Set(test);
  const train: number[] = [];
  for (let i = 0; i < labels.start.length; i++) {
    if (inTest.has(i)) continue;
    const [from, to] = [labels.start[i]!, labels.end[i]!];
    if (barred.every(({ first, last }) => to < first || from > last)) train.push(i);
  }
  return { train: Int32Array.from(train), test: Int32Array.from(test) };
}

/** @throws InvalidValidationError for labels, a number of groups or an embargo that can't be used */
export function checkGroups(labels: LabelIntervals, name: string, groups: number, embargo: number): void {
  checkLabels(labels);
  requireWhole(name, groups, 2);
  if (labels.start.length < groups)
    throw new InvalidValidationError(
      `${labels.start.length} observations don't make ${groups} ${name}; give more observations or fewer ${name}`,
    );
  if (!(embargo >= 0 && Number.isFinite(embargo)))
    throw new InvalidValidationError(`embargo ${embargo} is not a length of time of zero or more`);
}

/**
 * K-fold cross-validation whose folds are runs of time: purged and embargoed, so that nothing learned from shares an
 * instant with what is tested or follows it within `embargo` (in the labels' unit of time). López de Prado (2018), chapter 7.
 * @throws InvalidValidationError for labels, folds or an embargo that can't be used
 */
export function purgedFolds(labels: LabelIntervals, folds: number, embargo = 0): Split[] {
  checkGroups(labels, 'folds', folds, embargo);
  const boundaries = groupBoundaries(labels.start.length, folds);
  return Array.from({ length: folds }, (_, fold) => splitOf(labels, boundaries, [fold], embargo));
}
