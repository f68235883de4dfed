import { checkFinite, InvalidSampleError, NotPositiveSemidefiniteError } from './errors.ts';
import { checkDecay, DAILY_DECAY } from './ewma.ts';

/*
 * Returns are columns, one an asset, all over the same periods. Matrices are columns of n × n numbers, row by row, in
 * squared units of the returns and of one period.
 */

/**
 * @param names of the columns in messages; their numbers without them
 * @returns how many rows there are
 * @throws InvalidSampleError for no column, columns of different length, too few rows, or an item that is not finite
 */
export function checkColumns(
  columns: readonly Float64Array[],
  leastRows: number,
  names: readonly string[] = columns.map((_, index) => `column ${index}`),
): number {
  const [first] = columns;
  if (first === undefined) throw new InvalidSampleError('there are no columns; give one for each asset');
  columns.forEach((column, index) => {
    if (column.length !== first.length)
      throw new InvalidSampleError(
        `${names[index]} has ${column.length} returns and ${names[0]} has ${first.length}; align them on common periods`,
      );
    checkFinite(`return of ${names[index]} at`, column);
  });
  if (first.length < leastRows)
    throw new InvalidSampleError(`there are ${first.length} returns; at least ${leastRows} are needed`);
  return first.length;
}

/** Columns less their own means, added up in order. */
export function demeaned(columns: readonly Float64Array[]): readonly Float64Array[] {
  return columns.map((column) => {
    const mean = column.reduce((sum, item) => sum + item, 0) / column.length;
    return column.map((item) => item - mean);
  });
}

/** A symmetric matrix from an entry for each pair j ≤ i. */
export function symmetric(size: number, entry: (i: number, j: number) => number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      matrix[i * size + j] = entry(i, j);
      matrix[j * size + i] = matrix[i * size + j]!;
    }
  }
  return matrix;
}

/** Sums of products of centred columns, over `divisor`. */
export function productMoments(centred: readonly Float64Array[], divisor: number): Float64Array {
  return symmetric(centred.length, (i, j) => {
    const [left, right] = [centred[i]!, centred[j]!];
    let sum = 0;
    for (let at = 0; at < left.length; at++) sum += left[at]! * right[at]!;
    return sum / divisor;
  });
}

/**
 * Sample covariance, ddof 1.
 * @throws InvalidSampleError for fewer than two returns, columns of different length, or one that is not finite
 */
export function sampleCovariance(columns: readonly Float64Array[]): Float64Array {
  const rows = checkColumns(columns, 2);
  return productMoments(demeaned(columns), rows - 1);
}

/**
 * Covariance after the last return by exponential weights λʲ around means of zero, normalised to sum to 1: the unseeded
 * form of `ewmaVariance` for every pair. J.P. Morgan/Reuters, RiskMetrics Technical Document (1996), 5.2.
 * @throws InvalidSampleError as {@link sampleCovariance}, from one return on, and for a decay outside (0, 1)
 */
export function ewmaCovariance(columns: readonly Float64Array[], decay = DAILY_DECAY): Float64Array {
  checkDecay(decay);
  const rows = checkColumns(columns, 1);
  let weights = 0;
  for (let row = 0; row < rows; row++) weights = decay * weights + 1;
  return symmetric(columns.length, (i, j) => {
    const [left, right] = [columns[i]!, columns[j]!];
    let sum = 0;
    for (let at = 0; at < rows; at++) sum = decay * sum + left[at]! * right[at]!;
    return sum / weights;
  });
}

/**
 * Correlations of a covariance matrix; exactly 1 on the diagonal.
 * @throws InvalidSampleError naming the column whose variance is not above zero: it has no correlation with anything
 */
export function correlationOf(covariance: Float64Array, size: number): Float64Array {
  checkSquare(covariance, size);
  const deviations = Float64Array.from({ length: size }, (_, index) => {
    const variance = covariance[index * (size + 1)]!;
    if (!(variance > 0))
      throw new InvalidSampleError(
        `the variance of column ${index} is ${variance}; leave out what does not move`,
      );
    return Math.sqrt(variance);
  });
  return symmetric(size, (i, j) =>
    i === j ? 1 : Math.min(1, Math.max(-1, covariance[i * size + j]! / (deviations[i]! * deviations[j]!))),
  );
}

