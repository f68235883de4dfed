import highsPackage, { type Highs } from 'highs';
import type {
  LinearProgram,
  LinearProgramSolver,
  LinearSolution,
} from '#core/analytics/optimization/linear-program.ts';

type Loader = typeof highsPackage.default;

/** The package types its CommonJS build; what an ES module imports is the loader itself. */
const isLoader = (imported: unknown): imported is Loader => typeof imported === 'function';

/** Loads HiGHS (dual simplex, WebAssembly, one thread) once; solving is synchronous afterwards and has no state. */
export async function loadHighsSolver(): Promise<LinearProgramSolver> {
  if (!isLoader(highsPackage))
    throw new TypeError('the package highs exports no loader; expected a function');
  const highs = await highsPackage();
  return { solve: (program) => solve(highs, program) };
}

/** Fixed, so that the same program takes the same path; the tolerances are the tightest that HiGHS takes seriously. */
const OPTIONS = {
  output_flag: false,
  solver: 'simplex',
  random_seed: 0,
  primal_feasibility_tolerance: 1e-9,
  dual_feasibility_tolerance: 1e-9,
} as const;

function solve(highs: Highs, program: LinearProgram): LinearSolution {
  const { cost, lower, upper, least, most, matrix } = program;
  const { optimal, infeasible, unbounded } = highs.constants.modelStatus;
  return highs.withModel(
    {
      numCols: cost.length,
      numRows: least.length,
      colCost: cost,
      colLower: lower,
      colUpper: upper,
      rowLower: least,
      rowUpper: most,
      matrix: {
        format: 'csc',
        numRows: least.length,
        numCols: cost.length,
        starts: matrix.starts,
        indices: matrix.rows,
        values: matrix.values,
      },
    },
    (model): LinearSolution => {
      model.options.set(OPTIONS);
      model.run();
      const status = model.getModelStatus();
      if (status === optimal)
        return {
          kind: 'optimal',
          solution: model.getSolution().colValue,
          objective: model.getObjectiveValue(),
        };
      if (status === infeasible) return { kind: 'infeasible' };
      if (status === unbounded) return { kind: 'unbounded' };
      return { kind: 'stopped', reason: `HiGHS ends with model status ${status}` };
    },
  );
}
