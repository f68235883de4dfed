/** Sum of products of two columns of one length. */
export function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
}

/** Ax for an n × n matrix, row by row. */
export function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const product = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let sum = 0;
    for (let column = 0, at = row * size; column < size; column++, at++) sum += matrix[at]! * vector[column]!;
    product[row] = sum;
  }
  return product;
}

export function sumOf(column: Float64Array): number {
  let sum = 0;
  for (const item of column) sum += item;
  return sum;
}
