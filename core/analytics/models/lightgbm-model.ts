import { checkFeatures, type FeatureTable } from './feature-table.ts';
import type { LightGbmModel, LightGbmTree, MissingType } from './lightgbm-dump.ts';
import { sigmoid } from './logistic-regression.ts';

/** LightGBM's `kZeroThreshold`, a 32-bit float: values no farther from zero are zero. */
const ZERO = Math.fround(1e-35);

/**
 * Raw scores of each row as LightGBM's `predict(raw_score=True)`: the sum of the trees, also where a
 * random forest predicts from their mean. One column, or one for each class.
 * @throws InvalidModelInputError where the table's features are not the model's
 */
export function lightGbmScores(model: LightGbmModel, table: FeatureTable): Float64Array[] {
  const rows = checkFeatures(model.features, table);
  const scores = Array.from({ length: model.outputs }, () => new Float64Array(rows));
  model.trees.forEach((tree, at) => {
    const output = scores[at % model.outputs]!;
    for (let row = 0; row < rows; row++) {
      output[row] = output[row]! + tree.value[leafOf(tree, table.columns, row)]!;
    }
  });
  return scores;
}

/**
 * Predictions as LightGBM's `predict()`: probabilities, one column for each class, or values.
 * @throws InvalidModelInputError where the table's features are not the model's
 */
export function predictLightGbm(model: LightGbmModel, table: FeatureTable): Float64Array[] {
  const iterations = model.averages ? model.trees.length / model.outputs : 1;
  const scores = lightGbmScores(model, table).map((output) => output.map((score) => score / iterations));
  const { objective } = model;
  switch (objective.kind) {
    case 'identity':
      return scores;
    case 'sigmoid':
      return scores.map((output) => output.map((score) => sigmoid(objective.slope * score)));
    case 'exponential':
      return scores.map((output) => output.map(Math.exp));
    case 'signed-square':
      return scores.map((output) => output.map((score) => Math.sign(score) * score * score));
    case 'softmax':
      return softmax(scores);
  }
}

/** The softmax across classes, from the largest score so that none overflows. */
function softmax(scores: readonly Float64Array[]): Float64Array[] {
  const rows = scores[0]?.length ?? 0;
  const result = scores.map((output) => output.slice());
  for (let row = 0; row < rows; row++) {
    const largest = scores.reduce((most, output) => Math.max(most, output[row]!), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (const output of result) {
      output[row] = Math.exp(output[row]! - largest);
      sum += output[row]!;
    }
    for (const output of result) output[row] = output[row]! / sum;
  }
  return result;
}

function leafOf(tree: LightGbmTree, columns: readonly Float64Array[], row: number): number {
  if (tree.feature.length === 0) return 0;
  let node = 0;
  while (node >= 0) {
    const value = columns[tree.feature[node]!]![row]!;
    const categories = tree.categories[node]!;
    const goesLeft =
      categories === null
        ? numericalLeft(value, tree.threshold[node]!, tree.missing[node]!, tree.defaultLeft[node] === 1)
        : categories.has(Math.trunc(value));
    node = goesLeft ? tree.left[node]! : tree.right[node]!;
  }
  return -1 - node;
}

/** LightGBM's `NumericalDecision`. */
function numericalLeft(
  value: number,
  threshold: number,
  missing: MissingType,
  defaultLeft: boolean,
): boolean {
  const isMissing = Number.isNaN(value);
  switch (missing) {
    case 'None':
      return (isMissing ? 0 : value) <= threshold;
    case 'Zero':
      return isMissing || Math.abs(value) <= ZERO ? defaultLeft : value <= threshold;
    case 'NaN':
      return isMissing ? defaultLeft : value <= threshold;
  }
}
