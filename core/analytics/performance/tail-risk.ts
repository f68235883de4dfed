import { normalQuantile } from '../distributions/normal.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { excessKurtosis, momentsOf, skewness } from './moments.ts';

/** Confidence of a value at risk. */
export type Confidence = 0.95 | 0.975 | 0.99;

/** Quantile of a sorted, not empty sample, linear between order statistics (type 7 of Hyndman and Fan 1996). */
export function sortedQuantile(sorted: Float64Array, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (position - below) * (high - low);
}

function tooFew(returns: Float64Array, confidence: Confidence): string | undefined {
  const least = Math.round(1 / (1 - confidence));
  return returns.length < least
    ? `${returns.length} returns; at least ${least} are needed for one beyond ${confidence * 100} %`
    : undefined;
}

/** Historical value at risk of one period: the negated (1 − confidence) quantile of returns; a loss is positive. */
export function historicalValueAtRisk(returns: Float64Array, confidence: Confidence): Figure {
  const reason = tooFew(returns, confidence);
  return reason === undefined
    ? value(-sortedQuantile(returns.toSorted(), 1 - confidence))
    : undefinedBecause(reason);
}

/** Historical conditional value at risk: the negated mean of the returns at or below the value at risk's quantile. */
export function historicalConditionalValueAtRisk(returns: Float64Array, confidence: Confidence): Figure {
  const reason = tooFew(returns, confidence);
  if (reason !== undefined) return undefinedBecause(reason);
  const sorted = returns.toSorted();
  const quantile = sortedQuantile(sorted, 1 - confidence);
  return value(-momentsOf(sorted.filter((item) => item <= quantile)).mean);
}

/** Value at risk of a normal distribution with the sample's mean and standard deviation (ddof 1). */
export function normalValueAtRisk(returns: Float64Array, confidence: Confidence): Figure {
  if (returns.length < 2) return undefinedBecause(`${returns.length} returns; at least 2 are needed`);
  const { mean, deviation } = momentsOf(returns);
  return value(normalQuantile(confidence) * deviation - mean);
}

/** A Cornish–Fisher value at risk, and whether skewness and kurtosis lie where the expansion is a quantile at all. */
export interface CornishFisherValueAtRisk {
  readonly figure: Figure;
  readonly insideDomain: boolean;
}

/**
 * Cornish–Fisher value at risk: the normal quantile corrected by skewness and excess kurtosis. Outside the domain in
 * which the expansion rises with the quantile (Maillard 2012) the figure is flagged: a higher confidence may then show
 * a smaller loss.
 */
export function cornishFisherValueAtRisk(
  returns: Float64Array,
  confidence: Confidence,
): CornishFisherValueAtRisk {
  const skew = skewness(returns);
  const kurtosis = excessKurtosis(returns);
  if (skew.kind === 'undefined') return { figure: skew, insideDomain: false };
  if (kurtosis.kind === 'undefined') return { figure: kurtosis, insideDomain: false };
  const { mean, deviation } = momentsOf(returns);
  const [s, k, z] = [skew.value, kurtosis.value, -normalQuantile(confidence)];
  const corrected =
    z + ((z ** 2 - 1) * s) / 6 + ((z ** 3 - 3 * z) * k) / 24 - ((2 * z ** 3 - 5 * z) * s ** 2) / 36;
  return { figure: value(-(mean + corrected * deviation)), insideDomain: expansionRises(s, k) };
}

/** Whether the derivative of the expansion by z, a parabola, is nowhere negative. */
function expansionRises(skew: number, kurtosis: number): boolean {
  const square = kurtosis / 8 - skew ** 2 / 6;
  const constant = 1 - kurtosis / 8 + (5 * skew ** 2) / 36;
  return square >= 0 && skew ** 2 / 9 <= 4 * square * constant;
}

/** Tail ratio: 95 % quantile over the absolute 5 % quantile of returns; above 1 the gains are the larger tail. */
export function tailRatio(returns: Float64Array): Figure {
  const reason = tooFew(returns, 0.95);
  if (reason !== undefined) return undefinedBecause(reason);
  const sorted = returns.toSorted();
  const low = sortedQuantile(sorted, 0.05);
  return low < 0
    ? value(sortedQuantile(sorted, 0.95) / -low)
    : undefinedBecause('the 5 % quantile is not a loss');
}
