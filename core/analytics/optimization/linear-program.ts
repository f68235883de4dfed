/** Minimise costᵀx with lower ≤ x ≤ upper and least ≤ Ax ≤ most; −Infinity and Infinity leave an end open. */
export interface LinearProgram {
  readonly cost: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** A by columns: column j has the entries starts[j] to starts[j + 1] − 1 of `rows` and `values`. */
  readonly matrix: {
    readonly starts: Int32Array;
    readonly rows: Int32Array;
    readonly values: Float64Array;
  };
}

export type LinearSolution =
  | { readonly kind: 'optimal'; readonly solution: Float64Array; readonly objective: number }
  | { readonly kind: 'infeasible' }
  | { readonly kind: 'unbounded' }
  /** The solver gave up; why, in its own words. */
  | { readonly kind: 'stopped'; readonly reason: string };

/** Solves linear programs, each for itself: the same program gives the same solution. */
export interface LinearProgramSolver {
  solve(program: LinearProgram): LinearSolution;
}
