import { certainAmerican, DEFAULT_STEPS, extrapolated, isCertain } from './american.ts';
import { leastTreeVolatility, mostTreeVolatility, requireSteps } from './binomial-tree.ts';
import type { ImpliedVolatility, NoVolatility } from './implied-volatility.ts';
import { requirePrice, requireTerms, type SpotOption } from './option.ts';

/** A price that only volatilities too small for the tree would give. */
export interface BelowTree {
  readonly kind: 'undefined';
  readonly cause: 'below-tree';
  readonly reason: string;
}

export type AmericanImpliedVolatility = ImpliedVolatility | BelowTree;

const MOST_ITERATIONS = 100;

const none = (cause: NoVolatility['cause'], reason: string): NoVolatility => ({
  kind: 'undefined',
  cause,
  reason,
});

/**
 * The volatility at which {@link americanPrice} is the price, or why there is none.
 * @throws InvalidOptionError for terms that no option has, a price that is no number ≥ 0, or steps out of range
 */
export function americanImpliedVolatility(
  price: number,
  terms: Omit<SpotOption, 'volatility'>,
  steps: number = DEFAULT_STEPS,
): AmericanImpliedVolatility {
  requirePrice('price', price);
  requireTerms({ ...terms, volatility: 0 });
  requireSteps(steps);
  if (isCertain({ ...terms, volatility: 1 }))
    return none(
      'no-randomness',
      'without time to expiry, spot or strike the price does not depend on volatility',
    );
  const { right, spot, strike, years, rate, dividendYield } = terms;
  const floor = certainAmerican({ ...terms, volatility: 0 }).price;
  const ceiling =
    right === 'call'
      ? spot * Math.max(1, Math.exp(-dividendYield * years))
      : strike * Math.max(1, Math.exp(-rate * years));
  const rounding = 4 * Number.EPSILON * Math.max(spot, strike);
  if (price < floor - rounding)
    return none('below-intrinsic', `price ${price} is below ${floor}, what the best exercise surely pays`);
  if (price <= floor + rounding)
    return none(
      'no-time-value',
      `price ${price} is what the best exercise surely pays: small volatilities give it`,
    );
  const tooHigh = `price ${price} is not below ${ceiling}, the most at any volatility`;
  if (price >= ceiling) return none('above-upper-bound', tooHigh);
  const half = Math.floor(steps / 2);
  const least = leastTreeVolatility(terms, half) * (1 + 1e-9);
  const most = mostTreeVolatility(terms, 2 * half);
  const priceAt = (volatility: number) => extrapolated({ ...terms, volatility }, steps).price;
  const lowest = least === 0 ? floor : priceAt(least);
  if (price < lowest)
    return {
      kind: 'undefined',
      cause: 'below-tree',
      reason: `the volatility is below ${least}; take more than ${steps} steps`,
    };
  let volatility = Math.min(Math.max(0.25, 2 * least), most);
  while (volatility < most && priceAt(volatility) < price) volatility = Math.min(2 * volatility, most);
  if (priceAt(volatility) < price) return none('above-upper-bound', tooHigh);
  return falsePosition(
    priceAt,
    price,
    steps * Number.EPSILON * price,
    { at: least, gap: lowest - price },
    volatility,
  );
}

/** A volatility tried, and by how much its price is too high. */
interface Trial {
  readonly at: number;
  readonly gap: number;
}

/**
 * False position with the weights of the Illinois algorithm (M. Dowell and P. Jarratt 1971): an end that stays has its
 * gap halved, so that no end stays for long.
 * @param rounding of a price, which is what the gap can be brought down to
 */
function falsePosition(
  priceAt: (volatility: number) => number,
  price: number,
  rounding: number,
  below: Trial,
  most: number,
): ImpliedVolatility {
  let low = below;
  let high: Trial = { at: most, gap: priceAt(most) - price };
  let slope = (high.gap - low.gap) / (high.at - low.at);
  let side = 0;
  for (let iterations = 1; ; iterations++) {
    const secant = (low.at * high.gap - high.at * low.gap) / (high.gap - low.gap);
    const at = secant >= low.at && secant <= high.at ? secant : 0.5 * (low.at + high.at);
    const gap = priceAt(at) - price;
    const narrow = high.at - low.at <= 2 * Number.EPSILON * high.at;
    if (Math.abs(gap) <= rounding || narrow || iterations === MOST_ITERATIONS)
      return { kind: 'value', volatility: at, uncertainty: (Math.abs(gap) + rounding) / slope, iterations };
    const sameSide = side === Math.sign(gap);
    side = Math.sign(gap);
    if (gap < 0) {
      slope = Math.abs((gap - low.gap) / (at - low.at)) || slope;
      low = { at, gap };
      if (sameSide) high = { at: high.at, gap: 0.5 * high.gap };
    } else {
      slope = Math.abs((gap - high.gap) / (at - high.at)) || slope;
      high = { at, gap };
      if (sameSide) low = { at: low.at, gap: 0.5 * low.gap };
    }
  }
}
