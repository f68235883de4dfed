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
/** Newton's error squares with every step: after one this small the next is far below what is stated, and nothing overshoots. */
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
 * @param start a model of similar rows, from which fewer steps lead to the same optimum
 */
export function fitLogistic(
  rows: readonly Float64Array[],
  labels: ArrayLike<number>,
  penalty: number,
  mostIterations = MOST_ITERATIONS,
  start?: LogisticModel,
): LogisticModel {
  return newton(rows, labels, penalty, mostIterations, start).model;
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
  start?: LogisticModel,
): { readonly model: LogisticModel; readonly converged: boolean } {
  const standardisation = fitStandardisation(rows);
  const design = designMatrix(rows, standardisation);
  const size = standardisation.means.length + 1;
  let here = objectiveOf(size);
  let tried = objectiveOf(size);
  const terms = { error: new Float64Array(labels.length), curvature: new Float64Array(labels.length) };
  if (start?.weights.length === size) here.weights.set(start.weights);
  evaluate(here, design, labels, penalty, terms);
  let converged = false;
  for (let iteration = 0; iteration < mostIterations && !converged; iteration++) {
    const step = solveSymmetric(here.hessian, here.gradient, size);
    converged = step.every((part) => Math.abs(part) < CONVERGED);
    if (converged) {
      addScaled(here.weights, step, 1, here.weights);
      break;
    }
    let fraction = 1;
    for (let halving = 0; ; halving++) {
      addScaled(here.weights, step, fraction, tried.weights);
      evaluate(tried, design, labels, penalty, terms);
      if (tried.loss <= here.loss + 1e-12 * (1 + Math.abs(here.loss)) || halving === MOST_HALVINGS) break;
      fraction /= 2;
    }
    [here, tried] = [tried, here];
    converged = step.every((part) => Math.abs(part * fraction) < CONVERGED);
  }
  return { model: { ...standardisation, weights: here.weights }, converged };
}

/** Writes `from` + `fraction` × `step`. */
function addScaled(from: Float64Array, step: Float64Array, fraction: number, into: Float64Array): void {
  for (let i = 0; i < from.length; i++) into[i] = from[i]! + fraction * step[i]!;
}

/** Rows of one and the standardised features, one after the other. */
function designMatrix(rows: readonly Float64Array[], standardisation: Standardisation): Float64Array {
  const size = standardisation.means.length + 1;
  const design = new Float64Array(rows.length * size);
  rows.forEach((row, index) => {
    design[index * size] = 1;
    standardise(standardisation, row, design, index * size + 1);
  });
  return design;
}

/** The penalised loss at some weights, with the downhill gradient and the lower triangle of the Hessian there. */
interface Objective {
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  loss: number;
}

const objectiveOf = (size: number): Objective => ({
  weights: new Float64Array(size),
  gradient: new Float64Array(size),
  hessian: new Float64Array(size * size),
  loss: 0,
});

/** What each row adds to gradient and Hessian: its error, and how sharply its likelihood bends. */
interface RowTerms {
  readonly error: Float64Array;
  readonly curvature: Float64Array;
}

/** Fills in loss, gradient and Hessian, for all of which one exponential a row is needed. `terms` is scratch. */
function evaluate(
  at: Objective,
  design: Float64Array,
  labels: ArrayLike<number>,
  penalty: number,
  terms: RowTerms,
): void {
  const { weights, gradient, hessian } = at;
  const size = weights.length;
  let loss = weighRows(design, labels, weights, terms);
  addRows(at, design, terms);
  for (let i = 1; i < size; i++) {
    loss += (penalty / 2) * weights[i]! ** 2;
    gradient[i]! -= penalty * weights[i]!;
    hessian[i * size + i]! += penalty;
  }
  // Keeps the matrix positive definite even without rows.
  hessian[0]! += 1e-6;
  at.loss = loss;
}

/** Fills in the terms of all rows and gives the loss without its penalty. */
function weighRows(
  design: Float64Array,
  labels: ArrayLike<number>,
  weights: Float64Array,
  { error, curvature }: RowTerms,
): number {
  let loss = 0;
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!;
    const odds = dot(design, index * weights.length, weights);
    const small = Math.exp(-Math.abs(odds));
    const probability = (odds >= 0 ? 1 : small) / (1 + small);
    loss += Math.max(odds, 0) + Math.log1p(small) - label * odds;
    error[index] = label - probability;
    curvature[index] = Math.max(1e-6, probability * (1 - probability));
  }
  return loss;
}

/** Rows added at once: each cell is then read and written once for all of them. */
const ROWS_AT_ONCE = 4;

/** Sums gradient and lower triangle of the Hessian over the rows, each cell in the order of the rows. */
function addRows({ gradient, hessian }: Objective, design: Float64Array, terms: RowTerms): void {
  gradient.fill(0);
  hessian.fill(0);
  const { error, curvature } = terms;
  const size = gradient.length;
  const count = error.length;
  let index = 0;
  for (; index + ROWS_AT_ONCE <= count; index += ROWS_AT_ONCE) {
    const first = index * size;
    const second = first + size;
    const third = second + size;
    const fourth = third + size;
    for (let i = 0, cell = 0; i < size; i++, cell = i * size) {
      const a = design[first + i]!;
      const b = design[second + i]!;
      const c = design[third + i]!;
      const d = design[fourth + i]!;
      gradient[i] =
        gradient[i]! +
        error[index]! * a +
        error[index + 1]! * b +
        error[index + 2]! * c +
        error[index + 3]! * d;
      const scaledA = curvature[index]! * a;
      const scaledB = curvature[index + 1]! * b;
      const scaledC = curvature[index + 2]! * c;
      const scaledD = curvature[index + 3]! * d;
      for (let j = 0; j <= i; j++)
        hessian[cell + j] =
          hessian[cell + j]! +
          scaledA * design[first + j]! +
          scaledB * design[second + j]! +
          scaledC * design[third + j]! +
          scaledD * design[fourth + j]!;
    }
  }
  for (; index < count; index++) {
    const row = index * size;
    for (let i = 0, cell = 0; i < size; i++, cell = i * size) {
      const value = design[row + i]!;
      gradient[i]! += error[index]! * value;
      const scaled = curvature[index]! * value;
      for (let j = 0; j <= i; j++) hessian[cell + j]! += scaled * design[row + j]!;
    }
  }
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
