import type { Random } from '#core/values/random.ts';
import { InvalidValidationError, requireWhole } from './errors.ts';

/** Runs of a resampled series: run r starts at `start[r]` of the original and has `length[r]` items, going round at its end. */
export interface ResampledRuns {
  readonly start: Int32Array;
  readonly length: Int32Array;
}

/**
 * One resample of a dependent series of `count` items by the stationary bootstrap: blocks begin anywhere and have
 * geometric lengths of mean `meanBlock`; the series is a circle. Politis and Romano (1994).
 * @throws InvalidValidationError for a count below one or a mean block below one or above the count
 */
export function stationaryBootstrap(random: Random, count: number, meanBlock: number): ResampledRuns {
  requireWhole('count', count, 1);
  if (!(meanBlock >= 1 && meanBlock <= count))
    throw new InvalidValidationError(`mean block ${meanBlock} is not from 1 to the ${count} observations`);
  const goesOn = Math.log(1 - 1 / meanBlock);
  const start: number[] = [];
  const length: number[] = [];
  for (let filled = 0; filled < count; ) {
    start.push(random.integer(count));
    // The number of Bernoulli trials until the block ends, by inversion; ln 0 where every block has one item.
    const drawn = meanBlock === 1 ? 1 : 1 + Math.floor(Math.log(1 - random.next()) / goesOn);
    const run = Math.min(drawn, count - filled);
    length.push(run);
    filled += run;
  }
  return { start: Int32Array.from(start), length: Int32Array.from(length) };
}

/** Sums of the first k items, k = 0 … length: with them the sum of a run is one subtraction. */
export function prefixSums(series: Float64Array): Float64Array {
  const sums = new Float64Array(series.length + 1);
  for (let i = 0; i < series.length; i++) sums[i + 1] = sums[i]! + series[i]!;
  return sums;
}

/** Sum of a resample of the series behind `sums`. */
export function resampledSum(sums: Float64Array, { start, length }: ResampledRuns): number {
  const count = sums.length - 1;
  const whole = sums[count]!;
  let total = 0;
  for (let run = 0; run < start.length; run++) {
    const from = start[run]!;
    const to = from + length[run]!;
    total += to <= count ? sums[to]! - sums[from]! : whole - sums[from]! + sums[to - count]!;
  }
  return total;
}
