import { blackScholesFormula } from './black-scholes.ts';
import { InvalidOptionError, type SpotOption } from './option.ts';

/** Trees between which a price is worth its time. */
export const LEAST_STEPS = 8;
export const MOST_STEPS = 20_000;

/** Largest exponent of the outermost node: beyond it prices would overflow. */
const MOST_SPREAD = 500;

/** Price at the root and what the first two steps show of its slopes. */
export interface TreeValue {
  readonly price: number;
  readonly delta: number;
  readonly gamma: number;
  /** Per year that passes. */
  readonly theta: number;
}

/** @throws InvalidOptionError unless steps is a whole number within bounds */
export function requireSteps(steps: number): void {
  if (!Number.isInteger(steps) || steps < LEAST_STEPS || steps > MOST_STEPS)
    throw new InvalidOptionError('steps', steps, `a whole number from ${LEAST_STEPS} to ${MOST_STEPS}`);
}

/** The least volatility for which a tree of so many steps has no negative probability: |rate − yield| √(years/steps). */
export const leastTreeVolatility = (
  { rate, dividendYield, years }: Omit<SpotOption, 'volatility'>,
  steps: number,
): number => Math.abs(rate - dividendYield) * Math.sqrt(years / steps);

/** The greatest volatility whose outermost prices do not overflow. */
export const mostTreeVolatility = ({ years }: Pick<SpotOption, 'years'>, steps: number): number =>
  MOST_SPREAD / Math.sqrt(years * steps);

function requireTree(option: SpotOption, steps: number): void {
  const { volatility } = option;
  const most = mostTreeVolatility(option, steps);
  if (volatility > most)
    throw new InvalidOptionError(
      'volatility',
      volatility,
      `at most ${most}, or fewer steps: over ${steps} prices overflow`,
    );
  const least = leastTreeVolatility(option, steps);
  if (volatility <= least)
    throw new InvalidOptionError(
      'volatility',
      volatility,
      `more than ${least}, 0, or more steps: over ${steps} the carry outruns the volatility`,
    );
}

/**
 * An American option on the tree of J. C. Cox, S. A. Ross and M. Rubinstein (1979), up by e^(σ√Δt), with a continuous
 * dividend yield. With `smooth` the last step's continuation is the European value instead of two payoffs (M. Broadie
 * and J. Detemple 1996, BBS), which takes the saw-tooth out of the convergence.
 * @param option spot, strike, years and volatility above 0
 * @throws InvalidOptionError where so many steps cannot hold the volatility
 */
export function treeValue(option: SpotOption, steps: number, smooth: boolean): TreeValue {
  requireTree(option, steps);
  const { spot, strike, years, volatility, rate, dividendYield } = option;
  const sign = option.right === 'call' ? 1 : -1;
  const interval = years / steps;
  const up = volatility * Math.sqrt(interval);
  const probability =
    (Math.exp((rate - dividendYield) * interval) - Math.exp(-up)) / (Math.exp(up) - Math.exp(-up));
  const discount = Math.exp(-rate * interval);
  const [rise, fall] = [discount * probability, discount * (1 - probability)];
  const intrinsic = Float64Array.from({ length: 2 * steps + 1 }, (_, index) =>
    Math.max(sign * (spot * Math.exp((index - steps) * up) - strike), 0),
  );
  const values = new Float64Array(steps + 1);
  const last = smooth ? steps - 1 : steps;
  for (let node = 0; node <= last; node++) {
    const index = 2 * node - last + steps;
    const payoff = intrinsic[index]!;
    const continuation = smooth
      ? blackScholesFormula({ ...option, spot: spot * Math.exp((index - steps) * up), years: interval }).price
      : 0;
    values[node] = Math.max(payoff, continuation);
  }
  const early: number[] = [];
  for (let step = last; step > 0; step--) {
    if (step <= 2) early.push(...values.subarray(0, step + 1));
    const lowest = steps - step + 1;
    for (let node = 0; node < step; node++) {
      const held = rise * values[node + 1]! + fall * values[node]!;
      const exercised = intrinsic[lowest + 2 * node]!;
      values[node] = Math.max(held, exercised);
    }
  }
  const [low = 0, middle = 0, high = 0, down = 0, above = 0] = early;
  const price = values[0]!;
  const [highest, upper] = [spot * Math.exp(2 * up), spot * Math.exp(up)];
  const [lowest, lower] = [spot * Math.exp(-2 * up), spot * Math.exp(-up)];
  const slope = (high - middle) / (highest - spot) - (middle - low) / (spot - lowest);
  return {
    price,
    delta: (above - down) / (upper - lower),
    gamma: slope / (0.5 * (highest - lowest)),
    theta: (middle - price) / (2 * interval),
  };
}
