import { binomial, combinations } from './combinations.ts';
import { InvalidValidationError, requireWhole } from './errors.ts';
import { checkGroups, groupBoundaries, type LabelIntervals, type Split, splitOf } from './splits.ts';

/** A split of combinatorial cross-validation and the groups that it tests, ascending. */
export interface CombinatorialSplit extends Split {
  readonly groups: readonly number[];
}

/** All splits, and the paths through time that their tests make together. */
export interface CombinatorialSplits {
  readonly splits: readonly CombinatorialSplit[];
  /** Group g holds the observations from [g] (inclusive) to [g + 1] (exclusive). */
  readonly boundaries: readonly number[];
  /** For each path, for each group, the index of the split whose test covers that group. Each test is used once. */
  readonly paths: readonly (readonly number[])[];
}

/** Each split learns anew: more would not be waited for. */
const MOST_SPLITS = 100_000;

/**
 * Combinatorial purged cross-validation: of `groups` runs of time every choice of `tested` is tested once, which makes
 * C(groups, tested) splits and φ = C(groups − 1, tested − 1) whole paths. Purged and embargoed as {@link purgedFolds}.
 * López de Prado (2018), chapter 12.
 * @throws InvalidValidationError for labels, numbers or an embargo that can't be used, or more than 100,000 splits
 */
export function combinatorialSplits(
  labels: LabelIntervals,
  groups: number,
  tested: number,
  embargo = 0,
): CombinatorialSplits {
  checkGroups(labels, 'groups', groups, embargo);
  requireWhole('tested groups', tested, 1, groups - 1);
  const count = binomial(groups, tested);
  if (count > MOST_SPLITS)
    throw new InvalidValidationError(
      `${groups} groups of which ${tested} are tested make ${count} splits; at most ${MOST_SPLITS} are made, so take fewer groups`,
    );
  const boundaries = groupBoundaries(labels.start.length, groups);
  const chosen = combinations(groups, tested);
  const paths = Array.from({ length: binomial(groups - 1, tested - 1) }, () => new Array<number>(groups));
  const used = new Int32Array(groups);
  chosen.forEach((testedGroups, split) => {
    for (const group of testedGroups) paths[used[group]!++]![group] = split;
  });
  return {
    splits: chosen.map((testedGroups) => ({
      ...splitOf(labels, boundaries, testedGroups, embargo),
      groups: testedGroups,
    })),
    boundaries,
    paths,
  };
}

/**
 * Puts what each split computed for its test observations together to whole paths, one value an observation.
 * @param tested for each split, one value for each index of its `test`, in that order
 * @throws InvalidValidationError where a split has another number of values than test observations
 */
export function assemblePaths(
  { splits, boundaries, paths }: CombinatorialSplits,
  tested: readonly Float64Array[],
): Float64Array[] {
  splits.forEach(({ test }, split) => {
    if (tested[split]?.length !== test.length)
      throw new InvalidValidationError(
        `split ${split} has ${tested[split]?.length ?? 'no'} values for ${test.length} test observations; give one each`,
      );
  });
  return paths.map((path) => {
    const whole = new Float64Array(boundaries.at(-1)!);
    path.forEach((split, group) => {
      const { groups } = splits[split]!;
      let skip = 0;
      for (const before of groups) if (before < group) skip += boundaries[before + 1]! - boundaries[before]!;
      const length = boundaries[group + 1]! - boundaries[group]!;
      whole.set(tested[split]!.subarray(skip, skip + length), boundaries[group]!);
    });
    return whole;
  });
}
