import { InvalidOptionError, type OptionRight, requirePrice, requireTerms } from './option.ts';

/** One option of a structure, as quoted. */
export interface QuotedOption {
  readonly strike: number;
  /** Price of one option on one unit: paid or received now. */
  readonly price: number;
  /** Its implied volatility a year: 0.2 is 20 %. Only a revaluation needs it; 0 is taken as it stands. */
  readonly volatility: number;
}

/** An option held (quantity above 0) or written (below), in contracts. */
export interface OptionLeg extends QuotedOption {
  readonly right: OptionRight;
  /** Time to expiry in years. */
  readonly years: number;
  readonly quantity: number;
}

/** Units of the underlying held at a price. */
export interface StockLeg {
  readonly quantity: number;
  readonly price: number;
}

/** Options on one underlying, and perhaps the underlying itself. Amounts are before fees, in its currency. */
export interface OptionStructure {
  readonly name: string;
  /** Units of the underlying to a contract, 100 for US equities. */
  readonly multiplier: number;
  readonly options: readonly [OptionLeg, ...OptionLeg[]];
  readonly stock: StockLeg | null;
}

/** What all legs of a structure have in common. */
export interface StructureTerms {
  /** How many times the structure is held, whole. */
  readonly contracts: number;
  readonly multiplier: number;
  readonly years: number;
}

export type Side = 'long' | 'short';

function structureOf(
  name: string,
  terms: StructureTerms,
  legs: readonly [OptionLeg, ...OptionLeg[]],
  stockPrice: number | null = null,
): OptionStructure {
  const { contracts, multiplier } = terms;
  if (!(Number.isSafeInteger(contracts) && contracts > 0))
    throw new InvalidOptionError('contracts', contracts, 'a whole number above 0');
  const stock = stockPrice === null ? null : { quantity: contracts * multiplier, price: stockPrice };
  return structureOfLegs(name, multiplier, legs, stock);
}

/**
 * Any options on one underlying, bought and written in any number, and perhaps the underlying.
 * @throws InvalidOptionError for a leg of no whole number of contracts, or impossible terms
 */
export function structureOfLegs(
  name: string,
  multiplier: number,
  options: readonly [OptionLeg, ...OptionLeg[]],
  stock: StockLeg | null,
): OptionStructure {
  if (!(multiplier > 0 && multiplier <= 1e9))
    throw new InvalidOptionError('multiplier', multiplier, 'a number above 0, 100 for US equity options');
  for (const leg of options) {
    if (!Number.isSafeInteger(leg.quantity) || leg.quantity === 0)
      throw new InvalidOptionError('quantity', leg.quantity, 'a whole number of contracts other than 0');
    requirePrice('option price', leg.price);
    requireTerms({ ...leg, spot: 0, rate: 0, dividendYield: 0 });
  }
  if (stock !== null) {
    requirePrice('stock price', stock.price);
    if (!Number.isFinite(stock.quantity))
      throw new InvalidOptionError('stock quantity', stock.quantity, 'a finite number of units');
  }
  return { name, multiplier, options, stock };
}

const legOf = (
  right: OptionRight,
  quote: QuotedOption,
  { contracts, years }: StructureTerms,
  times: number,
): OptionLeg => ({ ...quote, right, years, quantity: times * contracts });

/** @throws InvalidOptionError unless each strike is above the one before */
function requireRising(...named: readonly (readonly [string, QuotedOption])[]): void {
  for (const [index, [name, { strike }]] of named.entries()) {
    const before = named[index - 1];
    if (before !== undefined && !(strike > before[1].strike))
      throw new InvalidOptionError(
        `strike of the ${name}`,
        strike,
        `one above the ${before[0]}'s, ${before[1].strike}`,
      );
  }
}

const signOf = (side: Side): 1 | -1 => (side === 'long' ? 1 : -1);

/**
 * One option bought and one of the same right written at another strike.
 * @throws InvalidOptionError for equal strikes or impossible terms
 */
export function verticalSpread(
  right: OptionRight,
  bought: QuotedOption,
  written: QuotedOption,
  terms: StructureTerms,
): OptionStructure {
  if (bought.strike === written.strike)
    throw new InvalidOptionError(
      'strike of the written option',
      written.strike,
      'another than of the bought one',
    );
  const kind = bought.strike < written.strike === (right === 'call') ? 'debit' : 'credit';
  return structureOf(`${right} ${kind} spread`, terms, [
    legOf(right, bought, terms, 1),
    legOf(right, written, terms, -1),
  ]);
}

/**
 * A call and a put at one strike, bought or written.
 * @throws InvalidOptionError for different strikes or impossible terms
 */
