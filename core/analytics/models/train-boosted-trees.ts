import { type Random, seededRandom } from '#core/values/random.ts';
import { addTree, type BoostedTrees, type BoostingLoss, type RegressionTree } from './boosted-trees.ts';
import { binFeatures, MOST_BINS } from './feature-bins.ts';
import {
  checkBinaryLabels,
  checkFeatures,
  checkFiniteLabels,
  checkTable,
  type FeatureTable,
  InvalidModelInputError,
} from './feature-table.ts';
import { sigmoid, softplus } from './logistic-regression.ts';
import { TreeGrower } from './tree-growth.ts';

/** How boosted trees are trained. All but loss, trees and seed have {@link BOOSTING_DEFAULTS}. */
export interface BoostingSettings {
  readonly loss: BoostingLoss;
  /** Trees at most. */
  readonly trees: number;
  readonly seed: number;
  readonly learningRate?: number;
  readonly leaves?: number;
  readonly depth?: number;
  readonly bins?: number;
  /** Rows that each side of a split has at least. */
  readonly leafRows?: number;
  /** Sum of second derivatives that each side of a split has at least. */
  readonly leafHessian?: number;
  /** A split must lower the objective by more than this. */
  readonly minimumGain?: number;
  /** L2 penalty on leaf values. */
  readonly leafPenalty?: number;
  /** Share of the rows, drawn without replacement for each tree. */
  readonly rowFraction?: number;
  /** Share of the features, drawn for each tree, at least one. */
  readonly columnFraction?: number;
  /** Directions by feature name: 1 never falls as the feature rises, −1 never rises. */
  readonly monotone?: Readonly<Record<string, 1 | -1>>;
}

export const BOOSTING_DEFAULTS: Required<Omit<BoostingSettings, 'loss' | 'trees' | 'seed'>> = {
  learningRate: 0.1,
  leaves: 31,
  depth: 16,
  bins: MOST_BINS,
  leafRows: 20,
  leafHessian: 1e-3,
  minimumGain: 0,
  leafPenalty: 1,
  rowFraction: 1,
  columnFraction: 1,
  monotone: {},
};

/** Rows later than all training rows and purged of labels that overlap them, by which training is stopped. */
export interface EarlyStopping {
  readonly table: FeatureTable;
  readonly labels: Float64Array;
  /** Training stops after this many trees without a lower loss. */
  readonly patience: number;
}

export interface BoostingResult {
  readonly model: BoostedTrees;
  /** Mean loss on the training rows after each tree: log loss in nats, or squared error. */
  readonly trainingLoss: readonly number[];
  /** The same on the rows of {@link EarlyStopping}; empty without them. */
  readonly validationLoss: readonly number[];
}

/** Below this share of the first gradients' squares a gain is rounding. */
const ROUNDING = 1e-12;

/**
 * Trains gradient-boosted trees (Friedman 2001) on histograms with second-order leaves (Chen and Guestrin 2016; best
 * leaf first as in Ke et al. 2017). Missing values take the direction learned at each split. With early stopping the
 * model keeps the trees up to the lowest validation loss. The same input and seed give the same model to the last bit.
 * @param labels 0 and 1 for `logistic`, finite and not all equal for `squared`
 * @throws InvalidModelInputError for a malformed table, labels or setting
 */
export function trainBoosted(
  table: FeatureTable,
  labels: Float64Array,
  settings: BoostingSettings,
  stopping?: EarlyStopping,
): BoostingResult {
  const rows = checkTable(table);
  checkLabels(labels, rows, settings.loss);
  const chosen = checkSettings({ ...BOOSTING_DEFAULTS, ...settings }, table.names);
  if (stopping !== undefined) checkStopping(stopping, table.names);

  const base = baseOf(labels, settings.loss);
  const scores = new Float64Array(rows).fill(base);
  const validation = stopping && new Float64Array(stopping.labels.length).fill(base);
  const gradient = new Float64Array(rows);
  const hessian = new Float64Array(rows);
  derivatives(settings.loss, labels, scores, gradient, hessian);
  const floor = ROUNDING * gradient.reduce((sum, value) => sum + value * value, 0);
  const grower = new TreeGrower(binFeatures(table.columns, chosen.bins), rows, {
    ...chosen,
    minimumGain: Math.max(chosen.minimumGain, floor),
    monotone: Int8Array.from(table.names, (name) => chosen.monotone[name] ?? 0),
  });
  const random = seededRandom(settings.seed);
  const trees: RegressionTree[] = [];
  const trainingLoss: number[] = [];
  const validationLoss: number[] = [];
  let best = { trees: 0, loss: Number.POSITIVE_INFINITY };
  if (stopping && validation) best = { trees: 0, loss: meanLoss(settings.loss, stopping.labels, validation) };
  for (let round = 0; round < chosen.trees; round++) {
    const sample = sampleOf(random, rows, Math.max(2, Math.round(chosen.rowFraction * rows)));
    const width = table.columns.length;
    const features = sampleOf(random, width, Math.max(1, Math.round(chosen.columnFraction * width)));
    if (round > 0) derivatives(settings.loss, labels, scores, gradient, hessian);
    const tree = grower.grow(sample, Array.from(features), gradient, hessian);
    if (tree.feature.length === 0) {
      // Nothing gains on all rows and features: nothing ever will. Another sample may.
      if (sample.length === rows && features.length === width) break;
      continue;
    }
    trees.push(tree);
    addTree(tree, table.columns, scores);
    trainingLoss.push(meanLoss(settings.loss, labels, scores));
    if (stopping && validation) {
      addTree(tree, stopping.table.columns, validation);
      const loss = meanLoss(settings.loss, stopping.labels, validation);
      validationLoss.push(loss);
      if (loss < best.loss) best = { trees: trees.length, loss };
      else if (trees.length - best.trees >= stopping.patience) break;
    }
  }
  return {
    model: {
      kind: 'boosted-trees',
      loss: settings.loss,
      features: [...table.names],
      base,
      trees: stopping ? trees.slice(0, best.trees) : trees,
    },
    trainingLoss,
    validationLoss,
  };
}

