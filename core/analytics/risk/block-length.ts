import { checkFinite, InvalidSampleError } from './errors.ts';

/** Fewer returns than this say nothing of how long they remember. */
const LEAST = 20;

/**
 * Mean block length of the stationary bootstrap that is best for the variance of a mean: Politis and White (2004) as
 * corrected by Patton, Politis and White (2009), b = (G/g)^⅔ n^⅓, G = Σ λ(k/M)|k|R(k) and g = Σ λ(k/M)R(k) over all lags
 * with the flat-top window λ; M is twice the lag after which max(5, √log₁₀n) autocorrelations in a row are below
 * 2√(log₁₀n/n). From 1 (no dependence) to min(3√n, n/3).
 * @throws InvalidSampleError for fewer than 20 returns or one that is not finite
 */
export function stationaryBlockLength(series: Float64Array): number {
  checkFinite('return', series);
  const count = series.length;
  if (count < LEAST) throw new InvalidSampleError(`${count} returns; a block length needs at least ${LEAST}`);
  const mean = series.reduce((sum, item) => sum + item, 0) / count;
  const centred = series.map((item) => item - mean);
  const run = Math.max(5, Math.ceil(Math.sqrt(Math.log10(count))));
  const longest = Math.ceil(Math.sqrt(count)) + run;
  const covariance = autocovariances(centred, Math.min(count - 1, longest + run));
  // A constant series remembers nothing.
  if (!(covariance[0]! > 0)) return 1;
  const window = Math.min(longest, 2 * Math.max(1, lastCorrelated(covariance, run, count)));
  let spread = 0;
  let longRun = covariance[0]!;
  for (let lag = 1; lag <= window; lag++) {
    const weight = lag <= window / 2 ? 1 : 2 * (1 - lag / window);
    spread += 2 * weight * lag * covariance[lag]!;
    longRun += 2 * weight * covariance[lag]!;
  }
  const length = ((spread / longRun) ** 2 * count) ** (1 / 3);
  return length > 1 ? Math.min(length, 3 * Math.sqrt(count), count / 3) : 1;
}

/** R(k) = Σ xₜxₜ₊ₖ / n. */
function autocovariances(centred: Float64Array, lags: number): Float64Array {
  return Float64Array.from({ length: lags + 1 }, (_, lag) => {
    let sum = 0;
    for (let at = lag; at < centred.length; at++) sum += centred[at]! * centred[at - lag]!;
    return sum / centred.length;
  });
}

/** The lag after which a run of autocorrelations is negligible; the last there is where none ends. */
function lastCorrelated(covariance: Float64Array, run: number, count: number): number {
  const negligible = 2 * Math.sqrt(Math.log10(count) / count);
  let quiet = 0;
  for (let lag = 1; lag < covariance.length; lag++) {
    quiet = Math.abs(covariance[lag]! / covariance[0]!) < negligible ? quiet + 1 : 0;
    if (quiet === run) return lag - run;
  }
  return covariance.length - 1;
}
