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

/** A budget of 1, caps of a few 1/n, and rows through the point at which every variable is 1/n; nearly singular. */
function degenerateProgram(seed: number, size: number): QuadraticProgram {
  const random = seededRandom(seed);
  const factors = 1 + random.integer(size);
  const root = normals(random, size * factors);
  const least = 10 ** -random.integer(10);
  const quadratic = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      let sum = i === j ? least : 0;
      for (let k = 0; k < factors; k++) sum += root[i * factors + k]! * root[j * factors + k]!;
      quadratic[i * size + j] = sum;
    }
  const rows = Array.from({ length: random.integer(12) }, (_, index) => {
    const coefficients = Float64Array.from(
      { length: size },
      () => random.integer(3) - (random.next() < 0.3 ? 1 : 0),
    );
    if (coefficients.every((entry) => entry === 0)) coefficients[0] = 1;
    const most = coefficients.reduce((sum, entry) => sum + entry, 0) / size;
    return { name: `row ${index}`, coefficients, least: -Infinity, most };
  });
  const slope = 10 ** random.integer(4);
  return {
    variables: Array.from({ length: size }, (_, index) => `x${index}`),
    quadratic,
    linear: normals(random, size).map((entry) => slope * entry),
    lower: new Float64Array(size),
    upper: new Float64Array(size).fill((random.next() < 0.5 ? 1 : 1 + random.integer(3)) / size),
    rows: [{ name: 'budget', coefficients: new Float64Array(size).fill(1), least: 1, most: 1 }, ...rows],
  };
}

/** Feasible, multipliers of inequalities not negative, and no gradient left that they do not explain. */
function expectOptimal(program: QuadraticProgram, violation: number): void {
  const { solution, binding } = solveQuadraticProgram(program);
  const size = solution.length;
  const residual = program.linear.slice();
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) residual[i]! += program.quadratic[i * size + j]! * solution[j]!;
  const largest = Math.max(
    ...program.linear.map(Math.abs),
    ...program.quadratic.map(Math.abs),
    ...binding.map(({ multiplier }) => Math.abs(multiplier)),
  );
  for (const { name, multiplier } of binding) {
    const [subject, relation] = [name.replace(/ [=≥≤] .*/, ''), / ([=≥≤]) /.exec(name)?.[1]];
    if (relation !== '=') expect(multiplier).toBeGreaterThanOrEqual(-1e-9 * largest);
    const sign = relation === '≤' ? -1 : 1;
    const row = program.rows?.find((candidate) => candidate.name === subject);
    if (row === undefined) residual[program.variables.indexOf(subject)]! -= sign * multiplier;
    else for (let i = 0; i < size; i++) residual[i]! -= sign * multiplier * row.coefficients[i]!;
  }
  for (const entry of residual) expect(Math.abs(entry)).toBeLessThanOrEqual(1e-11 * largest);
  for (let index = 0; index < size; index++) {
    expect(solution[index]).toBeGreaterThanOrEqual(program.lower![index]! - violation);
    expect(solution[index]).toBeLessThanOrEqual(program.upper![index]! + violation);
  }
  for (const { coefficients, least, most } of program.rows ?? []) {
    const at = coefficients.reduce((sum, entry, index) => sum + entry * solution[index]!, 0);
    expect(at).toBeGreaterThanOrEqual(least - violation);
    expect(at).toBeLessThanOrEqual(most + violation);
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
      fc.property(shapes, (shape) => expectOptimal(programOf(shape, 0, 1e-9), 1e-10)),
      { seed: 23, numRuns: 400 },
    );
  });
  it('ends there too where far more constraints meet in one point than there are variables', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 2, max: 30 }), (seed, size) =>
        expectOptimal(degenerateProgram(seed, size), 1e-9),
      ),
      { seed: 24, numRuns: 600 },
    );
  });
  it('is at the origin where nothing else is feasible, which leaves no size by which to tell rounding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 2, max: 8 }), (seed, half) => {
        // Buys and sells that cost more than they bring.
        const random = seededRandom(seed);
        const size = 2 * half;
        const root = normals(random, half).map((entry) => entry / 100);
        const sign = (index: number) => (index < half ? 1 : -1);
        const { solution } = solveQuadraticProgram({
          variables: Array.from({ length: size }, (_, index) => `x${index}`),
          quadratic: Float64Array.from({ length: size * size }, (_, at) => {
            const [i, j] = [Math.floor(at / size), at % size];
            return sign(i) * sign(j) * root[i % half]! * root[j % half]! + (i === j ? 0.2 : 0);
          }),
          linear: Float64Array.from({ length: size }, () => 1e-3 * random.next()),
          lower: new Float64Array(size),
          rows: [
            {
              name: 'sum',
              coefficients: Float64Array.from({ length: size }, (_, index) => sign(index)),
              least: 0,
              most: 0,
            },
          ],
        });
        for (const entry of solution) expect(Math.abs(entry)).toBeLessThanOrEqual(1e-15);
      }),
      { seed: 25, numRuns: 400 },
    );
  });
});
