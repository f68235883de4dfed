/** Features cut into at most 255 bins each: what trees are grown on. */
export interface FeatureBins {
  /**
   * Upper bounds of the bins of each feature but the last, rising: a value belongs to the first bin whose bound is not
   * below it.
   */
  readonly bounds: readonly Float64Array[];
  /** The bin of each row by feature; a missing value has the number `bounds.length + 1`. */
  readonly bins: readonly Uint8Array[];
}

/** The most bins of one feature: with the one for missing values they fill a byte. */
export const MOST_BINS = 255;

/**
 * Cuts features into bins. A feature with no more distinct values than bins has a bin for each, bounded halfway between
 * neighbours; others are cut so that bins hold about equally many rows. Missing values (NaN) get a bin of their own.
 */
export function binFeatures(columns: readonly Float64Array[], most: number): FeatureBins {
  const bounds = columns.map((column) => boundsOf(column, most));
  return { bounds, bins: columns.map((column, feature) => assign(column, bounds[feature]!)) };
}

function boundsOf(column: Float64Array, most: number): Float64Array {
  const known = column.filter((value) => !Number.isNaN(value)).sort();
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of known) {
    if (values.length === 0 || value > values[values.length - 1]!) {
      values.push(value);
      counts.push(1);
    } else counts[counts.length - 1]!++;
  }
  const bounds: number[] = [];
  if (values.length <= most) {
    for (let at = 1; at < values.length; at++) bounds.push(between(values[at - 1]!, values[at]!));
    return Float64Array.from(bounds);
  }
  let rows = 0;
  let rest = known.length;
  // A value of very many rows takes a bin; the rest is shared out anew among the bins that are left.
  for (let at = 0; at < values.length - 1 && bounds.length < most - 1; at++) {
    rows += counts[at]!;
    if (rows >= rest / (most - bounds.length)) {
      bounds.push(between(values[at]!, values[at + 1]!));
      rest -= rows;
      rows = 0;
    }
  }
  return Float64Array.from(bounds);
}

/** A bound with `lower` on or below it and `upper` above it, halfway where doubles allow. */
function between(lower: number, upper: number): number {
  const middle = lower / 2 + upper / 2;
  return middle >= lower && middle < upper ? middle : lower;
}

function assign(column: Float64Array, bounds: Float64Array): Uint8Array {
  const bins = new Uint8Array(column.length);
  for (let row = 0; row < bins.length; row++) {
    const value = column[row]!;
    bins[row] = Number.isNaN(value) ? bounds.length + 1 : binOf(value, bounds);
  }
  return bins;
}

function binOf(value: number, bounds: Float64Array): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= bounds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
