/** Mean and deviation of each feature over the training rows alone: later rows are measured by them, never in them. */
export interface Standardisation {
  readonly means: Float64Array;
  /** Sample deviation (ddof 1); 0 for a constant feature. */
  readonly deviations: Float64Array;
}

/**
 * Fits a standardisation to rows of raw features. Missing values (NaN) are left out of their column's mean and
 * deviation. A deviation that is no more than the rounding of a constant is 0, as is that of a feature with fewer than
 * two known values.
 */
export function fitStandardisation(rows: readonly Float64Array[]): Standardisation {
  const width = rows[0]?.length ?? 0;
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  const known = new Float64Array(width);
  for (const row of rows) {
    for (let i = 0; i < width; i++) if (!Number.isNaN(row[i]!)) known[i] = known[i]! + 1;
  }
  for (const row of rows) {
    for (let i = 0; i < width; i++) if (!Number.isNaN(row[i]!)) means[i] = means[i]! + row[i]! / known[i]!;
  }
  for (const row of rows) {
    for (let i = 0; i < width; i++) {
      if (!Number.isNaN(row[i]!)) deviations[i] = deviations[i]! + (row[i]! - means[i]!) ** 2;
    }
  }
  for (let i = 0; i < width; i++) {
    const deviation = Math.sqrt(deviations[i]! / Math.max(1, known[i]! - 1));
    deviations[i] = deviation > 1e-12 * (1 + Math.abs(means[i]!)) ? deviation : 0;
  }
  return { means, deviations };
}

/** Writes a row in units of deviations from the mean at `offset` of `target`; constant and missing features become 0. */
export function standardise(
  { means, deviations }: Standardisation,
  row: Float64Array,
  target: Float64Array,
  offset = 0,
): void {
  for (let i = 0; i < row.length; i++) {
    const deviation = deviations[i]!;
    target[offset + i] = deviation > 0 && !Number.isNaN(row[i]!) ? (row[i]! - means[i]!) / deviation : 0;
  }
}
