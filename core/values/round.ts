/** Significant digits of every analytic figure in an event: readable, and far above what any estimate deserves. */
export const SIGNIFICANT_DIGITS = 10;

/** A figure that would have left the analytics as NaN or infinity; a fault of the code, never of the data. */
export class NotFiniteError extends Error {
  readonly code = 'NotFinite';
  readonly retryable = false;
  constructor(value: number) {
    super(`a figure of an event must be finite, not ${value}; use null where it is undefined`);
    this.name = 'NotFiniteError';
  }
}

/** A finite float to ten significant digits, `-0` as `0`. @throws NotFiniteError */
export function significant(value: number): number {
  if (!Number.isFinite(value)) throw new NotFiniteError(value);
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}

/** A measure for an event: rounded, or null where it is undefined (undefined is not zero). */
export function measured(value: number | undefined | null): number | null {
  return value === undefined || value === null || !Number.isFinite(value) ? null : significant(value);
}

/** Rounded and held inside [0, 1]; for figures whose contract is the unit interval. @throws NotFiniteError */
export function inUnitInterval(value: number): number {
  return significant(Math.min(1, Math.max(0, value)));
}

/** Rounded and held inside [−1, 1]. @throws NotFiniteError */
export function inSignedUnitInterval(value: number): number {
  return significant(Math.min(1, Math.max(-1, value)));
}
