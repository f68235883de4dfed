import { requireSteps, type TreeValue, treeValue } from './binomial-tree.ts';
import type { OptionAtKink, OptionValue } from './black-scholes.ts';
import { requireTerms, type SpotOption } from './option.ts';

/** Price and sensitivities in the units of {@link OptionValue}; those that have no closed form here are left out. */
export type AmericanValue = Omit<OptionValue, 'vanna' | 'volga' | 'charm'>;

export type AmericanValuation = AmericanValue | OptionAtKink;

/** The error is then about 1e-6 of the strike, 5e-5 at worst; see docs/options.md. */
export const DEFAULT_STEPS = 400;

/** Steps of the numerical derivatives, relative to the volatility and absolute for the rate. */
const VOLATILITY_STEP = 0.02;
const RATE_STEP = 2.5e-3;

/** Nothing random is left, or nothing that randomness could move. */
export const isCertain = ({ spot, strike, years, volatility }: SpotOption): boolean =>
  spot === 0 || strike === 0 || years === 0 || volatility === 0;

/**
 * An American option by a tree with smoothed last step, extrapolated from half its steps (Broadie and Detemple 1996,
 * BBSR: 2 V(n) − V(n/2)). Delta, gamma and theta are read off the first steps of the trees (J. C. Hull, Options, Futures
 * and Other Derivatives, ch. 21), vega and rho are central differences of
 * prices on the larger tree, good to some 0.3 %.
 * @param steps of the larger tree; the error falls about as 1/steps, the work rises as steps²
 * @throws InvalidOptionError naming the term that is wrong, or the steps where they cannot hold the volatility
 */
export function americanOption(option: SpotOption, steps: number = DEFAULT_STEPS): AmericanValuation {
  requireTerms(option);
  requireSteps(steps);
  if (isCertain(option)) return certainAmerican(option);
  const { volatility, rate } = option;
  const { price, delta, gamma, theta } = extrapolated(option, steps);
  // Extrapolation would double the noise that a difference divides by a small step.
  const priceAt = (change: Partial<SpotOption>) => treeValue({ ...option, ...change }, steps, true).price;
  const step = VOLATILITY_STEP * volatility;
  const byVolatility =
    priceAt({ volatility: volatility + step }) - priceAt({ volatility: volatility - step });
  const byRate = priceAt({ rate: rate + RATE_STEP }) - priceAt({ rate: rate - RATE_STEP });
  const [vega, rho] = [byVolatility / (2 * step), byRate / (2 * RATE_STEP)];
  return { kind: 'value', price, delta, gamma, vega, theta, rho };
}

/**
 * The price alone, a quarter of the work of {@link americanOption}.
 * @throws InvalidOptionError as {@link americanOption}
 */
export function americanPrice(option: SpotOption, steps: number = DEFAULT_STEPS): number {
  requireTerms(option);
  requireSteps(steps);
  return isCertain(option) ? certainAmerican(option).price : extrapolated(option, steps).price;
}

/**
 * The price by the tree as Cox, Ross and Rubinstein (1979) have it, neither smoothed nor extrapolated: for comparison
 * with published values. Its error falls as 1/steps and alternates.
 * @throws InvalidOptionError as {@link americanOption}
 */
export function binomialAmericanPrice(option: SpotOption, steps: number): number {
  requireTerms(option);
  requireSteps(steps);
  return isCertain(option) ? certainAmerican(option).price : treeValue(option, steps, false).price;
}

export function extrapolated(option: SpotOption, steps: number): TreeValue {
  const half = treeValue(option, Math.floor(steps / 2), true);
  const whole = treeValue(option, 2 * Math.floor(steps / 2), true);
  const extrapolate = (name: keyof TreeValue) => 2 * whole[name] - half[name];
  return {
    // Randomness never costs the holder anything; discrete instants of exercise might seem to.
    price: Math.max(extrapolate('price'), certainAmerican(option).price),
    delta: extrapolate('delta'),
    gamma: extrapolate('gamma'),
    theta: extrapolate('theta'),
  };
}

/**
 * Without randomness the holder picks the best instant τ: the greatest of S e^(−qτ) − K e^(−rτ) (or its negative) is
 * at once, at expiry, or where the two decay at the same pace. By the envelope theorem the sensitivities are those at
 * the instant picked.
 */
export function certainAmerican(option: SpotOption): AmericanValuation {
  const { spot, strike, years, rate, dividendYield } = option;
  const sign = option.right === 'call' ? 1 : -1;
  const payoffAt = (instant: number) =>
    sign * (spot * Math.exp(-dividendYield * instant) - strike * Math.exp(-rate * instant));
  const samePace = Math.log((rate * strike) / (dividendYield * spot)) / (rate - dividendYield);
  const between = samePace > 0 && samePace < years;
  let best = 0;
  for (const instant of between ? [samePace, years] : [years])
    if (payoffAt(instant) > payoffAt(best)) best = instant;
  const price = payoffAt(best);
  if (price === 0) {
    const reason =
      'the price equals the strike and nothing moves it: delta jumps here, so no Greek is defined';
    return { kind: 'kink', price: 0, reason };
  }
  if (price < 0) return { kind: 'value', price: 0, delta: 0, gamma: 0, vega: 0, theta: 0, rho: 0 };
  const delta = sign * Math.exp(-dividendYield * best);
  const cash = strike * Math.exp(-rate * best);
  return {
    kind: 'value',
    price,
    delta,
    gamma: between && best === samePace ? (dividendYield * delta) / (spot * (rate - dividendYield)) : 0,
    vega: 0,
    theta: best === years && years > 0 ? sign * (-rate * cash) + dividendYield * spot * delta : 0,
    rho: best === 0 ? 0 : sign * cash * best,
  };
}
