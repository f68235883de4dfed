import { stirlingError } from '../distributions/gamma-function.ts';

/** Below this ψ's asymptotic series is not exact; its recurrence leads there. */
const SERIES_FROM = 10;

/** ψ(x), the derivative of ln Γ, for x > 0: recurrence DLMF 5.5.2 and asymptotic series 5.11.2. */
function digamma(x: number): number {
  let below = 0;
  let at = x;
  for (; at < SERIES_FROM; at++) below += 1 / at;
  const square = 1 / (at * at);
  const series =
    square *
    (1 / 12 -
      square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square * (1 / 132 - square / 47.4)))));
  return Math.log(at) - 0.5 / at - series - below;
}

/** ln Γ(a) for a > 0 by Stirling's formula and what it lacks. */
const logGamma = (a: number): number =>
  (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI) + stirlingError(a);

/**
 * What the log density of Student's t, scaled to a variance of 1, holds whatever the shock:
 * ln Γ((ν + 1)/2) − ln Γ(ν/2) − ½ ln(π(ν − 2)), and its derivative by ν > 2.
 */
export function unitStudentT(degrees: number): { readonly constant: number; readonly slope: number } {
  const [upper, lower] = [(degrees + 1) / 2, degrees / 2];
  return {
    constant: logGamma(upper) - logGamma(lower) - 0.5 * Math.log(Math.PI * (degrees - 2)),
    slope: 0.5 * (digamma(upper) - digamma(lower) - 1 / (degrees - 2)),
  };
}
