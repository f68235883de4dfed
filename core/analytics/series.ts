/**
 * Marks of an account as columns of one length, oldest first. Analytics take nothing else, so that a simulation, a
 * paper account, a live account and somebody's CSV are measured by the same functions.
 */
export interface EquityCurve {
  /** Instant of each mark, epoch milliseconds, strictly rising. */
  readonly time: Float64Array;
  /** Net liquidation value at each mark, in the account's currency. */
  readonly equity: Float64Array;
}

/** A figure that may be undefined, with the reason where it is: unknown is not zero, and not infinite either. */
export type Figure =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'undefined'; readonly reason: string };

export const value = (number: number): Figure => ({ kind: 'value', value: number });
export const undefinedBecause = (reason: string): Figure => ({ kind: 'undefined', reason });
