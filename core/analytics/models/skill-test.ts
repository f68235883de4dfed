import { normalSurvival } from '../distributions/normal.ts';

/** How well probabilities did out of sample, against always stating the base rate. */
export interface SkillTest {
  readonly observations: number;
  /** Mean squared error of the probabilities (Brier 1950). */
  readonly brier: number;
  readonly baseBrier: number;
  /** 1 − brier / baseBrier: above 0 is better than the base rate. */
  readonly skill: number;
  /** One-sided p-value of "no better than the base rate". */
  readonly pValue: number;
  readonly passed: boolean;
}

/** The gate: a model speaks only when chance explains its skill with less than this probability. */
export const SIGNIFICANCE = 0.05;

/**
 * Tests whether probabilities beat the base rate out of sample: Diebold–Mariano (1995) on the difference of squared
 * errors, one-sided, with Newey–West (1987) variance because outcomes over `overlap` bars overlap.
 */
export function skillTest(
  predictions: readonly { readonly probability: number; readonly base: number; readonly label: number }[],
  overlap: number,
): SkillTest {
  const count = predictions.length;
  let brier = 0;
  let baseBrier = 0;
  const gains = new Float64Array(count);
  predictions.forEach(({ probability, base, label }, index) => {
    const error = (probability - label) ** 2;
    const baseError = (base - label) ** 2;
    brier += error / count;
    baseBrier += baseError / count;
    gains[index] = baseError - error;
  });
  const mean = baseBrier - brier;
  const variance = longRunVariance(gains, mean, overlap) / Math.max(1, count);
  const pValue = variance > 0 ? normalSurvival(mean / Math.sqrt(variance)) : 1;
  return {
    observations: count,
    brier,
    baseBrier,
    skill: baseBrier > 0 ? 1 - brier / baseBrier : 0,
    pValue,
    passed: count > 0 && mean > 0 && pValue < SIGNIFICANCE,
  };
}

/** Bartlett-weighted sum of autocovariances up to `lags`. */
function longRunVariance(values: Float64Array, mean: number, lags: number): number {
  let total = 0;
  for (let lag = 0; lag <= lags; lag++) {
    let covariance = 0;
    for (let index = lag; index < values.length; index++) {
      covariance += ((values[index] as number) - mean) * ((values[index - lag] as number) - mean);
    }
    covariance /= Math.max(1, values.length);
    total += lag === 0 ? covariance : 2 * (1 - lag / (lags + 1)) * covariance;
  }
  return total;
}