export function straddle(
  side: Side,
  put: QuotedOption,
  call: QuotedOption,
  terms: StructureTerms,
): OptionStructure {
  if (call.strike !== put.strike)
    throw new InvalidOptionError(
      'strike of the call',
      call.strike,
      `that of the put, ${put.strike}, or a strangle`,
    );
  const sign = signOf(side);
  return structureOf(`${side} straddle`, terms, [
    legOf('put', put, terms, sign),
    legOf('call', call, terms, sign),
  ]);
}

/**
 * A put and a call at a higher strike, bought or written.
 * @throws InvalidOptionError unless the call's strike is above the put's, or for impossible terms
 */
export function strangle(
  side: Side,
  put: QuotedOption,
  call: QuotedOption,
  terms: StructureTerms,
): OptionStructure {
  requireRising(['put', put], ['call', call]);
  const sign = signOf(side);
  return structureOf(`${side} strangle`, terms, [
    legOf('put', put, terms, sign),
    legOf('call', call, terms, sign),
  ]);
}

/** The four options of an iron condor, their strikes rising in this order. */
export interface IronCondorLegs {
  readonly boughtPut: QuotedOption;
  readonly writtenPut: QuotedOption;
  readonly writtenCall: QuotedOption;
  readonly boughtCall: QuotedOption;
}

/**
 * A put credit spread below a call credit spread.
 * @throws InvalidOptionError unless the strikes rise, or for impossible terms
 */
export function ironCondor(legs: IronCondorLegs, terms: StructureTerms): OptionStructure {
  const { boughtPut, writtenPut, writtenCall, boughtCall } = legs;
  requireRising(
    ['bought put', boughtPut],
    ['written put', writtenPut],
    ['written call', writtenCall],
    ['bought call', boughtCall],
  );
  return structureOf('iron condor', terms, [
    legOf('put', boughtPut, terms, 1),
    legOf('put', writtenPut, terms, -1),
    legOf('call', writtenCall, terms, -1),
    legOf('call', boughtCall, terms, 1),
  ]);
}

/**
 * One option at each wing, two of the other sign at the body; the wings may be of different width.
 * @throws InvalidOptionError unless the strikes rise, or for impossible terms
 */
export function butterfly(
  side: Side,
  right: OptionRight,
  strikes: readonly [QuotedOption, QuotedOption, QuotedOption],
  terms: StructureTerms,
): OptionStructure {
  const [lower, body, upper] = strikes;
  requireRising(['lower wing', lower], ['body', body], ['upper wing', upper]);
  const sign = signOf(side);
  return structureOf(`${side} ${right} butterfly`, terms, [
    legOf(right, lower, terms, sign),
    legOf(right, body, terms, -2 * sign),
    legOf(right, upper, terms, sign),
  ]);
}

/**
 * The underlying, and a call written on it.
 * @throws InvalidOptionError for impossible terms
 */
export function coveredCall(stockPrice: number, call: QuotedOption, terms: StructureTerms): OptionStructure {
  return structureOf('covered call', terms, [legOf('call', call, terms, -1)], stockPrice);
}

/**
 * The underlying, a put bought below it and a call written above.
 * @throws InvalidOptionError unless the call's strike is above the put's, or for impossible terms
 */
export function collar(
  stockPrice: number,
  put: QuotedOption,
  call: QuotedOption,
  terms: StructureTerms,
): OptionStructure {
  requireRising(['put', put], ['call', call]);
  return structureOf(
    'collar',
    terms,
    [legOf('put', put, terms, 1), legOf('call', call, terms, -1)],
    stockPrice,
  );
}

/**
 * A near option written and a far one of the same strike bought. Its value when the near one expires depends on
 * the far one's volatility then, so it has no payoff at expiry; its worst case over a grid it has.
 * @throws InvalidOptionError unless the strikes are equal and the far expiry is later, or for impossible terms
 */
export function calendarSpread(
  right: OptionRight,
  near: QuotedOption,
  far: QuotedOption,
  terms: StructureTerms & { readonly farYears: number },
): OptionStructure {
  if (near.strike !== far.strike)
    throw new InvalidOptionError(
      'strike of the far option',
      far.strike,
      `that of the near one, ${near.strike}`,
    );
  if (!(terms.farYears > terms.years))
    throw new InvalidOptionError('far expiry', terms.farYears, `years after the near one's ${terms.years}`);
  return structureOf(`${right} calendar spread`, terms, [
    legOf(right, near, terms, -1),
    legOf(right, far, { ...terms, years: terms.farYears }, 1),
  ]);
}

/** Paid (above 0) or received (below) for the options now, without the stock and before fees. */
export const netPremium = ({ options, multiplier }: OptionStructure): number =>
  multiplier * options.reduce((sum, { quantity, price }) => sum + quantity * price, 0);

/** What a leg pays at its expiry per unit, before what it cost. */
export const intrinsicValue = ({ right, strike }: OptionLeg, spot: number): number =>
  Math.max(right === 'call' ? spot - strike : strike - spot, 0);
