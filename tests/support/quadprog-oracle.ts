import { createRequire } from 'node:module';
import type { QuadraticProgram } from '#core/analytics/optimization/quadratic-program.ts';

interface QuadprogResult {
  readonly solution: readonly number[];
  readonly value: readonly number[];
  readonly message: string;
}

const quadprog: {
  solveQP(
    quadratic: number[][],
    linear: number[],
    normals: number[][],
    bounds: number[],
    equalities: number,
  ): QuadprogResult;
} = createRequire(import.meta.url)('quadprog');

/** Solves a program with the npm package `quadprog`, which counts from 1. Undefined where it says that there is no solution. */
export function quadprogSolution(
  program: QuadraticProgram,
): { readonly solution: Float64Array; readonly objective: number } | undefined {
  const size = program.variables.length;
  const equalities: (readonly [number[], number])[] = [];
  const inequalities: (readonly [number[], number])[] = [];
  const add = (normal: number[], least: number, most: number) => {
    if (least === most) {
      equalities.push([normal, least]);
      return;
    }
    if (Number.isFinite(least)) inequalities.push([normal, least]);
    if (Number.isFinite(most)) inequalities.push([normal.map((entry) => -entry), -most]);
  };
  for (const { coefficients, least, most } of program.rows ?? []) add([...coefficients], least, most);
  for (let index = 0; index < size; index++) {
    const unit = new Array<number>(size).fill(0);
    unit[index] = 1;
    add(unit, program.lower?.[index] ?? -Infinity, program.upper?.[index] ?? Infinity);
  }
  const sides = [...equalities, ...inequalities];
  if (sides.length === 0) sides.push([new Array<number>(size).fill(0), -1]);
  const result = quadprog.solveQP(
    [
      [],
      ...Array.from({ length: size }, (_, i) => [0, ...program.quadratic.subarray(i * size, (i + 1) * size)]),
    ],
    [0, ...program.linear.map((entry) => -entry)],
    [[0], ...Array.from({ length: size }, (_, i) => [0, ...sides.map(([normal]) => normal[i]!)])],
    [0, ...sides.map(([, bound]) => bound)],
    equalities.length,
  );
  return result.message === ''
    ? { solution: Float64Array.from(result.solution.slice(1)), objective: result.value[1]! }
    : undefined;
}
