const HALF_LOG_TWO_PI = 0.9189385332046728;
const SERIES_FROM = 16;

/**
 * ln Γ(a + 1) − [(a + ½) ln a − a + ½ ln 2π], what Stirling's formula lacks, for a > 0. From 16 on its asymptotic
 * series (DLMF 5.11.1); below, the recurrence of the gamma function leads there. C. Loader (2000) builds densities on
 * it, because it stays small where ln Γ grows and cancels.
 */
export function stirlingError(a: number): number {
  let shifted = 0;
  let at = a;
  for (; at < SERIES_FROM; at++) shifted += (at + 0.5) * Math.log1p(1 / at) - 1;
  const square = 1 / (at * at);
  const series =
    (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188))))) / at;
  return shifted + series;
}

/**
 * a ln(a/x) + x − a for a, x > 0: Loader's deviance. Near x = a the terms cancel, there by a series in (a − x)/(a + x).
 * @param difference a − x, which the caller may know better than by subtracting
 */
export function deviance(a: number, x: number, difference = a - x): number {
  if (!(Math.abs(difference) < 0.1 * (a + x))) return a * Math.log(a / x) + x - a;
  const ratio = difference / (a + x);
  let sum = difference * ratio;
  let term = 2 * a * ratio;
  for (let odd = 3; ; odd += 2) {
    term *= ratio * ratio;
    const next = sum + term / odd;
    if (next === sum) return sum;
    sum = next;
  }
}

/** xᵃ e⁻ˣ / Γ(a + 1) for a, x > 0. */
export function gammaFactor(a: number, x: number): number {
  return Math.exp(-stirlingError(a) - deviance(a, x) - HALF_LOG_TWO_PI) / Math.sqrt(a);
}

/** a − (a + b)x = (a + b)y − b, from the smaller of x and y, as the larger has lost its last digits. */
const excess = (a: number, b: number, x: number, y: number): number =>
  x < y ? a - (a + b) * x : (a + b) * y - b;

/** xᵃ yᵇ / B(a, b) with y = 1 − x; a, b, x, y > 0. */
export function betaFactor(a: number, b: number, x: number, y: number): number {
  const sum = a + b;
  const errors = stirlingError(sum) - stirlingError(a) - stirlingError(b);
  const difference = excess(a, b, x, y);
  const exponent =
    errors - deviance(a, sum * x, difference) - deviance(b, sum * y, -difference) - HALF_LOG_TWO_PI;
  return Math.exp(exponent) * Math.sqrt(a) * Math.sqrt(b / sum);
}

/** A continued fraction is taken as converged where a step changes it by no more than rounding. */
const ROUNDING = 4 * Number.EPSILON;
const TINY = 1e-300;

/**
 * A continued fraction b₀ + a₁/(b₁ + a₂/(b₂ + …)) by W. J. Lentz's method as modified by Thompson and Barnett (1986).
 * @param first b₀
 * @param above aₖ for k ≥ 1
 * @param below bₖ for k ≥ 1
 */
function continuedFraction(
  first: number,
  above: (k: number) => number,
  below: (k: number) => number,
): number {
  let fraction = first === 0 ? TINY : first;
  let forward = fraction;
  let backward = 0;
  for (let k = 1; ; k++) {
    const numerator = above(k);
    const denominator = below(k);
    forward = denominator + numerator / forward || TINY;
    backward = 1 / (denominator + numerator * backward || TINY);
    const change = forward * backward;
    fraction *= change;
    if (!(Math.abs(change - 1) > ROUNDING)) return fraction;
  }
}

/** Lower and upper regularised incomplete functions; the smaller is computed, the other is its complement. */
export interface Regularised {
  readonly lower: number;
  readonly upper: number;
}

const fromLower = (lower: number): Regularised => ({ lower, upper: 1 - lower });
const fromUpper = (upper: number): Regularised => ({ lower: 1 - upper, upper });

/**
 * Regularised incomplete gamma functions P(a, x) and Q(a, x) for a > 0, x ≥ 0: below a + 1 the series DLMF 8.11.4,
 * above the continued fraction DLMF 8.9.2 in its even part.
 */
export function incompleteGamma(a: number, x: number): Regularised {
  if (x === 0) return fromLower(0);
  if (x === Number.POSITIVE_INFINITY) return fromUpper(0);
  const factor = gammaFactor(a, x);
  if (x >= a + 1) {
    const fraction = continuedFraction(
      x + 1 - a,
      (k) => k * (a - k),
      (k) => x + 1 - a + 2 * k,
    );
    return fromUpper((factor * a) / fraction);
  }
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * Number.EPSILON * 0.1; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return fromLower(factor * sum);
}

/**
 * Regularised incomplete beta function I_x(a, b) and its complement I_y(b, a) for a, b > 0, x + y = 1; both x and y are
 * taken, as the smaller of them is lost in 1 minus the other. Continued fraction of A. R. Didonato and A. H. Morris
 * (1992), algorithm 708 (BFRAC): with many degrees of freedom x is nearly 1, and this one holds a − (a + b)x, which
 * can be had without cancellation.
 */
export function incompleteBeta(a: number, b: number, x: number, y: number): Regularised {
  if (x === 0) return fromLower(0);
  if (y === 0) return fromUpper(0);
  if (x > (a + 1) / (a + b + 2)) {
    const { lower, upper } = incompleteBeta(b, a, y, x);
    return { lower: upper, upper: lower };
  }
  const offset = excess(a, b, x, y) + 1;
  const fraction = continuedFraction(
    (a / (a + 1)) * offset,
    (k) => {
      const order = a + 2 * k - 1;
      return ((((a + k - 1) / order) * (a + b + k - 1)) / order) * k * (b - k) * x * x;
    },
    (k) => k + (k * (b - k) * x) / (a + 2 * k - 1) + ((a + k) / (a + 2 * k + 1)) * (offset + k * (1 + y)),
  );
  return fromLower(betaFactor(a, b, x, y) / fraction);
}
