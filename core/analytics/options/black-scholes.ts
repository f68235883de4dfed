import { normalCdf, normalPdf } from '../distributions/normal.ts';
import { normalisedBlack, SMALL_TOTAL_VOLATILITY } from './normalised-black.ts';
import { requireTerms, type SpotOption } from './option.ts';

/** Price and sensitivities of one option on one unit of the underlying. */
export interface OptionValue {
  readonly kind: 'value';
  /** In the underlying's currency. */
  readonly price: number;
  /** Per 1.00 of the underlying. */
  readonly delta: number;
  /** Delta per 1.00 of the underlying. */
  readonly gamma: number;
  /** Per 1.00 of volatility; a hundredth of it is per volatility point. */
  readonly vega: number;
  /** Per year that passes, all else equal; a 365th of it is per calendar day. */
  readonly theta: number;
  /** Per 1.00 of the rate; a ten-thousandth of it is per basis point. */
  readonly rho: number;
  /** Delta per 1.00 of volatility, which is vega per 1.00 of the underlying. */
  readonly vanna: number;
  /** Vega per 1.00 of volatility. */
  readonly volga: number;
  /** Delta per year that passes, all else equal. */
  readonly charm: number;
}

/** At the kink of a payoff that nothing smooths the price is known, but delta jumps and gamma is infinite. */
export interface OptionAtKink {
  readonly kind: 'kink';
  readonly price: number;
  readonly reason: string;
}

export type OptionValuation = OptionValue | OptionAtKink;

/** Beyond, both probabilities are 0 or 1 in a double: the option is certain to be exercised, or not to be. */
const CERTAIN = 39;

/** So far out of the money the price is a small difference of two probabilities, and is taken from their ratios. */
const FAR = -5;

/** A total volatility that moves nothing: gamma, which is over it, would overflow. */
const STILL = 1e-100;

/** ln(a/b), relatively exact near 0 too. */
export function logRatio(a: number, b: number): number {
  const difference = a - b;
  return Math.abs(difference) < 0.5 * b ? Math.log1p(difference / b) : Math.log(a / b);
}

/**
 * A European option by Black and Scholes (1973) with Merton's (1973) continuous dividend yield; the sensitivities as in
 * E. G. Haug (2007), The Complete Guide to Option Pricing Formulas, ch. 2. Without time, volatility, spot or strike it
 * is worth what it certainly pays, discounted.
 * @throws InvalidOptionError naming the term that is wrong
 */
export function blackScholes(option: SpotOption): OptionValuation {
  requireTerms(option);
  return blackScholesFormula(option);
}

/** {@link blackScholes} of terms that have been checked: the tree calls it thousands of times. */
export function blackScholesFormula(option: SpotOption): OptionValuation {
  const { spot, strike, years, volatility, rate, dividendYield } = option;
  const sign = option.right === 'call' ? 1 : -1;
  const discount = Math.exp(-rate * years);
  const yieldFactor = Math.exp(-dividendYield * years);
  const asset = spot * yieldFactor;
  const cash = strike * discount;
  const root = Math.sqrt(years);
  const total = volatility * root;
  const moneyness = logRatio(spot, strike) + (rate - dividendYield) * years;
  const above = moneyness / total + 0.5 * total;
  const below = above - total;
  if (!(below < CERTAIN && above > -CERTAIN && total > STILL))
    return certain(option, sign, asset, cash, yieldFactor);

  const density = normalPdf(above);
  const probabilityAbove = normalCdf(sign * above);
  const probabilityBelow = normalCdf(sign * below);
  const vega = asset * density * root;
  const carry = sign * (dividendYield * asset * probabilityAbove - rate * cash * probabilityBelow);
  return {
    kind: 'value',
    price:
      total < SMALL_TOTAL_VOLATILITY || sign * above < FAR
        ? Math.max(sign * (asset - cash), 0) +
          Math.sqrt(asset) * Math.sqrt(cash) * normalisedBlack(Math.abs(moneyness), total)
        : Math.max(sign * (asset * probabilityAbove - cash * probabilityBelow), 0),
    delta: sign * yieldFactor * probabilityAbove,
    gamma: (yieldFactor * density) / (spot * total),
    vega,
    theta: carry - (0.5 * vega * volatility) / years,
    rho: sign * cash * years * probabilityBelow,
    vanna: (-yieldFactor * density * below) / volatility,
    volga: (vega * above * below) / volatility,
    charm:
      sign * dividendYield * yieldFactor * probabilityAbove -
      yieldFactor * density * ((rate - dividendYield) / total - (0.5 * below) / years),
  };
}

const CERTAIN_TO_LAPSE = {
  kind: 'value',
  price: 0,
  delta: 0,
  gamma: 0,
  vega: 0,
  theta: 0,
  rho: 0,
  vanna: 0,
  volga: 0,
  charm: 0,
} as const;

/** The limit without randomness: a forward that will be exercised, nothing, or the kink between them. */
function certain(
  { years, rate, dividendYield }: SpotOption,
  sign: 1 | -1,
  asset: number,
  cash: number,
  yieldFactor: number,
): OptionValuation {
  const price = sign * (asset - cash);
  if (price === 0) {
    const reason =
      'the forward equals the strike and nothing moves it: delta jumps here, so no Greek is defined';
    return { kind: 'kink', price: 0, reason };
  }
  if (price < 0) return CERTAIN_TO_LAPSE;
  return {
    ...CERTAIN_TO_LAPSE,
    price,
    delta: sign * yieldFactor,
    theta: sign * (dividendYield * asset - rate * cash),
    rho: sign * cash * years,
    charm: sign * dividendYield * yieldFactor,
  };
}
