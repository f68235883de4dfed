/** An argument at which a distribution has no value: not a number, a probability outside (0, 1), degrees out of range. */
export class DistributionDomainError extends Error {
  readonly code = 'DistributionDomain';
  readonly retryable = false;

  constructor(argument: string, found: number, expected: string) {
    super(`${argument} is ${found}: give ${expected}`);
    this.name = 'DistributionDomainError';
  }
}

/** @throws DistributionDomainError for NaN; the infinities have a value in every cumulative distribution */
export function requireNumber(argument: string, found: number): void {
  if (Number.isNaN(found)) throw new DistributionDomainError(argument, found, 'a number');
}

/** @throws DistributionDomainError unless 0 < probability < 1: at the ends a quantile is not finite */
export function requireProbability(probability: number): void {
  if (!(probability > 0 && probability < 1))
    throw new DistributionDomainError('probability', probability, 'one strictly between 0 and 1');
}

/** The work grows with the square root of the degrees; more than these differ from the normal limit by 1e-9. */
const MOST_DEGREES = 1e9;
const LEAST_DEGREES = 1e-9;

/** @throws DistributionDomainError unless degrees of freedom are from 1e-9 to 1e9; whole they need not be */
export function requireDegrees(degrees: number): void {
  if (!(degrees >= LEAST_DEGREES && degrees <= MOST_DEGREES))
    throw new DistributionDomainError('degrees of freedom', degrees, 'a number from 1e-9 to 1e9');
}
