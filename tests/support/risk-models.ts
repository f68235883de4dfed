import type { RiskModel } from '#core/analytics/optimization/risk-model.ts';
import type { Random } from '#core/values/random.ts';

export function modelOf(
  deviations: readonly number[],
  correlations: readonly (readonly number[])[],
): RiskModel {
  return {
    names: deviations.map((_, index) => String.fromCharCode(65 + index)),
    covariance: Float64Array.from(
      deviations.flatMap((first, i) => deviations.map((second, j) => first * second * correlations[i]![j]!)),
    ),
  };
}

/** Five names with which Python has been asked too: numpy, scipy and exhaustive search over active sets. */
export const FIVE_NAMES: RiskModel = modelOf(
  [0.16, 0.25, 0.12, 0.3, 0.2],
  [
    [1, 0.6, 0.2, 0.5, -0.1],
    [0.6, 1, 0.1, 0.7, 0],
    [0.2, 0.1, 1, 0.15, 0.3],
    [0.5, 0.7, 0.15, 1, 0.05],
    [-0.1, 0, 0.3, 0.05, 1],
  ],
);
export const FIVE_RETURNS = Float64Array.of(0.07, 0.1, 0.04, 0.12, 0.05);

/** Two names that always move together, and a third. */
export const TWINS: RiskModel = modelOf(
  [0.2, 0.2, 0.1],
  [
    [1, 1, 0.3],
    [1, 1, 0.3],
    [0.3, 0.3, 1],
  ],
);

/** A positive definite covariance of factors and idiosyncratic risk, of daily size. */
export function randomModel(random: Random, size: number): RiskModel {
  const factors = 3;
  const loadings = Float64Array.from({ length: size * factors }, () => random.normal() * 0.01);
  const covariance = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1e-5 + 2e-4 * random.next() : 0;
      for (let k = 0; k < factors; k++) sum += loadings[i * factors + k]! * loadings[j * factors + k]!;
      covariance[i * size + j] = sum;
      covariance[j * size + i] = sum;
    }
  }
  return { names: Array.from({ length: size }, (_, index) => `N${index}`), covariance };
}

/** A portfolio within floors and caps of a given sum: a mixture of portfolios that were filled name by name. */
export function randomPortfolio(
  random: Random,
  floors: readonly number[],
  caps: readonly number[],
  total: number,
): Float64Array {
  const mixture = new Float64Array(caps.length);
  const parts = Array.from({ length: 4 }, () => random.next() + 1e-3);
  const whole = parts.reduce((sum, part) => sum + part, 0);
  for (const part of parts) {
    const keys = caps.map(() => random.next());
    const order = caps.map((_, index) => index).sort((a, b) => keys[a]! - keys[b]!);
    let left = total - floors.reduce((sum, floor) => sum + floor, 0);
    for (const index of order) {
      const added = Math.min(left, caps[index]! - floors[index]!);
      mixture[index]! += (part / whole) * (floors[index]! + added);
      left -= added;
    }
  }
  return mixture;
}

/** wᵀΣw, written again for tests. */
export function variance({ names, covariance }: RiskModel, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < names.length; i++)
    for (let j = 0; j < names.length; j++)
      sum += weights[i]! * weights[j]! * covariance[i * names.length + j]!;
  return sum;
}
