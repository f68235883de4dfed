import { describe, expect, it } from 'vitest';
import {
  InfeasibleConstraintsError,
  InvalidOptimizationError,
  NotPositiveDefiniteError,
} from '#core/analytics/optimization/errors.ts';
import { solveQuadraticProgram } from '#core/analytics/optimization/goldfarb-idnani.ts';
import type { QuadraticProgram } from '#core/analytics/optimization/quadratic-program.ts';

const column = (...entries: number[]) => Float64Array.from(entries);
const row = (name: string, coefficients: number[], least: number, most = Number.POSITIVE_INFINITY) => ({
  name,
  coefficients: Float64Array.from(coefficients),
  least,
  most,
});
/** Nearest point to `target` under the constraints. */
const nearest = (target: number[], more: Partial<QuadraticProgram>): QuadraticProgram => ({
  variables: target.map((_, index) => String.fromCharCode(65 + index)),
  quadratic: Float64Array.from(target.flatMap((_, i) => target.map((__, j) => (i === j ? 1 : 0)))),
  linear: Float64Array.from(target, (entry) => -entry),
  ...more,
});
function refusal(program: QuadraticProgram): Error {
  try {
    solveQuadraticProgram(program);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it was solved');
}

describe('a quadratic program', () => {
  it('gives the example of the R package quadprog (Turlach and Weingessel, solve.QP)', () => {
    const { solution, objective, binding } = solveQuadraticProgram(
      nearest([0, 5, 0], {
        rows: [row('one', [-4, -3, 0], -8), row('two', [2, 1, 0], 2), row('three', [0, -2, 1], 0)],
      }),
    );
    [0.4761905, 1.047619, 2.0952381].forEach((entry, index) => {
      expect(solution[index]).toBeCloseTo(entry, 7);
    });
    expect(objective).toBeCloseTo(-2.380952, 6);
    expect(binding.map(({ name }) => name).toSorted()).toEqual(['three ≥ 0', 'two ≥ 2']);
  });
  it('without constraints is the solution of the linear system', () => {
    const { solution, binding } = solveQuadraticProgram({
      variables: ['A', 'B'],
      quadratic: column(2, 1, 1, 2),
      linear: column(-3, -3),
    });
    expect([...solution]).toEqual([expect.closeTo(1, 14), expect.closeTo(1, 14)]);
    expect(binding).toEqual([]);
  });
  it('drops a constraint again that a later one makes idle', () => {
    // From (−1, −2) the nearest to the bounds is A = B = 0; the row then leaves B ≥ 0 alone with it.
    const { solution, binding } = solveQuadraticProgram(
      nearest([-1, -2], { lower: column(0, 0), rows: [row('far', [1, 0.1], 3)] }),
    );
    expect([...solution]).toEqual([3, 0]);
    expect(binding.map(({ name }) => name)).toEqual(expect.arrayContaining(['B ≥ 0', 'far ≥ 3']));
    expect(binding).toHaveLength(2);
  });
  it('tells for each binding constraint how the objective answers to its end', () => {
    const at = (end: number, cap: number) =>
      solveQuadraticProgram(nearest([4, 3], { upper: column(cap, 9), rows: [row('sum', [1, 1], end, end)] }));
    const { binding } = at(2, 0.5);
    const multiplier = (name: string) => binding.find((one) => one.name === name)?.multiplier;
    expect(multiplier('sum = 2')).toBeCloseTo((at(2 + 1e-6, 0.5).objective - at(2, 0.5).objective) / 1e-6, 5);
    expect(multiplier('A ≤ 0.5')).toBeCloseTo((at(2, 0.5).objective - at(2, 0.5 + 1e-6).objective) / 1e-6, 5);
    expect(multiplier('sum = 2')).toBeLessThan(0);
  });
  it('says which constraint cannot be met, by how much, and what stands against it', () => {
    const error = refusal(
      nearest([0, 0, 0, 0], {
        lower: column(0, 0, 0, -5),
        upper: column(0.3, 0.3, 0.3, 5),
        rows: [row('budget', [1, 1, 1, 0], 1, 1)],
      }),
    );
    expect(error).toBeInstanceOf(InfeasibleConstraintsError);
    if (!(error instanceof InfeasibleConstraintsError)) return;
    expect(error.code).toBe('InfeasibleConstraints');
    expect(error.shortfall).toBeCloseTo(0.1, 12);
    expect([error.constraint, ...error.conflicting].toSorted()).toEqual(
      ['A ≤ 0.3', 'B ≤ 0.3', 'C ≤ 0.3', 'budget = 1'].toSorted(),
    );
    expect(error.message).toMatch(/cannot be met: .* relax one of them/);
  });
  it('can be solved once the named constraint is relaxed by the shortfall, and not for less', () => {
    const program = (relaxed: string, by: number) => {
      const least = (name: string, end: number) => (relaxed === `${name} ≥ ${end}` ? end - by : end);
      return nearest([0, 0], {
        lower: column(least('A', 0), least('B', 0)),
        rows: [row('much', [1, 2], least('much', 4)), row('little', [-1, -1], least('little', -1))],
      });
    };
    const error = refusal(program('', 0));
    if (!(error instanceof InfeasibleConstraintsError)) throw error;
    const { constraint, shortfall } = error;
    expect(solveQuadraticProgram(program(constraint, shortfall + 1e-6)).solution).toHaveLength(2);
    expect(refusal(program(constraint, shortfall - 1e-6))).toBeInstanceOf(InfeasibleConstraintsError);
  });
  it('takes equalities that repeat each other, and refuses those that contradict each other', () => {
    const rows = (second: number) => [row('one', [1, 1], 1, 1), row('two', [2, 2], second, second)];
    expect([...solveQuadraticProgram(nearest([0, 0], { rows: rows(2) })).solution]).toEqual([
      expect.closeTo(0.5, 14),
      expect.closeTo(0.5, 14),
    ]);
    expect(refusal(nearest([0, 0], { rows: rows(3) })).message).toMatch(/^two = 3 cannot be met: 2 is/);
  });
  it('finds a corner in which more constraints meet than there are variables', () => {
    const { solution } = solveQuadraticProgram(
      nearest([9, 9], {
        upper: column(1, 1),
        rows: [
          row('sum', [1, 1], -Infinity, 2),
          row('double', [2, 1], -Infinity, 3),
          row('treble', [1, 3], -Infinity, 4),
        ],
      }),
    );
    expect([...solution]).toEqual([expect.closeTo(1, 13), expect.closeTo(1, 13)]);
  });
  it('loses no digits where the unconstrained minimum is far away', () => {
    // The slope of 10⁹ wants B as high as the row lets it be, which is with A and C at their lower bounds.
    const { solution, binding } = solveQuadraticProgram({
      variables: ['A', 'B', 'C'],
      quadratic: column(4, 2, 1, 2, 3, 1, 1, 1, 2),
      linear: column(0, -1e9, 7e8),
      lower: column(-1, 0, 0),
      upper: column(1, 1, 1),
      rows: [row('sum', [0.1, 1, 1], 0.7, 0.7)],
    });
    expect([...solution]).toEqual([-1, expect.closeTo(0.8, 14), 0]);
    expect(binding).toHaveLength(3);
  });
  it('names the variable at which a semidefinite or indefinite term has no unique minimum', () => {
    const semidefinite = { variables: ['A', 'B'], quadratic: column(1, 1, 1, 1), linear: column(-1, -1) };
    const error = refusal(semidefinite);
    expect(error).toBeInstanceOf(NotPositiveDefiniteError);
    expect(error.message).toMatch(/not positive definite at B \(pivot 0\)/);
    expect(refusal({ ...semidefinite, quadratic: column(1, 2, 2, 1) })).toBeInstanceOf(
      NotPositiveDefiniteError,
    );
    expect(refusal({ ...semidefinite, quadratic: column(0, 0, 0, 1) }).message).toMatch(/at A/);
  });
  it('has the minimum of least length where a small ridge is given, and leaves the ridge out of the objective', () => {
    const { solution, objective } = solveQuadraticProgram({
      variables: ['A', 'B'],
      quadratic: column(1, 1, 1, 1),
      linear: column(-1, -1),
      ridge: 1e-9,
    });
    expect([...solution]).toEqual([expect.closeTo(0.5, 8), expect.closeTo(0.5, 8)]);
    expect(objective).toBeCloseTo(-0.5, 12);
  });
  it.each<[string, QuadraticProgram, RegExp]>([
    ['no variables', nearest([], {}), /there are no names/],
    ['a name given twice', nearest([1, 1], { variables: ['A', 'A'] }), /A is named twice/],
    ['a wrong length', nearest([1, 1], { quadratic: column(1) }), /has 1 entries for 2 names; expected 4/],
    ['a NaN', nearest([1, 1], { linear: column(1, Number.NaN) }), /the linear term of B is NaN/],
    ['an Infinity', nearest([1, 1], { quadratic: column(1, 0, 0, Infinity) }), /of B and B is Infinity/],
    [
      'asymmetry',
      nearest([1, 1], { quadratic: column(1, 0.2, 0.1, 1) }),
      /not symmetric: 0.1 for B, A and 0.2/,
    ],
    ['bounds the wrong way round', nearest([1], { lower: column(2), upper: column(1) }), /from 2 to 1/],
    ['a bound that is NaN', nearest([1], { lower: column(Number.NaN) }), /the bound of A goes from NaN/],
    ['too few bounds', nearest([1, 1], { upper: column(1) }), /1 upper bounds for 2 variables/],
    ['a row without coefficients', nearest([1], { rows: [row('none', [0], 1)] }), /none has no coefficient/],
    [
      'a row of wrong length',
      nearest([1], { rows: [row('r', [1, 1], 1)] }),
      /r: the coefficient has 2 entries/,
    ],
    ['a negative ridge', nearest([1], { ridge: -1 }), /ridge is -1/],
  ])('refuses %s', (_, program, message) => {
    const error = refusal(program);
    expect(error).toBeInstanceOf(InvalidOptimizationError);
    expect(error.message).toMatch(message);
  });
});
