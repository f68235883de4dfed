/** Parameters of the Glosten–Jagannathan–Runkle model; the plain GARCH(1,1) is the one with γ = 0. */
export interface GarchParameters {
  /** μ, the mean of a return. */
  readonly mean: number;
  /** ω, in squared units of the returns. */
  readonly omega: number;
  /** α, weight of the last squared shock. */
  readonly alpha: number;
  /** γ, what is added to α after a fall. */
  readonly gamma: number;
  /** β, weight of the last variance. */
  readonly beta: number;
}

/** The parameters in the order of gradients and scores. */
export const GARCH_ORDER = ['mean', 'omega', 'alpha', 'gamma', 'beta'] as const;
export type GarchParameterName = (typeof GARCH_ORDER)[number];
const WIDTH = GARCH_ORDER.length;
const LOG_TWO_PI = Math.log(2 * Math.PI);

/** What {@link garchLogLikelihood} writes on the way, where asked to. */
export interface LikelihoodColumns {
  /** Five derivatives of the log-likelihood, in {@link GARCH_ORDER}. */
  readonly gradient?: Float64Array;
  /** The derivatives of each return's term, row by row: n × 5. */
  readonly scores?: Float64Array;
  /** Variance of each return, and of the one after the last: n + 1. */
  readonly variance?: Float64Array;
}

/**
 * Gaussian log-likelihood of returns under hₜ = ω + (α + γ·1[εₜ₋₁ < 0])εₜ₋₁² + βhₜ₋₁, εₜ = rₜ − μ, with its analytic
 * gradient: Bollerslev (1986); Glosten, Jagannathan and Runkle (1993); derivatives by the recursion of Fiorentini,
 * Calzolari and Panattoni (1996). Before the first return stand ε² = h = Σ(rₜ − μ)²/n, theirs too, and half of γ.
 * NaN where a variance is not above zero.
 */
export function garchLogLikelihood(
  returns: Float64Array,
  { mean, omega, alpha, gamma, beta }: GarchParameters,
  { gradient, scores, variance }: LikelihoodColumns = {},
): number {
  const count = returns.length;
  let sum = 0;
  let squares = 0;
  for (let t = 0; t < count; t++) {
    const shock = returns[t]! - mean;
    sum += shock;
    squares += shock * shock;
  }
  const presample = squares / count;
  let h = omega + (alpha + gamma / 2 + beta) * presample;
  let hMean = (alpha + gamma / 2 + beta) * -2 * (sum / count);
  let hOmega = 1;
  let hAlpha = presample;
  let hGamma = presample / 2;
  let hBeta = presample;
  let total = 0;
  let [gMean, gOmega, gAlpha, gGamma, gBeta] = [0, 0, 0, 0, 0];
  for (let t = 0; t < count; t++) {
    if (!(h > 0)) return Number.NaN;
    const shock = returns[t]! - mean;
    const square = shock * shock;
    const inverse = 1 / h;
    const standardised = square * inverse;
    total += Math.log(h) + standardised;
    const weight = 0.5 * (standardised - 1) * inverse;
    const sMean = weight * hMean + shock * inverse;
    gMean += sMean;
    gOmega += weight * hOmega;
    gAlpha += weight * hAlpha;
    gGamma += weight * hGamma;
    gBeta += weight * hBeta;
    if (scores !== undefined) {
      scores[t * WIDTH] = sMean;
      scores[t * WIDTH + 1] = weight * hOmega;
      scores[t * WIDTH + 2] = weight * hAlpha;
      scores[t * WIDTH + 3] = weight * hGamma;
      scores[t * WIDTH + 4] = weight * hBeta;
    }
    if (variance !== undefined) variance[t] = h;
    const fell = shock < 0;
    const response = fell ? alpha + gamma : alpha;
    hMean = beta * hMean - 2 * response * shock;
    hOmega = 1 + beta * hOmega;
    hAlpha = square + beta * hAlpha;
    hGamma = (fell ? square : 0) + beta * hGamma;
    hBeta = h + beta * hBeta;
    h = omega + response * square + beta * h;
  }
  if (variance !== undefined) variance[count] = h;
  if (gradient !== undefined) {
    gradient[0] = gMean;
    gradient[1] = gOmega;
    gradient[2] = gAlpha;
    gradient[3] = gGamma;
    gradient[4] = gBeta;
  }
  return -0.5 * (count * LOG_TWO_PI + total);
}
