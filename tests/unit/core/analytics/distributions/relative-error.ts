/** Distance from a reference, relative to it; 0 where both are the same, zero included. */
export const relativeError = (found: number, reference: number): number =>
  found === reference ? 0 : Math.abs(found - reference) / Math.abs(reference);
