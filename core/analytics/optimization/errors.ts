/** Input that no optimizer can work on: the sentence names the value and what was expected. */
export class InvalidOptimizationError extends Error {
  readonly code = 'InvalidOptimization';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'InvalidOptimizationError';
  }
}

/** A quadratic term without a unique minimum: semidefinite up to rounding, or not convex at all. */
export class NotPositiveDefiniteError extends Error {
  readonly code = 'NotPositiveDefinite';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'NotPositiveDefiniteError';
  }
}

/** Constraints that cannot hold together. */
export class InfeasibleConstraintsError extends Error {
  readonly code = 'InfeasibleConstraints';
  readonly retryable = false;
  /** The constraint that cannot be met. */
  readonly constraint: string;
  /** By how much it is missed at best, in its own units. */
  readonly shortfall: number;
  /** The constraints that stand against it; without any one of them it could come nearer. */
  readonly conflicting: readonly string[];
  constructor(message: string, constraint: string, shortfall: number, conflicting: readonly string[]) {
    super(message);
    this.name = 'InfeasibleConstraintsError';
    this.constraint = constraint;
    this.shortfall = shortfall;
    this.conflicting = conflicting;
  }
}

/** No portfolio within the limits is expected to earn more than the risk-free rate, so that no Sharpe ratio is above 0. */
export class NoExcessReturnError extends Error {
  readonly code = 'NoExcessReturn';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'NoExcessReturnError';
  }
}

/** An iteration that did not reach its tolerance. */
export class NotConvergedError extends Error {
  readonly code = 'NotConverged';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'NotConvergedError';
  }
}
