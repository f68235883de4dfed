/** A call is the right to buy, a put the right to sell, at the strike. */
export type OptionRight = 'call' | 'put';

/** An option on a spot price, all of one unit: prices in the underlying's currency, rates continuous and per year. */
export interface SpotOption {
  readonly right: OptionRight;
  /** Price of the underlying, ≥ 0. */
  readonly spot: number;
  /** ≥ 0. */
  readonly strike: number;
  /** Time to expiry in years of 365 days, ≥ 0. */
  readonly years: number;
  /** Annual standard deviation of log returns: 0.2 is 20 %; ≥ 0. */
  readonly volatility: number;
  /** Risk-free rate, continuously compounded: 0.05 is 5 % a year; may be negative. */
  readonly rate: number;
  /** Dividend yield (or borrow fee, or foreign rate), continuously compounded; may be negative. */
  readonly dividendYield: number;
}

/** An option on a futures or forward price for the option's expiry or later. */
export interface FuturesOption extends Omit<SpotOption, 'spot' | 'dividendYield'> {
  /** Futures price of the underlying, ≥ 0. */
  readonly forward: number;
}

/** Terms that no option has: the sentence names the term, its value and what was expected. */
export class InvalidOptionError extends Error {
  readonly code = 'InvalidOption';
  readonly retryable = false;

  constructor(term: string, found: number, expected: string) {
    super(`${term} is ${found}: give ${expected}`);
    this.name = 'InvalidOptionError';
  }
}

/** Bounds far outside of any market, within which no intermediate result overflows. */
const MOST_PRICE = 1e60;
const LEAST_PRICE = 1e-60;
const MOST_VOLATILITY = 1_000;
const MOST_YEARS = 1_000;
const MOST_GROWTH = 200;

function within(term: string, found: number, least: number, most: number, unit: string): void {
  if (!(found >= least && found <= most))
    throw new InvalidOptionError(term, found, `a number from ${least} to ${most}${unit}`);
}

/** @throws InvalidOptionError for a price that is not a number from 0 to 1e60 */
export function requirePrice(term: string, found: number): void {
  within(term, found, 0, MOST_PRICE, '');
}

/** @throws InvalidOptionError for the price of an underlying, or a strike, that is neither 0 nor from 1e-60 to 1e60 */
export function requireUnderlying(term: string, found: number): void {
  if (found !== 0 && !(found >= LEAST_PRICE && found <= MOST_PRICE))
    throw new InvalidOptionError(term, found, `0 or a number from ${LEAST_PRICE} to ${MOST_PRICE}`);
}

/** @throws InvalidOptionError naming the first term that is not a number, negative where it may not be, or absurd */
export function requireTerms({ spot, strike, years, volatility, rate, dividendYield }: SpotOption): void {
  requireUnderlying('spot', spot);
  requireUnderlying('strike', strike);
  within('years', years, 0, MOST_YEARS, ' years');
  within('volatility', volatility, 0, MOST_VOLATILITY, ' a year, where 1 is 100 %');
  within('rate × years', rate * years, -MOST_GROWTH, MOST_GROWTH, ', with a rate of 0.05 for 5 %');
  within('dividend yield × years', dividendYield * years, -MOST_GROWTH, MOST_GROWTH, ', with 0.05 for 5 %');
}
