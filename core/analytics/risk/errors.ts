/** Returns or columns that no risk figure can be computed from: the sentence names the value and what was expected. */
export class InvalidSampleError extends Error {
  readonly code = 'InvalidSample';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'InvalidSampleError';
  }
}

/** @throws InvalidSampleError naming the first item that is not finite */
export function checkFinite(what: string, sample: Float64Array): void {
  for (let index = 0; index < sample.length; index++) {
    if (!Number.isFinite(sample[index]))
      throw new InvalidSampleError(
        `${what} ${index} is ${sample[index]}; expected a finite number, leave out what is unknown`,
      );
  }
}

/** A matrix that is no covariance: some combination of its columns would have a negative variance. */
export class NotPositiveSemidefiniteError extends Error {
  readonly code = 'NotPositiveSemidefinite';
  readonly retryable = false;
  constructor(column: number, pivot: number) {
    super(
      `the matrix is no covariance: at column ${column} the variance left is ${pivot}; estimate all entries from the same periods`,
    );
    this.name = 'NotPositiveSemidefiniteError';
  }
}

/** Factors that a regression cannot tell apart. */
export class CollinearFactorsError extends Error {
  readonly code = 'CollinearFactors';
  readonly retryable = false;
  /** The factor that the others already hold. */
  readonly factor: string;
  constructor(factor: string, why: string) {
    super(`the factor ${factor} ${why}; leave it out`);
    this.name = 'CollinearFactorsError';
    this.factor = factor;
  }
}