/** What is left of a standardised variance below this, per column, is rounding. */
const ROUNDING = 1e-12;
/** Variances below this have lost digits to the smallest double: they count as none. */
const LEAST_VARIANCE = 1e-290;

/**
 * A matrix A with AAᵀ equal to a positive semidefinite matrix: Cholesky of the correlations, the largest pivot first
 * (Higham 2002, 10.3), scaled back. Columns without anything left are zero, so that it exists for a definite matrix and
 * for one in which assets make up others.
 * @throws NotPositiveSemidefiniteError naming a column with which some combination would have a negative variance
 * @throws InvalidSampleError for a wrong length, an entry that is not finite, or mirrored entries that differ
 */
export function semidefiniteFactor(matrix: Float64Array, size: number): Float64Array {
  checkSquare(matrix, size);
  const deviations = Float64Array.from({ length: size }, (_, index) => deviationOf(matrix, size, index));
  const left = symmetric(size, (i, j) => {
    const scale = deviations[i]! * deviations[j]!;
    return scale > 0 ? matrix[i * size + j]! / scale : 0;
  });
  const factor = new Float64Array(size * size);
  const open = new Set(deviations.keys());
  for (let step = 0; open.size > 0; step++) {
    const pivot = largestPivot(left, size, open);
    const variance = left[pivot * (size + 1)]!;
    if (variance <= ROUNDING * size) break;
    open.delete(pivot);
    factor[pivot * size + step] = Math.sqrt(variance);
    for (const row of open) factor[row * size + step] = left[row * size + pivot]! / Math.sqrt(variance);
    for (const row of open)
      for (const column of open)
        left[row * size + column]! -= factor[row * size + step]! * factor[column * size + step]!;
  }
  for (const row of open)
    for (const column of open) {
      const rest = row === column ? -left[row * (size + 1)]! : Math.abs(left[row * size + column]!);
      if (rest > 10 * ROUNDING * size)
        throw new NotPositiveSemidefiniteError(row, -rest * deviations[row]! * deviations[column]!);
    }
  return factor.map((entry, at) => entry * deviations[Math.floor(at / size)]!);
}

/** Standard deviation of a column; 0 where it has none, and then nothing to do with the others either. */
function deviationOf(matrix: Float64Array, size: number, index: number): number {
  const variance = matrix[index * (size + 1)]!;
  if (variance < 0) throw new NotPositiveSemidefiniteError(index, variance);
  if (variance >= LEAST_VARIANCE) return Math.sqrt(variance);
  for (let other = 0; other < size; other++) {
    const covariance = Math.abs(matrix[index * size + other]!);
    const bound = Math.sqrt(LEAST_VARIANCE) * Math.sqrt(Math.abs(matrix[other * (size + 1)]!));
    if (covariance > Math.max(LEAST_VARIANCE, bound))
      throw new NotPositiveSemidefiniteError(index, -covariance);
  }
  return 0;
}

function largestPivot(left: Float64Array, size: number, open: ReadonlySet<number>): number {
  let [best, most] = [-1, Number.NEGATIVE_INFINITY];
  for (const index of open) {
    const variance = left[index * (size + 1)]!;
    if (variance > most) [best, most] = [index, variance];
  }
  return best;
}

/** @throws InvalidSampleError for a wrong length, an entry that is not finite, or mirrored entries that differ */
export function checkSquare(matrix: Float64Array, size: number): void {
  if (!Number.isInteger(size) || size < 1 || matrix.length !== size * size)
    throw new InvalidSampleError(`the matrix has ${matrix.length} entries; expected ${size} × ${size}`);
  checkFinite('matrix entry', matrix);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) {
      const [entry, mirrored] = [matrix[i * size + j]!, matrix[j * size + i]!];
      const scale = Math.sqrt(Math.abs(matrix[i * (size + 1)]! * matrix[j * (size + 1)]!));
      if (Math.abs(entry - mirrored) > 1e-10 * Math.max(scale, Math.abs(entry)))
        throw new InvalidSampleError(
          `the matrix has ${entry} at ${i}, ${j} and ${mirrored} the other way round; expected a symmetric one`,
        );
    }
}
