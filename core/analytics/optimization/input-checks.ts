import { InvalidOptimizationError } from './errors.ts';

/** Relative difference up to which two mirrored entries count as equal: rounding of whoever computed them. */
const SYMMETRY_TOLERANCE = 1e-10;

/**
 * @param what the matrix in messages
 * @throws InvalidOptimizationError for a wrong length, an entry that is not finite, or mirrored entries that differ
 */
export function checkSymmetric(matrix: Float64Array, names: readonly string[], what: string): void {
  const size = names.length;
  if (matrix.length !== size * size)
    throw new InvalidOptimizationError(
      `${what} has ${matrix.length} entries for ${size} names; expected ${size * size}, row by row`,
    );
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const entry = matrix[row * size + column]!;
      const mirrored = matrix[column * size + row]!;
      const bad = Number.isFinite(entry) ? mirrored : entry;
      if (!Number.isFinite(bad))
        throw new InvalidOptimizationError(
          `${what} of ${names[row]} and ${names[column]} is ${bad}; expected a finite number`,
        );
      const scale = Math.max(
        Math.abs(entry),
        Math.abs(mirrored),
        Math.sqrt(Math.abs(matrix[row * size + row]! * matrix[column * size + column]!)),
      );
      if (Math.abs(entry - mirrored) > SYMMETRY_TOLERANCE * scale)
        throw new InvalidOptimizationError(
          `${what} is not symmetric: ${entry} for ${names[row]}, ${names[column]} and ${mirrored} the other way round`,
        );
    }
  }
}

/** @throws InvalidOptimizationError for no names, an empty one, or one given twice */
export function checkNames(names: readonly string[]): void {
  if (names.length === 0) throw new InvalidOptimizationError('there are no names; at least one is needed');
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '') throw new InvalidOptimizationError('a name is empty; every one is needed in messages');
    if (seen.has(name)) throw new InvalidOptimizationError(`${name} is named twice; leave one`);
    seen.add(name);
  }
}

/** @throws InvalidOptimizationError for a column of another length than the names, or an entry that is not finite */
export function checkColumn(column: Float64Array, names: readonly string[], what: string): void {
  if (column.length !== names.length)
    throw new InvalidOptimizationError(
      `${what} has ${column.length} entries for ${names.length} names; expected one for each`,
    );
  const bad = column.findIndex((entry) => !Number.isFinite(entry));
  if (bad !== -1)
    throw new InvalidOptimizationError(
      `${what} of ${names[bad]} is ${column[bad]}; expected a finite number`,
    );
}

/** @throws InvalidOptimizationError for ends that are NaN, the wrong way round, or open on the wrong side */
export function checkEnds(least: number, most: number, what: string): void {
  if (Number.isNaN(least) || Number.isNaN(most) || least === Infinity || most === -Infinity)
    throw new InvalidOptimizationError(`${what} goes from ${least} to ${most}; expected numbers`);
  if (least > most)
    throw new InvalidOptimizationError(
      `${what} goes from ${least} to ${most}; the lower end is the higher one`,
    );
}

/** @throws InvalidOptimizationError for a number that is not finite */
export function checkFinite(number: number, what: string): number {
  if (!Number.isFinite(number))
    throw new InvalidOptimizationError(`${what} is ${number}; expected a finite number`);
  return number;
}
