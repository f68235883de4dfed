import { checkColumns, correlationOf, demeaned, productMoments, symmetric } from './covariance.ts';

/**
 * What the sample covariance is drawn towards:
 * - `identity`: uncorrelated, all of the average variance. Ledoit and Wolf, "A well-conditioned estimator for
 *   large-dimensional covariance matrices", Journal of Multivariate Analysis 88 (2004).
 * - `constant-correlation`: the sample's variances under its average correlation. Ledoit and Wolf, "Honey, I shrunk the
 *   sample covariance matrix", Journal of Portfolio Management 30 (2004).
 */
export type ShrinkageTarget = 'identity' | 'constant-correlation';

export interface ShrunkCovariance {
  readonly covariance: Float64Array;
  /** Weight of the target, 0 … 1; estimated from the returns. */
  readonly intensity: number;
}

/**
 * Covariance shrunk by the intensity that minimises the expected squared error; positive definite where the target is,
 * however few the returns. As in both papers the sample covariance inside has ddof 0, so that without any shrinkage the
 * result is (n − 1)/n of `sampleCovariance`.
 * @throws InvalidSampleError for fewer than two returns, columns of different length, one that is not finite, and a
 * constant column under constant correlation
 */
export function ledoitWolfCovariance(
  columns: readonly Float64Array[],
  target: ShrinkageTarget,
): ShrunkCovariance {
  const rows = checkColumns(columns, 2);
  const centred = demeaned(columns);
  const sample = productMoments(centred, rows);
  const size = columns.length;
  const goal = target === 'identity' ? averageVariance(sample, size) : averageCorrelation(sample, size);
  const distance = squaredDistance(sample, goal.matrix);
  // A sample that is its target already leaves nothing to shrink, or one asset alone.
  const best = distance > 0 ? goal.gain(centred, sample) / distance / rows : 0;
  const intensity = Math.max(0, Math.min(1, best));
  return {
    covariance: sample.map((entry, at) => intensity * goal.matrix[at]! + (1 - intensity) * entry),
    intensity,
  };
}

interface Goal {
  readonly matrix: Float64Array;
  /** n times what the squared error falls by for each unit of intensity at none, halved: π − ρ of the papers. */
  readonly gain: (centred: readonly Float64Array[], sample: Float64Array) => number;
}

function squaredDistance(left: Float64Array, right: Float64Array): number {
  return left.reduce((sum, entry, at) => sum + (entry - right[at]!) ** 2, 0);
}

/** πᵢⱼ, the asymptotic variance of √n sᵢⱼ: mean of (xᵢxⱼ − sᵢⱼ)². */
function variancesOfEntries(centred: readonly Float64Array[], sample: Float64Array): Float64Array {
  const size = centred.length;
  return symmetric(size, (i, j) => {
    const [left, right] = [centred[i]!, centred[j]!];
    const centre = sample[i * size + j]!;
    let sum = 0;
    for (let at = 0; at < left.length; at++) sum += (left[at]! * right[at]! - centre) ** 2;
    return sum / left.length;
  });
}

const sumOf = (entries: Float64Array): number => entries.reduce((sum, entry) => sum + entry, 0);

function averageVariance(sample: Float64Array, size: number): Goal {
  let trace = 0;
  for (let index = 0; index < size; index++) trace += sample[index * (size + 1)]!;
  return {
    matrix: symmetric(size, (i, j) => (i === j ? trace / size : 0)),
    gain: (centred, given) => sumOf(variancesOfEntries(centred, given)),
  };
}

function averageCorrelation(sample: Float64Array, size: number): Goal {
  const correlation = correlationOf(sample, size);
  const average = size === 1 ? 0 : (sumOf(correlation) - size) / (size * (size - 1));
  const deviation = Float64Array.from({ length: size }, (_, index) => Math.sqrt(sample[index * (size + 1)]!));
  return {
    matrix: symmetric(size, (i, j) =>
      i === j ? sample[i * (size + 1)]! : average * deviation[i]! * deviation[j]!,
    ),
    gain: (centred, given) => {
      const variances = variancesOfEntries(centred, given);
      let together = 0;
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          together +=
            i === j
              ? variances[i * (size + 1)]!
              : average * (deviation[j]! / deviation[i]!) * crossTerm(centred, given, i, j);
      return sumOf(variances) - together;
    },
  };
}

/** ϑᵢᵢ,ᵢⱼ, the asymptotic covariance of √n sᵢᵢ and √n sᵢⱼ: mean of (xᵢ² − sᵢᵢ)(xᵢxⱼ − sᵢⱼ). */
function crossTerm(centred: readonly Float64Array[], sample: Float64Array, i: number, j: number): number {
  const size = centred.length;
  const [left, right] = [centred[i]!, centred[j]!];
  const [variance, covariance] = [sample[i * (size + 1)]!, sample[i * size + j]!];
  let sum = 0;
  for (let at = 0; at < left.length; at++)
    sum += (left[at]! ** 2 - variance) * (left[at]! * right[at]! - covariance);
  return sum / left.length;
}
