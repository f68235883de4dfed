import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { type Figure, undefinedBecause, value } from '../series.ts';
import type { GarchCoordinates } from './garch-coordinates.ts';
import { GARCH_ORDER, type GarchParameterName, garchLogLikelihood } from './garch-likelihood.ts';

/** Standard errors of one parameter, in its units. */
export interface GarchStandardErrors {
  /** From the inverse Hessian: right where the innovations are normal. */
  readonly hessian: Figure;
  /** From H⁻¹(Σ s sᵀ)H⁻¹, s the scores: right for other innovations too. Bollerslev and Wooldridge (1992). */
  readonly robust: Figure;
}

/** Step of the central differences, relative to a standardised parameter of size 1 or a tenth of it. */
const STEP = 1e-5;
/** Newton steps at most, and the rise of the log-likelihood still to be had at which they end. */
const POLISH_STEPS = 8;
const RISE = 1e-18;
/** A rise below this is beyond what a parameter can be told by: the maximum is reached. */
const TOLERATED_RISE = 1e-8;

function gradientAt(
  returns: Float64Array,
  coordinates: GarchCoordinates,
  values: Float64Array,
): Float64Array {
  const gradient = new Float64Array(GARCH_ORDER.length);
  garchLogLikelihood(returns, coordinates.parameters(values), { gradient });
  return coordinates.gradient(gradient);
}

/** Negated Hessian of the log-likelihood by the free coordinates: central differences of the analytic gradient. */
function information(returns: Float64Array, coordinates: GarchCoordinates, values: Float64Array): Matrix {
  const size = values.length;
  const slopes = Array.from(values, (entry, index) => {
    const step = STEP * Math.min(1, Math.max(0.1, Math.abs(entry)));
    const moved = (sign: number) => {
      const point = values.slice();
      point[index]! += sign * step;
      return gradientAt(returns, coordinates, point);
    };
    const [up, down] = [moved(1), moved(-1)];
    return up.map((item, place) => (item - down[place]!) / (2 * step));
  });
  const matrix = new Matrix(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      matrix.set(row, column, -(slopes[row]![column]! + slopes[column]![row]!) / 2);
  return matrix;
}

/**
 * Newton steps to a maximum inside the domain.
 * @returns nothing where the likelihood is not concave, or is still to rise after the last step
 */
export function polish(
  returns: Float64Array,
  coordinates: GarchCoordinates,
  start: Float64Array,
): { readonly values: Float64Array; readonly logLikelihood: number } | undefined {
  let values = start;
  for (let step = 0; ; step++) {
    const logLikelihood = garchLogLikelihood(returns, coordinates.parameters(values));
    const gradient = gradientAt(returns, coordinates, values);
    const factor = new CholeskyDecomposition(information(returns, coordinates, values));
    if (!gradient.every(Number.isFinite) || !factor.isPositiveDefinite()) return undefined;
    const move = factor.solve(Matrix.columnVector(gradient)).getColumn(0);
    const rise = gradient.reduce((sum, entry, index) => sum + (entry * move[index]!) / 2, 0);
    const reached = rise < TOLERATED_RISE ? { values, logLikelihood } : undefined;
    if (rise < RISE || step === POLISH_STEPS) return reached;
    const next = values.map((entry, index) => entry + move[index]!);
    if (!coordinates.inside(next)) return reached;
    const there = garchLogLikelihood(returns, coordinates.parameters(next));
    if (!(there >= logLikelihood - 1e-12 * Math.abs(logLikelihood))) return reached;
    values = next;
  }
}

/**
 * Standard errors of all parameters at a maximum. Where a coordinate is held at its bound, those of the others
 * are conditional on it: asymptotic normality does not hold across a bound (Andrews 1999).
 * @param returns standardised, and `values` of the free coordinates in the same units
 * @param deviation by which the returns were divided
 */
export function garchStandardErrors(
  returns: Float64Array,
  coordinates: GarchCoordinates,
  values: Float64Array,
  deviation: number,
  explosive: boolean,
): Readonly<Record<GarchParameterName, GarchStandardErrors>> {
  const covariances = explosive ? undefined : covariancesOf(returns, coordinates, values);
  const figureOf = (name: GarchParameterName, covariance: Float64Array | undefined): Figure => {
    if (explosive) return undefinedBecause('persistence is at its bound of 1');
    if (covariance === undefined) return undefinedBecause('the likelihood is flat at its maximum');
    const variance = coordinates.varianceOf(name, covariance);
    if (variance === undefined)
      return undefinedBecause(`${name} is no parameter of the model or held at its bound`);
    const unit = name === 'mean' ? deviation : name === 'omega' ? deviation ** 2 : 1;
    return value(unit * Math.sqrt(variance));
  };
  const errorsOf = (name: GarchParameterName): GarchStandardErrors => ({
    hessian: figureOf(name, covariances?.hessian),
    robust: figureOf(name, covariances?.robust),
  });
  return {
    mean: errorsOf('mean'),
    omega: errorsOf('omega'),
    alpha: errorsOf('alpha'),
    gamma: errorsOf('gamma'),
    beta: errorsOf('beta'),
    degrees: errorsOf('degrees'),
  };
}

interface Covariances {
  readonly hessian: Float64Array;
  readonly robust: Float64Array;
}

function covariancesOf(
  returns: Float64Array,
  coordinates: GarchCoordinates,
  values: Float64Array,
): Covariances | undefined {
  const factor = new CholeskyDecomposition(information(returns, coordinates, values));
  if (!factor.isPositiveDefinite()) return undefined;
  const inverse = factor.solve(Matrix.eye(values.length));
  const scores = new Float64Array(returns.length * GARCH_ORDER.length);
  garchLogLikelihood(returns, coordinates.parameters(values), { scores });
  const outer = Matrix.zeros(values.length, values.length);
  for (let at = 0; at < scores.length; at += GARCH_ORDER.length) {
    const score = coordinates.gradient(scores.subarray(at, at + GARCH_ORDER.length));
    for (let row = 0; row < score.length; row++)
      for (let column = 0; column < score.length; column++)
        outer.set(row, column, outer.get(row, column) + score[row]! * score[column]!);
  }
  const flat = (matrix: Matrix) => Float64Array.from(matrix.to1DArray());
  return { hessian: flat(inverse), robust: flat(inverse.mmul(outer).mmul(inverse)) };
}
