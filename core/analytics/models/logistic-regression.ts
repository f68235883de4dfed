import {
  checkBinaryLabels,
  checkFeatures,
  checkTable,
  type FeatureTable,
  InvalidModelInputError,
} from './feature-table.ts';
import { fitStandardisation, type Standardisation, standardise } from './standardisation.ts';

/** A fitted logistic regression on standardised features. */
export interface LogisticModel extends Standardisation {
  /** Intercept first. */
  readonly weights: Float64Array;
}

/** A logistic regression that knows its features by name, as it is registered. */
export interface NamedLogisticModel extends LogisticModel {
  readonly kind: 'logistic-regression';
  readonly features: readonly string[];
}

const MOST_ITERATIONS = 100;
const MOST_HALVINGS = 40;
/** Newton's error squares with every step: after one this small the next is far below what is stated. */
const CONVERGED = 1e-5;

/**
 * Fits by Newton's method with an L2 penalty on everything but the intercept (ridge logistic regression; le Cessie and
 * van Houwelingen 1992), minimising −log likelihood + penalty/2 · Σ weight². A step that makes this worse is halved
 * until it does not, so that no start diverges. Features are standardised with the training rows' own mean and
 * deviation; a constant feature gets weight zero, a missing value (NaN) stands at the mean.
 *
 * Takes what it is given: with labels of one class the intercept grows until `mostIterations`; a caller who wants that
 * refused uses {@link trainLogistic}.
 * @param rows features, one array a row
 * @param labels 0 or 1, or targets between them
 * @param penalty weight of the squared coefficients, in rows
 */
export function fitLogistic(
  rows: readonly Float64Array[],
  labels: ArrayLike<number>,
  penalty: number,
  mostIterations = MOST_ITERATIONS,
): LogisticModel {
  return newton(rows, labels, penalty, mostIterations).model;
}

/**
 * Trains on a table with labels 0 and 1. Classes that a feature separates have a finite optimum because the penalty is
 * above zero.
 * @throws InvalidModelInputError for a malformed table, labels other than 0 and 1, labels of one class, or a penalty
 * that is not above zero
 */
export function trainLogistic(
  table: FeatureTable,
  labels: Float64Array,
  { penalty }: { readonly penalty: number },
): NamedLogisticModel {
  const count = checkTable(table);
  checkBinaryLabels(labels, count);
  if (!(penalty > 0 && Number.isFinite(penalty)))
    throw new InvalidModelInputError(
      `the penalty is ${penalty}; give a finite one above 0, without it classes that a feature separates have no optimum`,
    );
  const { model, converged } = newton(tableRows(table, count), labels, penalty, MOST_ITERATIONS);
  if (!converged)
    throw new InvalidModelInputError(
      `the fit has not converged in ${MOST_ITERATIONS} steps at a penalty of ${penalty}; give a larger penalty`,
    );
  return { kind: 'logistic-regression', features: [...table.names], ...model };
}

/** Log odds of each row. @throws InvalidModelInputError where the table's features are not the model's */
export function predictLogOdds(model: NamedLogisticModel, table: FeatureTable): Float64Array {
  const count = checkFeatures(model.features, table);
  return Float64Array.from(tableRows(table, count), (row) => logOdds(model, row));
}

/** The log odds of the label being 1 for a row of raw features. */
export function logOdds(model: LogisticModel, row: Float64Array): number {
  const design = new Float64Array(row.length + 1);
  design[0] = 1;
  standardise(model, row, design, 1);
  return dot(design, 0, model.weights);
}

export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** ln(1 + e^value) without overflow: the loss of log odds −value. */
export const softplus = (value: number): number =>
  Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));

function tableRows({ columns }: FeatureTable, count: number): Float64Array[] {
  return Array.from({ length: count }, (_, row) => Float64Array.from(columns, (column) => column[row]!));
}

function newton(
  rows: readonly Float64Array[],
  labels: ArrayLike<number>,
  penalty: number,
  mostIterations: number,
): { readonly model: LogisticModel; readonly converged: boolean } {
  const standardisation = fitStandardisation(rows);
  const size = (rows[0]?.length ?? 0) + 1;
  const design = new Float64Array(rows.length * size);
  rows.forEach((row, index) => {
    design[index * size] = 1;
    standardise(standardisation, row, design, index * size + 1);
  });
  const weights = new Float64Array(size);
  let loss = penalisedLoss(design, labels, weights, penalty);
  let converged = false;
  for (let iteration = 0; iteration < mostIterations && !converged; iteration++) {
    const step = newtonStep(design, labels, weights, penalty);
    const before = Float64Array.from(weights);
    let fraction = 1;
    for (let halving = 0; ; halving++) {
      for (let i = 0; i < size; i++) weights[i] = before[i]! + fraction * step[i]!;
      const tried = penalisedLoss(design, labels, weights, penalty);
      if (tried <= loss + 1e-12 * (1 + Math.abs(loss)) || halving === MOST_HALVINGS) {
        loss = tried;
        break;
      }
      fraction /= 2;
    }
    converged = step.every((part) => Math.abs(part * fraction) < CONVERGED);
  }
  return { model: { ...standardisation, weights }, converged };
}

function penalisedLoss(
  design: Float64Array,
  labels: ArrayLike<number>,
  weights: Float64Array,
  penalty: number,
): number {
  const size = weights.length;
  let loss = 0;
  for (let index = 0; index < labels.length; index++) {
    const odds = dot(design, index * size, weights);
    loss += softplus(odds) - labels[index]! * odds;
  }
  for (let i = 1; i < size; i++) loss += (penalty / 2) * weights[i]! ** 2;
  return loss;
}

function newtonStep(
  design: Float64Array,
  labels: ArrayLike<number>,
  weights: Float64Array,
  penalty: number,
): Float64Array {
  const size = weights.length;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  for (let index = 0; index < labels.length; index++) {
    const at = index * size;
    const probability = sigmoid(dot(design, at, weights));
    const error = labels[index]! - probability;
    const curvature = Math.max(1e-6, probability * (1 - probability));
    for (let i = 0; i < size; i++) {
      const value = design[at + i]!;
      gradient[i] = gradient[i]! + error * value;
      const scaled = curvature * value;
      for (let j = 0; j <= i; j++) hessian[i * size + j] = hessian[i * size + j]! + scaled * design[at + j]!;
    }
  }
  for (let i = 1; i < size; i++) {
    gradient[i] = gradient[i]! - penalty * weights[i]!;
    hessian[i * size + i] = hessian[i * size + i]! + penalty;
  }
  // Keeps the matrix positive definite even without rows.
  hessian[0] = hessian[0]! + 1e-6;
  return solveSymmetric(hessian, gradient, size);
}

function dot(design: Float64Array, offset: number, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += design[offset + i]! * weights[i]!;
  return sum;
}

/** Solves A x = b for a positive definite A given by its lower triangle (Cholesky, in place). */
function solveSymmetric(lower: Float64Array, right: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      lower[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j * size + j]!;
    }
  }
  const result = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    let sum = result[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * result[k]!;
    result[i] = sum / lower[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = result[i]!;
    for (let k = i + 1; k < size; k++) sum -= lower[k * size + i]! * result[k]!;
    result[i] = sum / lower[i * size + i]!;
  }
  return result;
}
