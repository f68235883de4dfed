import type { RegressionTree } from './boosted-trees.ts';
import type { FeatureBins } from './feature-bins.ts';
import { type LeafPlace, TreeColumns } from './tree-columns.ts';

/** Limits of one tree. */
export interface TreeLimits {
  /** Leaves at most. */
  readonly leaves: number;
  /** Splits from the root to a leaf at most. */
  readonly depth: number;
  /** Rows that each side of a split has at least. */
  readonly leafRows: number;
  /** Sum of second derivatives that each side of a split has at least. */
  readonly leafHessian: number;
  /** A split must lower the objective by more than this. */
  readonly minimumGain: number;
  /** L2 penalty λ on leaf values. */
  readonly leafPenalty: number;
  readonly learningRate: number;
  /** By feature: 1 where the prediction must not fall as the feature rises, −1 where it must not rise, else 0. */
  readonly monotone: Int8Array;
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly gain: number;
  readonly leftValue: number;
  readonly rightValue: number;
}

interface Leaf extends LeafPlace {
  /** The leaf's rows are `rows[begin…end)`. */
  readonly begin: number;
  readonly end: number;
  readonly depth: number;
  /** Bounds of the value by the monotone splits above. */
  readonly lower: number;
  readonly upper: number;
  readonly histogram: Float64Array;
  readonly split: Split | null;
}

/** Slots of a bin in a histogram: sums of first and second derivatives, rows. */
const SLOTS = 3;
/** Bins of a feature in a histogram: 255, one for missing values, all addressable by a byte. */
const STRIDE = 256 * SLOTS;

/**
 * Grows one tree on binned features, best leaf first, from the derivatives of the loss by row. A leaf's value is
 * −G / (H + λ), a split's gain ½ [G_L²/(H_L+λ) + G_R²/(H_R+λ) − G²/(H+λ)] (Chen and Guestrin 2016, eq. 5 and 7). Both
 * directions are tried for missing values and the better one is kept; where the node has none, the larger side. Equal
 * gains go to the first feature and the lowest bin, so that a tree depends on nothing but its input.
 *
 * Under monotone constraints a split is judged by the gain of its bounded leaf values.
 */
export class TreeGrower {
  readonly #bins: FeatureBins;
  readonly #limits: TreeLimits;
  readonly #scratch: Int32Array;
  readonly #ordered: Float64Array;
  readonly #spare: Float64Array[] = [];

  constructor(bins: FeatureBins, rows: number, limits: TreeLimits) {
    this.#bins = bins;
    this.#limits = limits;
    this.#scratch = new Int32Array(rows);
    this.#ordered = new Float64Array(2 * rows);
  }

