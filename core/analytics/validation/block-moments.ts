import { requireFinite, requireWhole } from './errors.ts';
import { groupBoundaries } from './splits.ts';

/**
 * Moments of each of some consecutive blocks of returns: all that Sharpe ratios of any choice of blocks need, in a few
 * numbers instead of the whole column.
 */
export interface BlockMoments {
  readonly count: Float64Array;
  readonly mean: Float64Array;
  /** Sum of the squared deviations from the block's mean. */
  readonly squares: Float64Array;
}

/**
 * Cuts returns into `blocks` runs of nearly equal length and measures each.
 * @throws InvalidValidationError for a return that is not finite or fewer than two returns a block
 */
export function blockMoments(returns: Float64Array, blocks: number): BlockMoments {
  requireFinite('return', returns);
  requireWhole('blocks', blocks, 1, Math.max(1, Math.floor(returns.length / 2)));
  const boundaries = groupBoundaries(returns.length, blocks);
  const result = {
    count: new Float64Array(blocks),
    mean: new Float64Array(blocks),
    squares: new Float64Array(blocks),
  };
  for (let block = 0; block < blocks; block++) {
    const [from, to] = [boundaries[block]!, boundaries[block + 1]!];
    let sum = 0;
    for (let i = from; i < to; i++) sum += returns[i]!;
    const mean = sum / (to - from);
    let squares = 0;
    for (let i = from; i < to; i++) squares += (returns[i]! - mean) ** 2;
    result.count[block] = to - from;
    result.mean[block] = mean;
    result.squares[block] = squares;
  }
  return result;
}

/**
 * Mean over standard deviation (ddof 1) of the returns of some blocks together (Chan, Golub and LeVeque 1979). Zero where
 * all of them are zero: what holds nothing earns nothing. NaN for another constant.
 */
export function sharpeOfBlocks({ count, mean, squares }: BlockMoments, blocks: readonly number[]): number {
  let observations = 0;
  let sum = 0;
  for (const block of blocks) {
    observations += count[block]!;
    sum += count[block]! * mean[block]!;
  }
  const overall = sum / observations;
  let total = 0;
  for (const block of blocks) total += squares[block]! + count[block]! * (mean[block]! - overall) ** 2;
  const deviation = Math.sqrt(total / (observations - 1));
  if (deviation <= 1e-14) return Math.abs(overall) <= 1e-14 ? 0 : Number.NaN;
  return overall / deviation;
}
