import { type Figure, undefinedBecause, value } from '../series.ts';

/** Sum and spread of a sample; `deviation` has ddof 1 and is NaN below two observations. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Mean and standard deviation (ddof 1) in two passes; NaN where the sample is too small. */
export function momentsOf(sample: Float64Array): Moments {
  const count = sample.length;
  let sum = 0;
  for (const item of sample) sum += item;
  const mean = sum / count;
  let squares = 0;
  for (const item of sample) squares += (item - mean) ** 2;
  return { count, mean, deviation: count < 2 ? Number.NaN : Math.sqrt(squares / (count - 1)) };
}

/**
 * True where the spread is no more than rounding. The same return computed from marks of different size differs in its
 * last digits, and a ratio over that noise would be astronomic instead of undefined.
 */
export const isConstant = ({ deviation }: Moments): boolean => deviation <= 1e-14;

/** Why a ratio over the standard deviation of a sample is undefined, or nothing. */
export function noSpread(moments: Moments): string | undefined {
  if (moments.count < 2) return `${moments.count} returns; at least 2 are needed`;
  return isConstant(moments) ? 'the returns are constant' : undefined;
}

function standardised(sample: Float64Array, power: 3 | 4): number {
  const { mean, count } = momentsOf(sample);
  let second = 0;
  let higher = 0;
  for (const item of sample) {
    second += (item - mean) ** 2;
    higher += (item - mean) ** power;
  }
  return higher / count / (second / count) ** (power / 2);
}

/** Skewness g₁ = m₃/m₂^1.5 of the sample as it is (no small-sample correction; Joanes and Gill 1998). */
export function skewness(sample: Float64Array): Figure {
  const reason = noSpread(momentsOf(sample));
  return reason === undefined ? value(standardised(sample, 3)) : undefinedBecause(reason);
}

/** Excess kurtosis g₂ = m₄/m₂² − 3 of the sample as it is (a normal distribution has 0; Joanes and Gill 1998). */
export function excessKurtosis(sample: Float64Array): Figure {
  const reason = noSpread(momentsOf(sample));
  return reason === undefined ? value(standardised(sample, 4) - 3) : undefinedBecause(reason);
}
