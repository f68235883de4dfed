/** A split, a sample or a setting that a validation cannot be made of: the sentence names the value and the mend. */
export class InvalidValidationError extends Error {
  readonly code = 'InvalidValidation';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'InvalidValidationError';
  }
}

/** @throws InvalidValidationError unless `found` is a whole number from `least` to `most` */
export function requireWhole(
  name: string,
  found: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (!(Number.isSafeInteger(found) && found >= least && found <= most))
    throw new InvalidValidationError(
      `${name} ${found} is not a whole number of ${most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`}`,
    );
}

/** @throws InvalidValidationError naming the first value of `sample` that is not finite */
export function requireFinite(name: string, sample: Float64Array): void {
  const bad = sample.findIndex((item) => !Number.isFinite(item));
  if (bad !== -1)
    throw new InvalidValidationError(
      `${name} ${sample[bad]} at ${bad} is not finite; leave it out or mend it`,
    );
}
