/** A fitted logistic regression on standardised features. */
export interface LogisticModel {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  /** Intercept first. */
  readonly weights: Float64Array;
}

const ITERATIONS = 8;
/** Newton's error squares with every step: after one this small the next is far below what is stated. */
const CONVERGED = 1e-5;

/**
 * Fits by Newton's method with an L2 penalty on everything but the intercept (ridge logistic regression; le Cessie and
 * van Houwelingen 1992). Features are standardised with the training rows' own mean and deviation; a constant feature
 * gets weight zero.
 * @param rows features, one array a row
 * @param penalty weight of the squared coefficients, in rows
 */
export function fitLogistic(
  rows: readonly Float64Array[],
  labels: readonly number[],
  penalty: number,
): LogisticModel {
  const width = rows[0]?.length ?? 0;
  const { means, deviations } = moments(rows, width);
  const size = width + 1;
  const design = rows.map((row) => standardised(row, means, deviations));
  const weights = new Float64Array(size);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(size * size);
    for (let index = 0; index < design.length; index++) {
      const row = design[index] as Float64Array;
      const probability = sigmoid(dot(row, weights));
      const error = (labels[index] as number) - probability;
      const curvature = Math.max(1e-6, probability * (1 - probability));
      for (let i = 0; i < size; i++) {
        const value = row[i] as number;
        gradient[i] = (gradient[i] as number) + error * value;
        const scaled = curvature * value;
        for (let j = 0; j <= i; j++) {
          hessian[i * size + j] = (hessian[i * size + j] as number) + scaled * (row[j] as number);
        }
      }
    }
    for (let i = 1; i < size; i++) {
      gradient[i] = (gradient[i] as number) - penalty * (weights[i] as number);
      hessian[i * size + i] = (hessian[i * size + i] as number) + penalty;
    }
    // Keeps the matrix positive definite even without rows.
    hessian[0] = (hessian[0] as number) + 1e-6;
    const step = solveSymmetric(hessian, gradient, size);
    let largest = 0;
    for (let i = 0; i < size; i++) {
      weights[i] = (weights[i] as number) + (step[i] as number);
      largest = Math.max(largest, Math.abs(step[i] as number));
    }
    if (largest < CONVERGED) break;
  }
  return { means, deviations, weights };
}

/** The log odds of the label being 1 for a row of raw features. */
export function logOdds(model: LogisticModel, row: Float64Array): number {
  return dot(standardised(row, model.means, model.deviations), model.weights);
}

export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] as number) * (right[i] as number);
  return sum;
}

function standardised(row: Float64Array, means: Float64Array, deviations: Float64Array): Float64Array {
  const result = new Float64Array(row.length + 1);
  result[0] = 1;
  for (let i = 0; i < row.length; i++) {
    const deviation = deviations[i] as number;
    result[i + 1] = deviation > 0 ? ((row[i] as number) - (means[i] as number)) / deviation : 0;
  }
  return result;
}

function moments(
  rows: readonly Float64Array[],
  width: number,
): { readonly means: Float64Array; readonly deviations: Float64Array } {
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (const row of rows) {
    for (let i = 0; i < width; i++) means[i] = (means[i] as number) + (row[i] as number) / rows.length;
  }
  for (const row of rows) {
    for (let i = 0; i < width; i++) {
      deviations[i] = (deviations[i] as number) + ((row[i] as number) - (means[i] as number)) ** 2;
    }
  }
  for (let i = 0; i < width; i++) {
    const deviation = Math.sqrt((deviations[i] as number) / Math.max(1, rows.length - 1));
    // Below this a deviation is the rounding of a constant.
    deviations[i] = deviation > 1e-12 * (1 + Math.abs(means[i] as number)) ? deviation : 0;
  }
  return { means, deviations };
}

/** Solves A x = b for a positive definite A given by its lower triangle (Cholesky, in place). */
function solveSymmetric(lower: Float64Array, right: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[i * size + k] as number) * (lower[j * size + k] as number);
      lower[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (lower[j * size + j] as number);
    }
  }
  const result = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    let sum = result[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[i * size + k] as number) * (result[k] as number);
    result[i] = sum / (lower[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = result[i] as number;
    for (let k = i + 1; k < size; k++) sum -= (lower[k * size + i] as number) * (result[k] as number);
    result[i] = sum / (lower[i * size + i] as number);
  }
  return result;
}
