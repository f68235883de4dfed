/** Square matrices here are columns of n × n numbers, row by row. */

/** The lower factor L of A = LLᵀ, or where A stops being positive definite up to rounding. */
export type CholeskyFactor =
  | { readonly kind: 'factor'; readonly lower: Float64Array }
  | { readonly kind: 'not-positive-definite'; readonly index: number; readonly pivot: number };

/**
 * Cholesky factor of a symmetric matrix; only its lower triangle is read. A pivot that is no more than rounding of its
 * own diagonal entry (10⁻¹⁵ · n) counts as zero: what would be divided by it is noise.
 */
export function choleskyFactor(matrix: Float64Array, size: number): CholeskyFactor {
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const at = row * size;
    for (let column = 0; column <= row; column++) {
      const other = column * size;
      let sum = matrix[at + column]!;
      for (let k = 0; k < column; k++) sum -= lower[at + k]! * lower[other + k]!;
      if (column < row) {
        lower[at + column] = sum / lower[other + column]!;
      } else {
        if (!(sum > 1e-15 * size * Math.abs(matrix[at + row]!)))
          return { kind: 'not-positive-definite', index: row, pivot: sum };
        lower[at + row] = Math.sqrt(sum);
      }
    }
  }
  return { kind: 'factor', lower };
}

/** L⁻ᵀ, upper triangular. */
export function inverseTransposed(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const at = row * size;
    inverse[at + row] = 1 / lower[row * size + row]!;
    for (let k = row + 1; k < size; k++) {
      const from = k * size;
      let sum = 0;
      for (let j = row; j < k; j++) sum += lower[from + j]! * inverse[at + j]!;
      inverse[at + k] = -sum / lower[from + k]!;
    }
  }
  return inverse;
}

/** x with LLᵀx = b. */
export function choleskySolve(lower: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const x = right.slice();
  for (let row = 0; row < size; row++) {
    let sum = x[row]!;
    for (let k = 0; k < row; k++) sum -= lower[row * size + k]! * x[k]!;
    x[row] = sum / lower[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    const solved = x[row]! / lower[row * size + row]!;
    x[row] = solved;
    for (let k = 0; k < row; k++) x[k]! -= lower[row * size + k]! * solved;
  }
  return x;
}
