import { requirePrice } from './option.ts';
import { intrinsicValue, type OptionLeg, type OptionStructure } from './structure.ts';

/** What a broker asks for, in the account's currency. */
export interface MarginRequirement {
  readonly kind: 'value';
  /** Equity to open the structure; the premium of bought options is paid besides, that of written ones received. */
  readonly initial: number;
  /** Equity to keep it. */
  readonly maintenance: number;
  /** Which part of the rule was used. */
  readonly rule: string;
}

/** A structure that the rule has no line for. */
export interface NoMarginRule {
  readonly kind: 'undefined';
  readonly reason: string;
}

export type StructureMargin = MarginRequirement | NoMarginRule;

/** Rates of the rule; a broker's house rates are often higher. */
export interface MarginRates {
  /** Of the underlying for an uncovered option: 0.2 for equities and narrow indices, 0.15 for broad indices. */
  readonly uncovered: number;
  /** At least this of the underlying (call) or strike (put). */
  readonly least: number;
  /** Of long stock, Regulation T (12 CFR 220.12). */
  readonly stockInitial: number;
  readonly stockMaintenance: number;
}

export const REGULATION_T_RATES: MarginRates = {
  uncovered: 0.2,
  least: 0.1,
  stockInitial: 0.5,
  stockMaintenance: 0.25,
};

/**
 * Strategy-based margin of FINRA Rule 4210(f)(2) with Regulation T for stock, on which the table that Interactive
 * Brokers publishes for US options in margin accounts is built; quoted prices are taken as current.
 * - bought options: none, they are paid in full
 * - written options: price plus the greater of 20 % of the underlying less the amount out of the money, and 10 % of the
 *   underlying (call) or strike (put); of a written put and call the greater, and the price of the other
 * - with bought options that expire no earlier: at most the greatest loss of intrinsic value at 0 and at every strike
 *   (Regulatory Notice 12-44), so the width of a credit spread, the wider side of an iron condor (Interactive Brokers
 *   asks for both sides where they differ)
 * - stock with calls written on it: stock margin up to the strike, and what is above in full; with a put bought as
 *   well, maintenance at most the lesser of 10 % of the put's strike and the amount it is out of the money, and 25 % of
 *   the call's strike (collar)
 * Written options with an unbounded loss are margined as if the bought ones were not there, which is never too little.
 * @throws InvalidOptionError for a spot that is no price
 */
export function structureMargin(
  structure: OptionStructure,
  spot: number,
  rates: MarginRates = REGULATION_T_RATES,
): StructureMargin {
  requirePrice('spot', spot);
  const { options, stock, multiplier } = structure;
  if (stock !== null) return stockMargin(structure, stock.quantity, spot, rates);
  const written = options.filter((leg) => leg.quantity < 0);
  if (written.length === 0) return both(0, 'bought options are paid in full');
  const uncovered = multiplier * uncoveredMargin(written, spot, rates);
  const loss = greatestIntrinsicLoss(options);
  if (loss === undefined || multiplier * loss >= uncovered) return both(uncovered, 'uncovered options');
  return both(multiplier * loss, 'greatest loss of intrinsic value');
}

const both = (amount: number, rule: string): MarginRequirement => ({
  kind: 'value',
  initial: amount,
  maintenance: amount,
  rule,
});

/** Of one written contract, per unit, without its price. */
function beyondPrice({ right, strike }: OptionLeg, spot: number, rates: MarginRates): number {
  const out = Math.max(right === 'call' ? strike - spot : spot - strike, 0);
  return Math.max(rates.uncovered * spot - out, rates.least * (right === 'call' ? spot : strike));
}

/** Written contracts per unit; each call is paired with a put as long as there are both, the dearest first. */
function uncoveredMargin(written: readonly OptionLeg[], spot: number, rates: MarginRates): number {
  const queueOf = (right: OptionLeg['right']) =>
    written
      .filter((leg) => leg.right === right)
      .map((leg) => ({ left: -leg.quantity, price: leg.price, beyond: beyondPrice(leg, spot, rates) }))
      .sort((a, b) => b.price + b.beyond - (a.price + a.beyond));
  const [calls, puts] = [queueOf('call'), queueOf('put')];
  let margin = written.reduce((sum, leg) => sum - leg.quantity * leg.price, 0);
  for (;;) {
    const [call, put] = [calls[0], puts[0]];
    if (call === undefined && put === undefined) return margin;
    const count = Math.min(call?.left ?? Number.POSITIVE_INFINITY, put?.left ?? Number.POSITIVE_INFINITY);
    const callDearer =
      call !== undefined && (put === undefined || call.price + call.beyond >= put.price + put.beyond);
    margin += count * ((callDearer ? call?.beyond : put?.beyond) ?? 0);
    for (const queue of [calls, puts]) {
      const head = queue[0];
      if (head === undefined) continue;
      head.left -= count;
      if (head.left === 0) queue.shift();
    }
  }
}

/** Per unit, of written options and those bought that last as long; undefined where it has no bound. */
function greatestIntrinsicLoss(options: readonly OptionLeg[]): number | undefined {
  const written = options.filter((leg) => leg.quantity < 0);
  const last = Math.max(...written.map((leg) => leg.years));
  const counted = options.filter((leg) => leg.quantity < 0 || leg.years >= last);
  const calls = counted.filter((leg) => leg.right === 'call').reduce((sum, leg) => sum + leg.quantity, 0);
  if (calls < 0) return undefined;
  const losses = [0, ...counted.map((leg) => leg.strike)].map(
    (spot) => -counted.reduce((sum, leg) => sum + leg.quantity * intrinsicValue(leg, spot), 0),
  );
  return Math.max(0, ...losses);
}

function stockMargin(
  { options, multiplier, name }: OptionStructure,
  shares: number,
  spot: number,
  rates: MarginRates,
): StructureMargin {
  const calls = options.filter((leg) => leg.right === 'call');
  const puts = options.filter((leg) => leg.right === 'put');
  const covers = (leg: OptionLeg, sign: 1 | -1) => leg.quantity * multiplier === sign * shares;
  const [call] = calls;
  const [put] = puts;
  if (
    call === undefined ||
    calls.length > 1 ||
    puts.length > 1 ||
    !covers(call, -1) ||
    (put && !covers(put, 1))
  )
    return {
      kind: 'undefined',
      reason: `the rule has no line for this ${name} with ${shares} units of stock`,
    };
  const counted = Math.min(spot, call.strike);
  const above = spot - counted;
  const initial = shares * (rates.stockInitial * counted + above);
  const plain = shares * (rates.stockMaintenance * counted + above);
  if (put === undefined) return { kind: 'value', initial, maintenance: plain, rule: 'covered call' };
  const out = Math.max(spot - put.strike, 0);
  const collared = shares * Math.min(rates.least * put.strike + out, rates.stockMaintenance * call.strike);
  return { kind: 'value', initial, maintenance: Math.min(plain, collared), rule: 'collar' };
}
