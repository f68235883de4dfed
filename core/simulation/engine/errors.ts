/** Input that a simulation cannot be run on: bars, options or a corporate action. */
export class InvalidSimulationError extends Error {
  readonly code = 'InvalidSimulation';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'InvalidSimulationError';
  }
}

/** A currency whose rate to the account's currency is not known when it is needed. */
export class UnknownRateError extends Error {
  readonly code = 'UnknownRate';
  readonly retryable = false;
  constructor(currency: string, base: string, detail: string) {
    super(`no rate from ${currency} to ${base}: ${detail}`);
    this.name = 'UnknownRateError';
  }
}

/** The books don't reconcile to the cent: a fault of the engine, never of a strategy or of the data. */
export class ConservationError extends Error {
  readonly code = 'Conservation';
  readonly retryable = false;
  constructor(currency: string, imbalance: number, event: string) {
    super(`the books in ${currency} are out by ${imbalance} after ${event}; the result can't be trusted`);
    this.name = 'ConservationError';
  }
}

/** A strategy that asks for what has not happened yet, or gives an order that can't be read. */
export class StrategyError extends Error {
  readonly code = 'Strategy';
  readonly retryable = false;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StrategyError';
  }
}
