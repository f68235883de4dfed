import { checkFinite, InvalidSampleError } from './errors.ts';

/** RiskMetrics' decay for daily returns; its monthly one is 0.97. J.P. Morgan/Reuters (1996), table 5.9. */
export const DAILY_DECAY = 0.94;

export interface EwmaOptions {
  /** λ between 0 and 1, both excluded. Default {@link DAILY_DECAY}. */
  readonly decay?: number;
  /**
   * Variance of the first return. Without it the weights λʲ are normalised to sum to 1 over the returns there are, so
   * that no value is made up; the two agree to λⁿ after n returns.
   */
  readonly seed?: number;
}

/** @throws InvalidSampleError for a decay outside (0, 1) */
export function checkDecay(decay: number): number {
  if (!(decay > 0 && decay < 1))
    throw new InvalidSampleError(`the decay is ${decay}; expected a number between 0 and 1`);
  return decay;
}

/**
 * Variance of each next return by exponentially weighted squares around a mean of zero, one a return: item t is the
 * forecast for return t + 1 after return t, in squared units of the returns. With a seed it is the recursion
 * σ²ₜ₊₁ = λσ²ₜ + (1 − λ)rₜ², σ²₀ the seed; without one Σλʲrₜ₋ⱼ² / Σλʲ. J.P. Morgan/Reuters, RiskMetrics Technical
 * Document (1996), 5.2.
 * @throws InvalidSampleError for a return that is not finite, a decay outside (0, 1) or a seed that is negative
 */
export function ewmaVariance(returns: Float64Array, options: EwmaOptions = {}): Float64Array {
  const decay = checkDecay(options.decay ?? DAILY_DECAY);
  const { seed } = options;
  if (seed !== undefined && !(seed >= 0 && Number.isFinite(seed)))
    throw new InvalidSampleError(`the seed is ${seed}; expected a variance, 0 or more`);
  checkFinite('return', returns);
  // A seed stands for all the returns before the first: their weights sum to 1/(1 − λ).
  let weights = seed === undefined ? 0 : 1 / (1 - decay);
  let squares = (seed ?? 0) * weights;
  return returns.map((item) => {
    squares = decay * squares + item * item;
    weights = decay * weights + 1;
    return squares / weights;
  });
}
