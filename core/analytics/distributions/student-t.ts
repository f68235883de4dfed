import { DistributionDomainError, requireDegrees, requireNumber, requireProbability } from './errors.ts';
import { betaFactor, incompleteBeta, type Regularised } from './gamma-function.ts';
import { normalQuantile } from './normal.ts';

/** x = ν/(ν + t²) and its complement, without the square overflowing. */
function shares(t: number, degrees: number): { x: number; y: number } {
  const scaled = t / Math.sqrt(degrees);
  const square = scaled * scaled;
  return square > 1
    ? { x: 1 / square / (1 + 1 / square), y: 1 / (1 + 1 / square) }
    : { x: 1 / (1 + square), y: square / (1 + square) };
}

/** For t > 0: `lower` is the probability beyond ±t, `upper` that between. */
function twoSided(t: number, degrees: number): Regularised {
  const { x, y } = shares(t, degrees);
  return incompleteBeta(degrees / 2, 0.5, x, y);
}

/**
 * Probability that a variable of Student's t distribution is at most x: ½ I(ν/(ν + x²); ν/2, ½) below zero
 * (Abramowitz and Stegun 26.7.1); exact in the lower tail, except
 * that it is 0 beyond |x| = 1e150, which matters below two degrees only.
 * @param degrees degrees of freedom ν, 1e-9 … 1e9, not necessarily whole
 * @throws DistributionDomainError for NaN and for degrees outside 1e-9 … 1e9
 */
export function studentTCdf(x: number, degrees: number): number {
  requireNumber('x', x);
  requireDegrees(degrees);
  if (x === 0) return 0.5;
  const { lower, upper } = twoSided(Math.abs(x), degrees);
  return x < 0 ? 0.5 * lower : 0.5 + 0.5 * upper;
}

/**
 * The x below which a variable of Student's t distribution lies with the given probability. Newton's method on the
 * logarithms of the probability and of x: there both the tail and the centre are concave and nearly straight, so that
 * it converges from any start, after at most one step to the wrong side.
 * @throws DistributionDomainError unless 0 < probability < 1 and degrees are 1e-9 … 1e9, and where the quantile exceeds
 * 1e150 (far tail with few degrees)
 */
export function studentTQuantile(probability: number, degrees: number): number {
  requireProbability(probability);
  requireDegrees(degrees);
  const tail = Math.min(probability, 1 - probability);
  if (tail === 0.5) return 0;
  const quantile = upperQuantile(tail, degrees);
  if (!(quantile < 1e150))
    throw new DistributionDomainError(
      'probability',
      probability,
      'one less extreme: with so few degrees of freedom the quantile exceeds 1e150',
    );
  return probability < 0.5 ? -quantile : quantile;
}

function upperQuantile(tail: number, degrees: number): number {
  const central = tail > 0.25;
  const target = central ? 1 - 2 * tail : 2 * tail;
  let t = -normalQuantile(tail);
  for (let step = 0; step < 500; step++) {
    const { x, y } = shares(t, degrees);
    const { lower, upper } = incompleteBeta(degrees / 2, 0.5, x, y);
    const found = central ? upper : lower;
    // d upper/d ln t = 2 x^(ν/2) y^½ / B(ν/2, ½), and lower falls by the same.
    const slope = (2 * betaFactor(degrees / 2, 0.5, x, y)) / found;
    const change = Math.log(target / found) / (central ? slope : -slope);
    const next = t * Math.exp(change);
    if (!(next < 1e150) || Math.abs(change) < 1e-15) return next;
    t = next;
  }
  return t;
}