  /**
   * @param rows the rows to grow on; reordered
   * @param features the features that may be split on, rising
   */
  grow(
    rows: Int32Array,
    features: readonly number[],
    gradient: Float64Array,
    hessian: Float64Array,
  ): RegressionTree {
    const histogram = this.#histogram(rows, 0, rows.length, features, gradient, hessian);
    let sumGradient = 0;
    let sumHessian = 0;
    for (const row of rows) {
      sumGradient += gradient[row]!;
      sumHessian += hessian[row]!;
    }
    const root = {
      begin: 0,
      end: rows.length,
      depth: 0,
      value: -sumGradient / (sumHessian + this.#limits.leafPenalty),
      lower: Number.NEGATIVE_INFINITY,
      upper: Number.POSITIVE_INFINITY,
      histogram,
      parent: -1,
      side: 'left' as const,
    };
    const leaves: Leaf[] = [{ ...root, split: this.#bestSplit(root, features) }];
    const tree = new TreeColumns();
    while (leaves.length < this.#limits.leaves) {
      const at = bestLeaf(leaves);
      if (at === -1) break;
      const leaf = leaves[at]!;
      const split = leaf.split!;
      const node = tree.split(leaf, split, this.#threshold(split));
      const middle = this.#partition(rows, leaf, split);
      const [left, right] = this.#children(rows, leaf, split, node, middle, features, gradient, hessian);
      leaves[at] = left;
      leaves.push(right);
    }
    for (const leaf of leaves) this.#spare.push(leaf.histogram);
    return tree.finish(leaves, this.#limits.learningRate);
  }

  #threshold({ feature, bin }: Split): number {
    const bounds = this.#bins.bounds[feature]!;
    // Beyond the last bound: every known value against the missing ones.
    return bin < bounds.length ? bounds[bin]! : Number.MAX_VALUE;
  }

  /** Puts the rows that go left first, each side in its old order; returns where the right side begins. */
  #partition(rows: Int32Array, { begin, end }: Leaf, { feature, bin, missingLeft }: Split): number {
    const bins = this.#bins.bins[feature]!;
    const missing = this.#bins.bounds[feature]!.length + 1;
    const scratch = this.#scratch;
    let middle = begin;
    let right = 0;
    for (let at = begin; at < end; at++) {
      const row = rows[at]!;
      const item = bins[row]!;
      if (item === missing ? missingLeft : item <= bin) rows[middle++] = row;
      else scratch[right++] = row;
    }
    rows.set(scratch.subarray(0, right), middle);
    return middle;
  }

  /** The two leaves a split leaves behind: the smaller one is counted, the other is the difference. */
  #children(
    rows: Int32Array,
    leaf: Leaf,
    split: Split,
    node: number,
    middle: number,
    features: readonly number[],
    gradient: Float64Array,
    hessian: Float64Array,
  ): readonly [Leaf, Leaf] {
    const { begin, end, depth, lower, upper } = leaf;
    const smallerLeft = middle - begin <= end - middle;
    const smaller = smallerLeft
      ? this.#histogram(rows, begin, middle, features, gradient, hessian)
      : this.#histogram(rows, middle, end, features, gradient, hessian);
    const larger = leaf.histogram;
    for (const feature of features) {
      const from = feature * STRIDE;
      const to = from + (this.#bins.bounds[feature]!.length + 2) * SLOTS;
      for (let slot = from; slot < to; slot++) larger[slot] = larger[slot]! - smaller[slot]!;
    }
    const direction = this.#limits.monotone[split.feature]!;
    const between = (split.leftValue + split.rightValue) / 2;
    const child = (side: 'left' | 'right'): Leaf => {
      const isLeft = side === 'left';
      const isLower = direction === (isLeft ? 1 : -1);
      const isUpper = direction === (isLeft ? -1 : 1);
      const open = {
        begin: isLeft ? begin : middle,
        end: isLeft ? middle : end,
        depth: depth + 1,
        value: isLeft ? split.leftValue : split.rightValue,
        lower: isUpper ? between : lower,
        upper: isLower ? between : upper,
        histogram: isLeft === smallerLeft ? smaller : larger,
        parent: node,
        side,
      };
      return { ...open, split: this.#bestSplit(open, features) };
    };
    return [child('left'), child('right')];
  }

  #histogram(
    rows: Int32Array,
    begin: number,
    end: number,
    features: readonly number[],
    gradient: Float64Array,
    hessian: Float64Array,
  ): Float64Array {
    const histogram = this.#spare.pop() ?? new Float64Array(this.#bins.bins.length * STRIDE);
    const ordered = this.#ordered;
    const count = end - begin;
    for (let at = 0; at < count; at++) {
      const row = rows[begin + at]!;
      ordered[2 * at] = gradient[row]!;
      ordered[2 * at + 1] = hessian[row]!;
    }
    for (const feature of features) {
      const bins = this.#bins.bins[feature]!;
      const base = feature * STRIDE;
      histogram.fill(0, base, base + (this.#bins.bounds[feature]!.length + 2) * SLOTS);
      for (let at = 0; at < count; at++) {
        const slot = base + bins[rows[begin + at]!]! * SLOTS;
        histogram[slot] = histogram[slot]! + ordered[2 * at]!;
        histogram[slot + 1] = histogram[slot + 1]! + ordered[2 * at + 1]!;
        histogram[slot + 2] = histogram[slot + 2]! + 1;
      }
    }
    return histogram;
  }

  #bestSplit(leaf: Omit<Leaf, 'split'>, features: readonly number[]): Split | null {
    const { depth, leafRows, leafHessian, minimumGain, leafPenalty, monotone } = this.#limits;
    const { begin, end, lower, upper, histogram } = leaf;
    const count = end - begin;
    if (leaf.depth >= depth || count < 2 * leafRows) return null;
    let best: Split | null = null;
    let bestGain = minimumGain;
    for (const feature of features) {
      const base = feature * STRIDE;
      const missingBin = this.#bins.bounds[feature]!.length + 1;
      let gradientSum = 0;
      let hessianSum = 0;
      for (let bin = 0; bin <= missingBin; bin++) {
        gradientSum += histogram[base + bin * SLOTS]!;
        hessianSum += histogram[base + bin * SLOTS + 1]!;
      }
      const direction = monotone[feature]!;
      const whole = objective(gradientSum, hessianSum, leaf.value, leafPenalty);
      const missing = base + missingBin * SLOTS;
      const missingRows = histogram[missing + 2]!;
      // Both ways where values are missing; where none is, they would be the same split.
      for (let way = 0; way < (missingRows > 0 ? 2 : 1); way++) {
        const missingLeft = way === 1;
        let leftGradient = missingLeft ? histogram[missing]! : 0;
        let leftHessian = missingLeft ? histogram[missing + 1]! : 0;
        let leftRows = missingLeft ? missingRows : 0;
        for (let bin = 0; bin < missingBin; bin++) {
          const slot = base + bin * SLOTS;
          const binRows = histogram[slot + 2]!;
          leftGradient += histogram[slot]!;
          leftHessian += histogram[slot + 1]!;
          leftRows += binRows;
          const rightRows = count - leftRows;
          if (rightRows < leafRows) break;
          if (leftRows < leafRows || binRows === 0) continue;
          const rightGradient = gradientSum - leftGradient;
          const rightHessian = hessianSum - leftHessian;
          if (leftHessian < leafHessian || rightHessian < leafHessian) continue;
          const leftValue = bounded(-leftGradient / (leftHessian + leafPenalty), lower, upper);
          const rightValue = bounded(-rightGradient / (rightHessian + leafPenalty), lower, upper);
          if (direction * (rightValue - leftValue) < 0) continue;
          const gain =
            whole -
            objective(leftGradient, leftHessian, leftValue, leafPenalty) -
            objective(rightGradient, rightHessian, rightValue, leafPenalty);
          if (gain > bestGain) {
            bestGain = gain;
            best = {
              feature,
              bin,
              missingLeft: missingRows > 0 ? missingLeft : leftRows > rightRows,
              gain,
              leftValue,
              rightValue,
            };
          }
        }
      }
    }
    return best;
  }
}

/** The second-order objective of a leaf of value w: G w + ½ (H + λ) w² (Chen and Guestrin 2016, eq. 4). */
const objective = (gradient: number, hessian: number, value: number, leafPenalty: number): number =>
  gradient * value + 0.5 * (hessian + leafPenalty) * value * value;

const bounded = (value: number, lower: number, upper: number): number =>
  Math.min(Math.max(value, lower), upper);

/** The leaf whose split gains most, the first of equals; −1 where none can be split. */
function bestLeaf(leaves: readonly Leaf[]): number {
  let best = -1;
  let gain = Number.NEGATIVE_INFINITY;
  leaves.forEach(({ split }, at) => {
    if (split !== null && split.gain > gain) {
      best = at;
      gain = split.gain;
    }
  });
  return best;
}
