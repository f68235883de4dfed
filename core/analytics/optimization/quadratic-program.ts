import type { Side } from './active-set.ts';
import { InvalidOptimizationError } from './errors.ts';
import { dot } from './vector.ts';

/** least ≤ coefficientsᵀx ≤ most; equal ends are an equality, −Infinity and Infinity leave an end open. */
export interface LinearRow {
  readonly name: string;
  readonly coefficients: Float64Array;
  readonly least: number;
  readonly most: number;
}

/** Minimise ½xᵀGx + aᵀx under bounds and rows. */
export interface QuadraticProgram {
  /** Names of the variables; they appear in messages. */
  readonly variables: readonly string[];
  /** G: n × n row by row, symmetric, positive definite (with the ridge, where one is given). */
  readonly quadratic: Float64Array;
  /** a. */
  readonly linear: Float64Array;
  /** −Infinity where there is none. */
  readonly lower?: Float64Array;
  /** Infinity where there is none. */
  readonly upper?: Float64Array;
  readonly rows?: readonly LinearRow[];
  /** Added to every diagonal entry of G, so that a semidefinite G has one minimum. Default 0. */
  readonly ridge?: number;
}

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

/** Everything the solver relies on, except that G is positive definite, which its factorisation shows. */
export function checkProgram(program: QuadraticProgram): void {
  const { variables, quadratic, linear, rows = [], ridge = 0 } = program;
  checkNames(variables);
  checkSymmetric(quadratic, variables, 'the quadratic term');
  checkColumn(linear, variables, 'the linear term');
  if (!Number.isFinite(ridge) || ridge < 0)
    throw new InvalidOptimizationError(`ridge is ${ridge}; expected a finite number of at least 0`);
  const { lower, upper } = boundsOf(program);
  for (const [bound, what] of [
    [lower, 'lower bounds'],
    [upper, 'upper bounds'],
  ] as const)
    if (bound.length !== variables.length)
      throw new InvalidOptimizationError(
        `there are ${bound.length} ${what} for ${variables.length} variables`,
      );
  for (const [index, name] of variables.entries())
    checkEnds(lower[index]!, upper[index]!, `the bound of ${name}`);
  for (const { name, coefficients, least, most } of rows) {
    checkColumn(coefficients, variables, `${name}: the coefficient`);
    checkEnds(least, most, name);
    if (dot(coefficients, coefficients) === 0)
      throw new InvalidOptimizationError(`${name} has no coefficient other than 0; leave it out`);
  }
}

function boundsOf({ variables, lower, upper }: QuadraticProgram) {
  return {
    lower: lower ?? new Float64Array(variables.length).fill(-Infinity),
    upper: upper ?? new Float64Array(variables.length).fill(Infinity),
  };
}

/** Every side of every constraint, equalities first. */
export function sidesOf(program: QuadraticProgram): Side[] {
  const sides: Side[] = [];
  const add = (
    name: string,
    normal: Pick<Side, 'variable' | 'coefficients' | 'length'>,
    least: number,
    most: number,
  ) => {
    if (least === most) {
      sides.push({ ...normal, name: `${name} = ${least}`, equality: true, sign: 1, bound: least });
      return;
    }
    if (least > -Infinity)
      sides.push({ ...normal, name: `${name} ≥ ${least}`, equality: false, sign: 1, bound: least });
    if (most < Infinity)
      sides.push({ ...normal, name: `${name} ≤ ${most}`, equality: false, sign: -1, bound: -most });
  };
  for (const { name, coefficients, least, most } of program.rows ?? [])
    add(
      name,
      { variable: undefined, coefficients, length: Math.sqrt(dot(coefficients, coefficients)) },
      least,
      most,
    );
  const { lower, upper } = boundsOf(program);
  program.variables.forEach((name, variable) => {
    add(name, { variable, coefficients: undefined, length: 1 }, lower[variable]!, upper[variable]!);
  });
  return [...sides.filter(({ equality }) => equality), ...sides.filter(({ equality }) => !equality)];
}
