import { logRatio } from './black-scholes.ts';
import { normalisedBlack, normalisedBlackShortfall, normalisedVega } from './normalised-black.ts';
import {
  type FuturesOption,
  requirePrice,
  requireTerms,
  requireUnderlying,
  type SpotOption,
} from './option.ts';

/** The volatility at which the model gives the price. */
export interface SolvedVolatility {
  readonly kind: 'value';
  readonly volatility: number;
  /** How much the volatility changes with the last digit of the price, at most all of it: large where vega is small. */
  readonly uncertainty: number;
  readonly iterations: number;
}

/** Why no volatility gives the price. */
export type NoVolatilityCause =
  /** Time or one of the prices is zero: the value does not depend on volatility. */
  | 'no-randomness'
  /** Below the discounted intrinsic value: an arbitrage, a stale quote, or another rate or dividend. */
  | 'below-intrinsic'
  /** At the discounted intrinsic value, up to the last digits of the price: any small volatility will do. */
  | 'no-time-value'
  /** At or above the discounted underlying (call) or strike (put), which only an infinite volatility reaches. */
  | 'above-upper-bound';

export interface NoVolatility {
  readonly kind: 'undefined';
  readonly cause: NoVolatilityCause;
  readonly reason: string;
}

export type ImpliedVolatility = SolvedVolatility | NoVolatility;

const none = (cause: NoVolatilityCause, reason: string): NoVolatility => ({
  kind: 'undefined',
  cause,
  reason,
});

/** Differences of prices below this fraction of the larger one are rounding. */
const ROUNDING = 4 * Number.EPSILON;

/**
 * The volatility that gives a European option its price in Black–Scholes–Merton, or why there is none.
 * @param price of one option on one unit, in the underlying's currency
 * @throws InvalidOptionError for terms that no option has, or a price that is no number ≥ 0
 */
export function impliedVolatility(price: number, terms: Omit<SpotOption, 'volatility'>): ImpliedVolatility {
  requirePrice('price', price);
  requireTerms({ ...terms, volatility: 0 });
  const { right, spot, strike, years, rate, dividendYield } = terms;
  const asset = spot * Math.exp(-dividendYield * years);
  const cash = strike * Math.exp(-rate * years);
  if (years === 0 || asset === 0 || cash === 0)
    return none(
      'no-randomness',
      'without time to expiry, spot or strike the price does not depend on volatility',
    );
  const intrinsic = Math.max(right === 'call' ? asset - cash : cash - asset, 0);
  const highest = right === 'call' ? asset : cash;
  if (price >= highest * (1 - ROUNDING))
    return none('above-upper-bound', `price ${price} is not below ${highest}, the most at any volatility`);
  const timeValue = price - intrinsic;
  const rounding = intrinsic === 0 ? 0 : ROUNDING * Math.max(asset, cash);
  if (timeValue < -rounding)
    return none('below-intrinsic', `price ${price} is below the discounted intrinsic value ${intrinsic}`);
  const unit = Math.sqrt(asset) * Math.sqrt(cash);
  if (timeValue <= rounding || timeValue / unit === 0)
    return none(
      'no-time-value',
      `price ${price} is the discounted intrinsic value: every small volatility gives it`,
    );
  const s = Math.abs(logRatio(spot, strike) + (rate - dividendYield) * years);
  const { total, iterations } = solveTotalVolatility(s, timeValue / unit, (highest - price) / unit);
  const root = Math.sqrt(years);
  const lastDigit = Math.max(Number.EPSILON * price, 0.25 * rounding, Number.MIN_VALUE);
  const volatility = total / root;
  const uncertainty = Math.min(lastDigit / (unit * normalisedVega(s, total) * root), volatility);
  return { kind: 'value', volatility, uncertainty, iterations };
}

/**
 * The volatility that gives an option on a futures price its price in Black's model, or why there is none.
 * @throws InvalidOptionError for terms that no option has, or a price that is no number ≥ 0
 */
export function impliedVolatility76(
  price: number,
  { forward, ...terms }: Omit<FuturesOption, 'volatility'>,
): ImpliedVolatility {
  requireUnderlying('forward', forward);
  return impliedVolatility(price, { ...terms, spot: forward, dividendYield: terms.rate });
}

/** A function of total volatility that is nearly straight on its part of the line, and its slope. */
interface Straightened {
  readonly value: number;
  readonly slope: number;
}

const MOST_ITERATIONS = 100;

/**
 * Total volatility w with b(s, w) = β, by Newton's method on a straightened price inside a bracket that only shrinks: a
 * step that leaves it is replaced by halving, so it always ends. Below the price at the inflection w = √(2s) the
 * straightened price is 1/√(−ln b), which is asymptotically w√2/s; in the upper half of prices √(−ln(shortfall)),
 * asymptotically w/√8; between them the price itself (the idea is P. Jäckel's 2015, Let's be rational).
 */
function solveTotalVolatility(
  s: number,
  price: number,
  shortfall: number,
): { total: number; iterations: number } {
  const bend = Math.sqrt(2 * s);
  const low = bend > 0 && price < normalisedBlack(s, bend);
  const high = !low && shortfall < price;
  const straighten = low
    ? (b: number, slope: number): Straightened => {
        const log = -Math.log(b);
        return { value: 1 / Math.sqrt(log), slope: (0.5 * slope) / (b * log * Math.sqrt(log)) };
      }
    : (b: number, slope: number): Straightened => ({ value: b, slope });
  const straightenShortfall = (rest: number, slope: number): Straightened => {
    const log = Math.sqrt(Math.max(-Math.log(rest), 0));
    return { value: log, slope: slope / (2 * rest * log) };
  };
  const target = high ? straightenShortfall(shortfall, 0).value : straighten(price, 0).value;
  let least = 0;
  let most = low ? bend : Number.POSITIVE_INFINITY;
  let total = low ? Math.min(bend, (target * s) / Math.SQRT2) : Math.max(bend, price);
  for (let iterations = 1; ; iterations++) {
    const vega = normalisedVega(s, total);
    const { value, slope } = high
      ? straightenShortfall(normalisedBlackShortfall(s, total), vega)
      : straighten(normalisedBlack(s, total), vega);
    if (value < target) least = Math.max(least, total);
    else most = Math.min(most, total);
    const step = (target - value) / slope;
    // A step within the rounding of the function or of the total: no closer can be told.
    if (Math.abs(step) <= 2 * Number.EPSILON * (total + Math.abs(value / slope)))
      return { total: total + step, iterations };
    let next = total + step;
    if (!(next > least && next < most))
      next = most === Number.POSITIVE_INFINITY ? 2 * total : 0.5 * (least + most);
    if (next === total || iterations === MOST_ITERATIONS) return { total, iterations };
    total = next;
  }
}
