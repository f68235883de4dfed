import { checkFeatures, type FeatureTable } from './feature-table.ts';
import { sigmoid } from './logistic-regression.ts';

/** What a model of trees predicts: the probability of 1 (from log odds), or a value under squared error. */
export type BoostingLoss = 'logistic' | 'squared';

/**
 * A binary tree as columns. Node 0 is the root; a child at or above 0 is a node, below 0 the leaf `−1 − child`. A tree
 * of one leaf has no nodes. A value goes left when it is at or below the threshold; a missing one by `missingLeft`.
 */
export interface RegressionTree {
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** By how much the split lowered the training objective. */
  readonly gain: Float64Array;
  /** Value of each leaf, shrinkage included. */
  readonly value: Float64Array;
}

export interface BoostedTrees {
  readonly kind: 'boosted-trees';
  readonly loss: BoostingLoss;
  readonly features: readonly string[];
  /** Where every sum of leaves starts: log odds of the base rate, or the mean. */
  readonly base: number;
  readonly trees: readonly RegressionTree[];
}

/**
 * Log odds (`logistic`) or values (`squared`) of each row: base and the leaf of each tree, added in the trees' order.
 * @throws InvalidModelInputError where the table's features are not the model's
 */
export function boostedScores(model: BoostedTrees, table: FeatureTable): Float64Array {
  const scores = new Float64Array(checkFeatures(model.features, table)).fill(model.base);
  for (const tree of model.trees) addTree(tree, table.columns, scores);
  return scores;
}

/** Probabilities of 1 (`logistic`) or values (`squared`) of each row. @throws InvalidModelInputError */
export function predictBoosted(model: BoostedTrees, table: FeatureTable): Float64Array {
  const scores = boostedScores(model, table);
  switch (model.loss) {
    case 'logistic':
      return scores.map(sigmoid);
    case 'squared':
      return scores;
  }
}

/** Adds a tree's leaf to the score of every row. */
export function addTree(tree: RegressionTree, columns: readonly Float64Array[], scores: Float64Array): void {
  const { feature, threshold, missingLeft, left, right, value } = tree;
  if (feature.length === 0) {
    for (let row = 0; row < scores.length; row++) scores[row] = scores[row]! + value[0]!;
    return;
  }
  for (let row = 0; row < scores.length; row++) {
    let node = 0;
    while (node >= 0) {
      const item = columns[feature[node]!]![row]!;
      const goesLeft = item <= threshold[node]! || (Number.isNaN(item) && missingLeft[node] === 1);
      node = goesLeft ? left[node]! : right[node]!;
    }
    scores[row] = scores[row]! + value[-1 - node]!;
  }
}

/** The sum of the gains of each feature's splits over all trees, by name in the model's order. */
export function gainImportance(
  model: BoostedTrees,
): readonly { readonly feature: string; readonly gain: number }[] {
  const gains = new Float64Array(model.features.length);
  for (const { feature, gain } of model.trees) {
    for (let node = 0; node < feature.length; node++) {
      gains[feature[node]!] = gains[feature[node]!]! + gain[node]!;
    }
  }
  return model.features.map((feature, at) => ({ feature, gain: gains[at]! }));
}
