import { beforeAll, describe, expect, it } from 'vitest';
import { loadHighsSolver } from '#adapters/highs/highs-solver.ts';
import type { LinearProgram, LinearProgramSolver } from '#core/analytics/optimization/linear-program.ts';

const column = (...entries: number[]) => Float64Array.from(entries);
/** Maximise 3x + 5y with x ≤ 4, 2y ≤ 12 and 3x + 2y ≤ 18 (Hillier and Lieberman's example: 36 at 2, 6). */
const WYNDOR: LinearProgram = {
  cost: column(-3, -5),
  lower: column(0, 0),
  upper: column(4, Infinity),
  least: column(-Infinity, -Infinity),
  most: column(12, 18),
  matrix: {
    starts: Int32Array.of(0, 1, 3),
    rows: Int32Array.of(1, 0, 1),
    values: column(3, 2, 2),
  },
};

describe('the linear programs of HiGHS', () => {
  let solver: LinearProgramSolver;
  beforeAll(async () => {
    solver = await loadHighsSolver();
  });
  it('have their optimum, again and again', () => {
    const found = solver.solve(WYNDOR);
    expect(found).toEqual({ kind: 'optimal', solution: column(2, 6), objective: -36 });
    expect(solver.solve(WYNDOR)).toEqual(found);
  });
  it('are told from those that have none', () => {
    expect(solver.solve({ ...WYNDOR, least: column(13, -Infinity), most: column(14, 5) })).toEqual({
      kind: 'infeasible',
    });
    expect(solver.solve({ ...WYNDOR, most: column(Infinity, Infinity) })).toEqual({ kind: 'unbounded' });
  });
});
