/** A configuration a person has to change: what is wrong and the mend, in one paragraph. Exit code 3. */
export class ConfigurationError extends Error {
  readonly code = 'Configuration';
  readonly retryable = false;
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConfigurationError';
  }
}
