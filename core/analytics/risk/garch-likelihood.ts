import { unitStudentT } from './student-t-innovations.ts';

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
  /** ν, degrees of freedom of Student's t innovations, above 2; left out for normal ones. */
  readonly degrees?: number;
}

/** The parameters in the order of gradients and scores. */
export const GARCH_ORDER = ['mean', 'omega', 'alpha', 'gamma', 'beta', 'degrees'] as const;
export type GarchParameterName = (typeof GARCH_ORDER)[number];
const WIDTH = GARCH_ORDER.length;
/** The constants of a log density: what stands for it in {@link unitStudentT}, for the normal one. */
const NORMAL = { constant: -0.5 * Math.log(2 * Math.PI), slope: 0, room: Number.NaN, power: Number.NaN };

/** What {@link garchLogLikelihood} writes on the way, where asked to. */
export interface LikelihoodColumns {
  /** Six derivatives of the log-likelihood, in {@link GARCH_ORDER}; that by ν is 0 for normal innovations. */
  readonly gradient?: Float64Array;
  /** The derivatives of each return's term, row by row: n × 6. */
  readonly scores?: Float64Array;
  /** Variance of each return, and of the one after the last: n + 1. */
  readonly variance?: Float64Array;
}

/**
 * Log-likelihood of returns, normal or Student's t of variance 1 (Bollerslev 1987), under
 * hₜ = ω + (α + γ·1[εₜ₋₁ < 0])εₜ₋₁² + βhₜ₋₁, εₜ = rₜ − μ, with its analytic gradient: Bollerslev (1986); Glosten,
 * Jagannathan and Runkle (1993); derivatives by the recursion of Fiorentini, Calzolari and Panattoni (1996). Before the
 * first return stand ε² = h = Σ(rₜ − μ)²/n, theirs too, and half of γ.
 * NaN where a variance is not above zero, or ν not above 2.
 */
export function garchLogLikelihood(
  returns: Float64Array,
  { mean, omega, alpha, gamma, beta, degrees }: GarchParameters,
  { gradient, scores, variance }: LikelihoodColumns = {},
): number {
  const count = returns.length;
  if (degrees !== undefined && !(degrees > 2)) return Number.NaN;
  const tails =
    degrees === undefined ? NORMAL : { ...unitStudentT(degrees), room: degrees - 2, power: degrees + 1 };
  const normal = degrees === undefined;
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
  let [gMean, gOmega, gAlpha, gGamma, gBeta, gDegrees] = [0, 0, 0, 0, 0, 0];
  for (let t = 0; t < count; t++) {
    if (!(h > 0)) return Number.NaN;
    const shock = returns[t]! - mean;
    const square = shock * shock;
    const inverse = 1 / h;
    // The derivative of the log density by the shock is −shock · pull.
    let pull = inverse;
    let sDegrees = 0;
    if (normal) total += Math.log(h) + square * inverse;
    else {
      const ratio = (square * inverse) / tails.room;
      const logarithm = Math.log1p(ratio);
      pull = (tails.power * inverse) / (tails.room * (1 + ratio));
      total += Math.log(h) + tails.power * logarithm;
      sDegrees = tails.slope + 0.5 * ((square * pull) / tails.room - logarithm);
      gDegrees += sDegrees;
    }
    const weight = 0.5 * (square * pull - 1) * inverse;
    const sMean = weight * hMean + shock * pull;
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
      scores[t * WIDTH + 5] = sDegrees;
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
    gradient[5] = gDegrees;
  }
  return count * tails.constant - 0.5 * total;
}