/** Log odds of the base rate, or the mean. */
function baseOf(labels: Float64Array, loss: BoostingLoss): number {
  let sum = 0;
  for (const label of labels) sum += label;
  const mean = sum / labels.length;
  switch (loss) {
    case 'logistic':
      return Math.log(mean / (1 - mean));
    case 'squared':
      return mean;
  }
}

function derivatives(
  loss: BoostingLoss,
  labels: Float64Array,
  scores: Float64Array,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  switch (loss) {
    case 'logistic':
      for (let row = 0; row < labels.length; row++) {
        const probability = sigmoid(scores[row]!);
        gradient[row] = probability - labels[row]!;
        hessian[row] = Math.max(1e-16, probability * (1 - probability));
      }
      return;
    case 'squared':
      for (let row = 0; row < labels.length; row++) {
        gradient[row] = scores[row]! - labels[row]!;
        hessian[row] = 1;
      }
      return;
  }
}

function meanLoss(loss: BoostingLoss, labels: Float64Array, scores: Float64Array): number {
  let sum = 0;
  switch (loss) {
    case 'logistic':
      for (let row = 0; row < labels.length; row++) {
        sum += softplus(scores[row]!) - labels[row]! * scores[row]!;
      }
      break;
    case 'squared':
      for (let row = 0; row < labels.length; row++) sum += (scores[row]! - labels[row]!) ** 2;
      break;
  }
  return sum / labels.length;
}

/** `size` of the numbers below `count`, rising (Knuth's algorithm S: each subset equally likely). */
function sampleOf(random: Random, count: number, size: number): Int32Array {
  const result = new Int32Array(size);
  if (size === count) return result.map((_, at) => at);
  let taken = 0;
  for (let at = 0; taken < size; at++) {
    if ((count - at) * random.next() < size - taken) result[taken++] = at;
  }
  return result;
}

function checkLabels(labels: Float64Array, rows: number, loss: BoostingLoss): void {
  switch (loss) {
    case 'logistic':
      checkBinaryLabels(labels, rows);
      return;
    case 'squared':
      checkFiniteLabels(labels, rows);
      if (labels.every((label) => label === labels[0]))
        throw new InvalidModelInputError(
          `all ${rows} labels are ${labels[0]}; give labels that differ, a constant has nothing to learn`,
        );
      return;
  }
}

function checkStopping({ table, labels, patience }: EarlyStopping, features: readonly string[]): void {
  const rows = checkFeatures(features, table);
  checkFiniteLabels(labels, rows);
  checkWhole('patience', patience, 1, Number.MAX_SAFE_INTEGER);
}

function checkSettings(
  settings: Required<BoostingSettings>,
  names: readonly string[],
): Required<BoostingSettings> {
  checkWhole('trees', settings.trees, 1, 100_000);
  checkWhole('leaves', settings.leaves, 2, 65_536);
  checkWhole('depth', settings.depth, 1, 64);
  checkWhole('bins', settings.bins, 2, MOST_BINS);
  checkWhole('leafRows', settings.leafRows, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('seed', settings.seed, 0, 4_294_967_295);
  checkWithin('learningRate', settings.learningRate, 0, 1);
  checkWithin('rowFraction', settings.rowFraction, 0, 1);
  checkWithin('columnFraction', settings.columnFraction, 0, 1);
  for (const name of ['leafHessian', 'minimumGain', 'leafPenalty'] as const) {
    if (!(settings[name] >= 0 && Number.isFinite(settings[name])))
      throw new InvalidModelInputError(`${name} is ${settings[name]}; give a finite number of at least 0`);
  }
  for (const name of Object.keys(settings.monotone)) {
    if (!names.includes(name))
      throw new InvalidModelInputError(
        `the monotone feature ${name} is not in the table; give one of ${names.join(', ')}`,
      );
  }
  return settings;
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidModelInputError(`${name} is ${value}; give a whole number from ${least} to ${most}`);
}

function checkWithin(name: string, value: number, above: number, most: number): void {
  if (!(value > above && value <= most))
    throw new InvalidModelInputError(`${name} is ${value}; give a number above ${above}, at most ${most}`);
}
