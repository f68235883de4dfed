import type { Side } from './active-set.ts';
import { InvalidOptimizationError } from './errors.ts';
import { checkColumn, checkEnds, checkNames, checkSymmetric } from './input-checks.ts';
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
