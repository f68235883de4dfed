/** erf(x)/x for |x| ≤ 0.46875, in x². */
const CENTRE_ABOVE = [
  0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
];
const CENTRE_BELOW = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
/** exp(x²)·erfc(x) for 0.46875 ≤ x ≤ 4, in x. */
const MIDDLE_ABOVE = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
  881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
];
const MIDDLE_BELOW = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
/** The correction of the asymptotic form for x ≥ 4, in 1/x². */
const TAIL_ABOVE = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  6.587491615298378e-4,
];
const TAIL_BELOW = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
];
const INVERSE_SQRT_PI = 0.5641895835477563;

/** Where the two forms meet. */
export const CENTRE = 0.46875;

/** A polynomial by Horner's rule, the highest power first. */
export function polynomial(coefficients: readonly number[], at: number): number {
  let sum = 0;
  for (let index = 0; index < coefficients.length; index++) sum = sum * at + coefficients[index]!;
  return sum;
}

/** erf(x) for |x| ≤ {@link CENTRE}; W. J. Cody (1969), Rational Chebyshev approximations for the error function. */
export function centralErf(x: number): number {
  const square = x * x;
  return (x * polynomial(CENTRE_ABOVE, square)) / polynomial(CENTRE_BELOW, square);
}

/**
 * exp(x²)·erfc(x) for x ≥ {@link CENTRE}: without the exponential it neither underflows nor doubles the rounding of
 * its argument. Cody (1969), tables II and III.
 */
export function scaledErfc(x: number): number {
  if (x <= 4) return polynomial(MIDDLE_ABOVE, x) / polynomial(MIDDLE_BELOW, x);
  const inverse = 1 / (x * x);
  const correction = (inverse * polynomial(TAIL_ABOVE, inverse)) / polynomial(TAIL_BELOW, inverse);
  return (INVERSE_SQRT_PI - correction) / x;
}
