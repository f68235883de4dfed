import { momentsOf } from '../performance/moments.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { type BlockMoments, sharpeOfBlocks } from './block-moments.ts';
import { binomial, combinations } from './combinations.ts';
import { InvalidValidationError } from './errors.ts';

/** What combinatorially symmetric cross-validation says of a search. */
export interface OverfittingProbability {
  /** Share of the halvings in which the best trial of one half is no better than the median of the other half. */
  readonly probability: Figure;
  /** Share of the halvings in which the best trial of one half has a Sharpe ratio below zero in the other half. */
  readonly probabilityOfLoss: Figure;
  /** Slope of the chosen trial's Sharpe ratio in the other half on that in its own half, by least squares. */
  readonly degradation: Figure;
  /** Relative rank of the chosen trial in the other half as a logit, for each halving; empty where undefined. */
  readonly logits: Float64Array;
}

/** C(20, 10) = 184,756 halvings: more blocks say little more and take long. */
const MOST_BLOCKS = 20;

const allUndefined = (reason: string): OverfittingProbability => ({
  probability: undefinedBecause(reason),
  probabilityOfLoss: undefinedBecause(reason),
  degradation: undefinedBecause(reason),
  logits: new Float64Array(0),
});

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation: the blocks of time are halved in
 * every way, the trial with the highest Sharpe ratio in one half is looked up in the other. Its rank among N trials there,
 * over N + 1, is ω; λ = ln(ω/(1 − ω)); the probability is the share of λ ≤ 0. Equal trials share their mean rank; of
 * equally good ones the first is chosen; a trial that holds nothing in a half has a Sharpe ratio of zero there.
 * Bailey, Borwein, López de Prado and Zhu (2017), section 3.
 * @param trials for each trial the moments of the same even number of blocks, see `blockMoments`
 * @throws InvalidValidationError where trials have different or unusable numbers of blocks
 */
export function overfittingProbability(trials: readonly BlockMoments[]): OverfittingProbability {
  const [first] = trials;
  if (first === undefined || trials.length < 2)
    return allUndefined(`${trials.length} trials; nothing is chosen from fewer than 2`);
  const blocks = first.count.length;
  if (blocks % 2 !== 0 || blocks < 2 || blocks > MOST_BLOCKS)
    throw new InvalidValidationError(`${blocks} blocks are not an even number of 2 to ${MOST_BLOCKS}`);
  for (const [trial, { count }] of trials.entries())
    if (count.length !== blocks || count.some((size, block) => size !== first.count[block]))
      throw new InvalidValidationError(
        `trial ${trial} is cut into other blocks than the first; measure all trials over the same returns`,
      );
  const halvings = binomial(blocks, blocks / 2);
  const logits = new Float64Array(halvings);
  const inside = new Float64Array(halvings);
  const outside = new Float64Array(halvings);
  const mine = new Float64Array(trials.length);
  const other = new Float64Array(trials.length);
  for (const [halving, half] of combinations(blocks, blocks / 2).entries()) {
    const rest = Array.from({ length: blocks }, (_, block) => block).filter((block) => !half.includes(block));
    for (let trial = 0; trial < trials.length; trial++) {
      mine[trial] = sharpeOfBlocks(trials[trial]!, half);
      other[trial] = sharpeOfBlocks(trials[trial]!, rest);
      if (Number.isNaN(mine[trial]) || Number.isNaN(other[trial]))
        return allUndefined(
          `the returns of trial ${trial} are constant, but not zero, in half of the blocks`,
        );
    }
    let best = 0;
    for (let trial = 1; trial < trials.length; trial++) if (mine[trial]! > mine[best]!) best = trial;
    let [below, equal] = [0, 0];
    for (const sharpe of other) {
      if (sharpe < other[best]!) below++;
      else if (sharpe === other[best]) equal++;
    }
    const rank = (below + (equal + 1) / 2) / (trials.length + 1);
    logits[halving] = Math.log(rank / (1 - rank));
    inside[halving] = mine[best]!;
    outside[halving] = other[best]!;
  }
  const share = (sample: Float64Array, counts: (item: number) => boolean) =>
    value(sample.filter(counts).length / halvings);
  return {
    probability: share(logits, (logit) => logit <= 0),
    probabilityOfLoss: share(outside, (sharpe) => sharpe < 0),
    degradation: slope(inside, outside),
    logits,
  };
}

function slope(x: Float64Array, y: Float64Array): Figure {
  const [across, up] = [momentsOf(x).mean, momentsOf(y).mean];
  let [products, squares] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    products += (x[i]! - across) * (y[i]! - up);
    squares += (x[i]! - across) ** 2;
  }
  return squares <= 1e-24
    ? undefinedBecause('the chosen trials all have one Sharpe ratio')
    : value(products / squares);
}
