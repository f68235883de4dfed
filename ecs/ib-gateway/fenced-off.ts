/**
 * What this bridge was about to commit is not as it left it: another bridge is at work, so this one must not be. Thrown
 * through whatever is being done, so that nothing counts as done that is not; whoever holds the lease next does it.
 */
export class FencedOffError extends Error {
  readonly code = 'FencedOff';
  readonly retryable = false;
  /** @param found what was found, in words */
  constructor(found: string) {
    super(`${found}; this bridge no longer holds the lease`);
    this.name = 'FencedOffError';
  }
}
