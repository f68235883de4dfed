import { Decimal as DecimalJs } from 'decimal.js';

/**
 * Exact decimal arithmetic for money, prices and quantities. Every boundary (events, state, broker, files)
 * carries decimals as strings; floats are for analytics only. 40 significant digits, banker's rounding.
 */
export const Decimal = DecimalJs.clone({
  precision: 40,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -30,
  toExpPos: 40,
});
export type Decimal = DecimalJs;

declare const brand: unique symbol;
/** An amount of money in the account's base currency unless a currency stands beside it. */
export type Money = Decimal & { readonly [brand]: 'money' };
/** A price per unit of an instrument, in the instrument's currency. */
export type Price = Decimal & { readonly [brand]: 'price' };
/** A number of units (shares, contracts); signed where it is a position, positive where it is an order. */
export type Quantity = Decimal & { readonly [brand]: 'quantity' };

const DECIMAL_TEXT = /^-?\d{1,30}(\.\d{1,30})?$/;

/** A value that is not a finite plain decimal. Names the value and what it was meant to be. */
export class NotADecimalError extends Error {
  readonly code = 'NotADecimal';
  readonly retryable = false;
  constructor(what: string, value: unknown) {
    super(
      `${what} is not a finite decimal: ${JSON.stringify(String(value))}; give digits with an optional point, such as "123.45"`,
    );
    this.name = 'NotADecimalError';
  }
}

function parse(what: string, value: Decimal | string | number): Decimal {
  if (value instanceof DecimalJs) {
    if (!value.isFinite()) throw new NotADecimalError(what, value);
    return value;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotADecimalError(what, value);
    return new Decimal(value);
  }
  if (!DECIMAL_TEXT.test(value)) throw new NotADecimalError(what, value);
  return new Decimal(value);
}

/** Parses an amount of money. @throws NotADecimalError */
export const money = (value: Decimal | string | number): Money => parse('an amount of money', value) as Money;
/** Parses a price. @throws NotADecimalError */
export const price = (value: Decimal | string | number): Price => parse('a price', value) as Price;
/** Parses a quantity. @throws NotADecimalError */
export const quantity = (value: Decimal | string | number): Quantity =>
  parse('a quantity', value) as Quantity;

/** Digits after the point that a decimal may have where it crosses a boundary. */
const MOST_PLACES = 30;

/**
 * The canonical text of a decimal: plain notation, no trailing zeros, `-0` as `0`. A quotient that does not end (the
 * average of fills at different prices) is rounded half-even to {@link MOST_PLACES} places. @throws NotADecimalError
 */
export function decimalText(value: Decimal): string {
  if (!value.isFinite()) throw new NotADecimalError('a result', value);
  const rounded = value.toDecimalPlaces(MOST_PLACES, Decimal.ROUND_HALF_EVEN);
  return rounded.isZero() ? '0' : rounded.toFixed();
}

/** {@link decimalText} of a number. Where a number's own shortest text is plain, that is it. @throws NotADecimalError */
export function numberText(value: number): string {
  const hundredths = Math.round(value * 100);
  // Most prices: a decimal of so few digits is the shortest text of its float, and is written in a third of the time.
  if (hundredths / 100 === value && hundredths >= 0 && hundredths < 1e9) return hundredthsText(hundredths);
  const size = Math.abs(value);
  return (size >= 1e-6 && size < 1e21) || size === 0 ? String(value) : decimalText(new Decimal(value));
}

function hundredthsText(hundredths: number): string {
  const rest = hundredths % 100;
  const whole = (hundredths - rest) / 100;
  if (rest === 0) return `${whole}`;
  return rest % 10 === 0 ? `${whole}.${rest / 10}` : `${whole}.${rest < 10 ? '0' : ''}${rest}`;
}

/** Money rounded half-even to the cent, as text with two places. */
export function centsText(value: Decimal): string {
  const rounded = value.toDecimalPlaces(2, Decimal.ROUND_HALF_EVEN);
  return (rounded.isZero() ? new Decimal(0) : rounded).toFixed(2);
}
