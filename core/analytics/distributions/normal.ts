import { CENTRE, centralErf, polynomial, scaledErfc } from './error-function.ts';
import { requireNumber, requireProbability } from './errors.ts';

const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

/** Beyond, exp(−x²/2) is below the smallest double. */
const UNDERFLOW = 39;

/**
 * exp(−x²/2) with the square in two parts, the first of them exact: the rounding of x² alone would cost x² units in
 * the last place (Cody 1969).
 */
function gaussian(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > UNDERFLOW) return 0;
  const coarse = Math.trunc(magnitude * 16) / 16;
  return Math.exp(-0.5 * coarse * coarse) * Math.exp(-0.5 * (magnitude - coarse) * (magnitude + coarse));
}

/**
 * Density of the standard normal distribution.
 * @throws DistributionDomainError for NaN
 */
export function normalPdf(x: number): number {
  requireNumber('x', x);
  return INVERSE_SQRT_TWO_PI * gaussian(x);
}

/**
 * Probability that a standard normal variable is at most x; to 1e-13 relative in the lower tail down to the smallest
 * normal double (x ≈ −37.5). Φ(x) = erfc(−x/√2)/2, by Cody (1969).
 * @throws DistributionDomainError for NaN
 */
export function normalCdf(x: number): number {
  requireNumber('x', x);
  const scaled = Math.abs(x) * Math.SQRT1_2;
  if (scaled <= CENTRE) return 0.5 + 0.5 * centralErf(x * Math.SQRT1_2);
  const tail = Math.abs(x) > UNDERFLOW ? 0 : 0.5 * gaussian(x) * scaledErfc(scaled);
  return x < 0 ? tail : 1 - tail;
}

/**
 * Probability that a standard normal variable is above x; exact in the upper tail, where 1 − Φ(x) would be rounding.
 * @throws DistributionDomainError for NaN
 */
export function normalSurvival(x: number): number {
  return normalCdf(-x);
}

const CENTRAL_ABOVE = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
  1971.5909503065513, 133.14166789178438, 3.3871328727963665,
];
const CENTRAL_BELOW = [
  5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
  687.1870074920579, 42.31333070160091, 1,
];
const OUTER_ABOVE = [
  7.745450142783414e-4, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const OUTER_BELOW = [
  1.0507500716444169e-9, 5.475938084995345e-4, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];
const FAR_ABOVE = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124,
  0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const FAR_BELOW = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 7.868691311456133e-4,
  0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
];

/** Magnitude of the quantile of a tail probability ≤ 0.075, AS 241's approximation and one step of Halley's. */
function tailQuantile(tail: number): number {
  const root = Math.sqrt(-Math.log(tail));
  const first =
    root <= 5
      ? polynomial(OUTER_ABOVE, root - 1.6) / polynomial(OUTER_BELOW, root - 1.6)
      : polynomial(FAR_ABOVE, root - 5) / polynomial(FAR_BELOW, root - 5);
  const step = (normalCdf(-first) - tail) / normalPdf(first);
  return first + step / (1 - 0.5 * first * step);
}

/**
 * The x below which a standard normal variable lies with the given probability. M. J. Wichura (1988), algorithm
 * AS 241 (PPND16), refined in the tails. In the upper tail it is as exact as the probability: a double knows 1 − 1e-16
 * no closer than that.
 * @throws DistributionDomainError unless 0 < probability < 1
 */
export function normalQuantile(probability: number): number {
  requireProbability(probability);
  const centred = probability - 0.5;
  if (Math.abs(centred) <= 0.425) {
    const rest = 0.180625 - centred * centred;
    return (centred * polynomial(CENTRAL_ABOVE, rest)) / polynomial(CENTRAL_BELOW, rest);
  }
  return centred < 0 ? -tailQuantile(probability) : tailQuantile(1 - probability);
}
