import { CENTRE, scaledErfc } from '../distributions/error-function.ts';
import { normalPdf, normalSurvival } from '../distributions/normal.ts';

/** Below this total volatility the difference of two Mills ratios is taken from its series. */
export const SMALL_TOTAL_VOLATILITY = 0.01;

const SQRT_HALF_PI = 1.2533141373155003;

/** Mills ratio (1 − Φ(z))/φ(z). */
const millsRatio = (z: number): number =>
  z * Math.SQRT1_2 >= CENTRE ? SQRT_HALF_PI * scaledErfc(z * Math.SQRT1_2) : normalSurvival(z) / normalPdf(z);

/** Mills(m − h) − Mills(m + h) by the odd terms of Taylor's series, with R⁽ⁿ⁺¹⁾ = m R⁽ⁿ⁾ + n R⁽ⁿ⁻¹⁾. */
function millsDifference(m: number, h: number): number {
  const ratio = millsRatio(m);
  const first = m * ratio - 1;
  const second = m * first + ratio;
  const third = m * second + 2 * first;
  const fourth = m * third + 3 * second;
  const fifth = m * fourth + 4 * third;
  const square = h * h;
  return -2 * h * (first + (square / 6) * (third + (square / 20) * fifth));
}

/**
 * Undiscounted value of an out-of-the-money option over √(forward × strike): b(s, w) = e^(−s/2) Φ(w/2 − s/w) −
 * e^(s/2) Φ(−w/2 − s/w) (P. Jäckel 2015, Let's be rational, eq. 2.4), by Mills ratios instead of the difference of
 * two nearly equal probabilities, so that a value of 1e-300 is as exact as one of 0.1.
 * @param s |ln(forward/strike)| ≥ 0
 * @param w total volatility σ√t > 0
 */
export function normalisedBlack(s: number, w: number): number {
  const m = s / w;
  const h = 0.5 * w;
  if (w < SMALL_TOTAL_VOLATILITY) return normalPdf(m) * Math.exp(-0.5 * h * h) * millsDifference(m, h);
  if (m - h > 0) return normalPdf(m) * Math.exp(-0.5 * h * h) * (millsRatio(m - h) - millsRatio(m + h));
  return Math.exp(-0.5 * s) * normalSurvival(m - h) - Math.exp(0.5 * s) * normalSurvival(m + h);
}

/** e^(−s/2) − b(s, w), how far the value is below its least upper bound; exact where it is small. */
export function normalisedBlackShortfall(s: number, w: number): number {
  const m = s / w;
  const h = 0.5 * w;
  return Math.exp(-0.5 * s) * normalSurvival(h - m) + Math.exp(0.5 * s) * normalSurvival(m + h);
}

/** ∂b/∂w = φ(s/w) e^(−w²/8). */
export const normalisedVega = (s: number, w: number): number => normalPdf(s / w) * Math.exp(-0.125 * w * w);
