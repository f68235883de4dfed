import type { RegressionTree } from './boosted-trees.ts';

/** A leaf as the tree sees it. */
export interface LeafPlace {
  /** Before shrinkage. */
  readonly value: number;
  /** Where the tree points at this leaf: a node and a side; −1 for the root. */
  readonly parent: number;
  readonly side: 'left' | 'right';
}

interface GrownSplit {
  readonly feature: number;
  readonly missingLeft: boolean;
  readonly gain: number;
}

/** A tree while it grows. */
export class TreeColumns {
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #missingLeft: number[] = [];
  readonly #gain: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];

  /** Turns a leaf into a node and returns its number; its children are pointed at later. */
  split(leaf: LeafPlace, split: GrownSplit, threshold: number): number {
    const node = this.#feature.length;
    this.#point(leaf, node);
    this.#feature.push(split.feature);
    this.#threshold.push(threshold);
    this.#missingLeft.push(split.missingLeft ? 1 : 0);
    this.#gain.push(split.gain);
    this.#left.push(0);
    this.#right.push(0);
    return node;
  }

  finish(leaves: readonly LeafPlace[], learningRate: number): RegressionTree {
    leaves.forEach((leaf, at) => void this.#point(leaf, -1 - at));
    return {
      feature: Int32Array.from(this.#feature),
      threshold: Float64Array.from(this.#threshold),
      missingLeft: Uint8Array.from(this.#missingLeft),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      gain: Float64Array.from(this.#gain),
      // Adding zero turns −0 into 0, which is how JSON writes it.
      value: Float64Array.from(leaves, ({ value }) => learningRate * value + 0),
    };
  }

  #point({ parent, side }: LeafPlace, child: number): void {
    if (parent === -1) return;
    if (side === 'left') this.#left[parent] = child;
    else this.#right[parent] = child;
  }
}
