import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InfeasibleConstraintsError } from '#core/analytics/optimization/errors.ts';
import {
  type QuadraticSolution,
  solveQuadraticProgram,
} from '#core/analytics/optimization/goldfarb-idnani.ts';
import type { LinearRow, QuadraticProgram } from '#core/analytics/optimization/quadratic-program.ts';
import { type Random, seededRandom } from '#core/values/random.ts';
import { quadprogSolution } from '../../../support/quadprog-oracle.ts';

interface Shape {
  readonly seed: number;
  readonly size: number;
  readonly equalities: number;
  readonly inequalities: number;
  readonly scale: number;
}
const shapes: fc.Arbitrary<Shape> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  size: fc.integer({ min: 1, max: 14 }),
  equalities: fc.integer({ min: 0, max: 3 }),
  inequalities: fc.integer({ min: 0, max: 12 }),
  scale: fc.constantFrom(1e-6, 1, 1e4),
});

const normals = (random: Random, count: number) =>
  Float64Array.from({ length: count }, () => random.normal());

/** A random strictly convex program. With `infeasibleBy` 0 one point meets every constraint; else rows may miss it by so much. */
function programOf(
  { seed, size, equalities, inequalities, scale }: Shape,
  infeasibleBy: number,
  least = 0.05,
): QuadraticProgram {
  const random = seededRandom(seed);
  const root = normals(random, size * size);
  const quadratic = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      let sum = i === j ? least : 0;
      for (let k = 0; k < size; k++) sum += root[i * size + k]! * root[j * size + k]!;
      quadratic[i * size + j] = scale * sum;
    }
  const inside = normals(random, size);
  const row = (name: string, slack: number): LinearRow => {
    const coefficients = normals(random, size);
    const at = coefficients.reduce((sum, entry, index) => sum + entry * inside[index]!, 0);
    if (slack === 0) return { name, coefficients, least: at, most: at };
    return {
      name,
      coefficients,
      least: at - slack,
      most: random.next() < 0.5 ? at + 2 * Math.abs(slack) : Infinity,
    };
  };
  return {
    variables: Array.from({ length: size }, (_, index) => `x${index}`),
    quadratic,
    linear: normals(random, size).map((entry) => 5 * scale * entry),
    lower: inside.map((entry) => (random.next() < 0.6 ? entry - random.next() : -Infinity)),
    upper: inside.map((entry) => (random.next() < 0.6 ? entry + random.next() : Infinity)),
    rows: [
      ...Array.from({ length: Math.min(equalities, size - 1) }, (_, index) => row(`equality ${index}`, 0)),
      ...Array.from({ length: inequalities }, (_, index) =>
        row(`row ${index}`, random.next() - infeasibleBy),
      ),
    ],
  };
}

function attempt(program: QuadraticProgram): QuadraticSolution | InfeasibleConstraintsError {
  try {
    return solveQuadraticProgram(program);
  } catch (error) {
    if (error instanceof InfeasibleConstraintsError) return error;
    throw error;
  }
}

describe('the quadratic program', () => {
  it('has the optimum that quadprog finds, to 1e-8 in x and 1e-9 in the objective', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const program = programOf(shape, 0);
        const own = solveQuadraticProgram(program);
        const oracle = quadprogSolution(program);
        expect(oracle).toBeDefined();
        const size = shape.scale * (1 + Math.abs(oracle!.objective) / shape.scale);
        expect(Math.abs(own.objective - oracle!.objective)).toBeLessThanOrEqual(1e-9 * size);
        own.solution.forEach((entry, index) => {
          expect(Math.abs(entry - oracle!.solution[index]!)).toBeLessThanOrEqual(1e-8);
        });
      }),
      { seed: 21, numRuns: 400 },
    );
  });
  it('is refused as infeasible exactly where quadprog refuses it, with a shortfall above zero', () => {
    const verdicts = { solved: 0, refused: 0 };
    fc.assert(
      fc.property(shapes, (shape) => {
        const program = programOf(shape, 0.35);
        const own = attempt(program);
        const oracle = quadprogSolution(program);
        if (own instanceof InfeasibleConstraintsError) {
          verdicts.refused++;
          expect(oracle).toBeUndefined();
          expect(own.shortfall).toBeGreaterThan(0);
          expect(own.conflicting.length).toBeGreaterThan(0);
        } else {
          verdicts.solved++;
          expect(oracle).toBeDefined();
        }
      }),
      { seed: 22, numRuns: 400 },
    );
    expect(Math.min(verdicts.solved, verdicts.refused)).toBeGreaterThan(50);
  });
  it('ends where the gradient is the combination of binding normals that its multipliers say (Karush, Kuhn, Tucker)', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const program = programOf(shape, 0, 1e-9);
        const { solution, binding } = solveQuadraticProgram(program);
        const size = solution.length;
        const residual = program.linear.slice();
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) residual[i]! += program.quadratic[i * size + j]! * solution[j]!;
        for (const { name, multiplier } of binding) {
          const [subject, relation] = [name.replace(/ [=≥≤] .*/, ''), / ([=≥≤]) /.exec(name)?.[1]];
          if (relation !== '=') expect(multiplier).toBeGreaterThanOrEqual(-1e-9 * shape.scale);
          const sign = relation === '≤' ? -1 : 1;
          const row = program.rows?.find((candidate) => candidate.name === subject);
          if (row === undefined) residual[program.variables.indexOf(subject)]! -= sign * multiplier;
          else for (let i = 0; i < size; i++) residual[i]! -= sign * multiplier * row.coefficients[i]!;
        }
        const scale = Math.max(
          ...program.linear.map(Math.abs),
          ...solution.map((x) => Math.abs(x) * shape.scale),
        );
        for (const entry of residual) expect(Math.abs(entry)).toBeLessThanOrEqual(1e-10 * scale);
        for (let index = 0; index < size; index++) {
          expect(solution[index]).toBeGreaterThanOrEqual(program.lower![index]! - 1e-11);
          expect(solution[index]).toBeLessThanOrEqual(program.upper![index]! + 1e-11);
        }
        for (const { coefficients, least, most } of program.rows ?? []) {
          const at = coefficients.reduce((sum, entry, index) => sum + entry * solution[index]!, 0);
          expect(at).toBeGreaterThanOrEqual(least - 1e-10);
          expect(at).toBeLessThanOrEqual(most + 1e-10);
        }
      }),
      { seed: 23, numRuns: 400 },
    );
  });
});
