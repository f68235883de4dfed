import { type Figure, undefinedBecause, value } from '../series.ts';
import { requirePrice } from './option.ts';
import { intrinsicValue, type OptionStructure } from './structure.ts';

/** A greatest profit or loss: an amount of the account's currency and a price of the underlying at which it comes. */
export type Extreme =
  | { readonly kind: 'bounded'; readonly amount: number; readonly at: number }
  | { readonly kind: 'unbounded' };

/** What a structure makes at the expiry that all its options share. */
export interface ClosedPayoff {
  readonly kind: 'closed';
  /** Prices at which it makes nothing, rising; where it makes nothing over a stretch, both its ends. */
  readonly breakEvens: readonly number[];
  readonly maximumProfit: Extreme;
  /** As a positive amount; negative where even the worst outcome gains, which no market offers for long. */
  readonly maximumLoss: Extreme;
}

/** Options that expire at different times: what they make depends on more than one price. */
export interface OpenPayoff {
  readonly kind: 'not-closed';
  readonly reason: string;
}

export type PayoffProfile = ClosedPayoff | OpenPayoff;

function manyExpiries({ options, name }: OptionStructure): string | undefined {
  return options.some((leg) => leg.years !== options[0].years)
    ? `the options of this ${name} expire at different times: what is left at the first expiry has a price, not a payoff`
    : undefined;
}

function profitAt({ options, stock, multiplier }: OptionStructure, spot: number): number {
  let profit = stock === null ? 0 : stock.quantity * (spot - stock.price);
  for (const leg of options) profit += multiplier * leg.quantity * (intrinsicValue(leg, spot) - leg.price);
  return profit;
}

/**
 * Profit at expiry with the underlying at a price, premiums included; undefined where the options expire at different
 * times.
 * @throws InvalidOptionError for a spot that is no price
 */
export function payoffAtExpiry(structure: OptionStructure, spot: number): Figure {
  requirePrice('spot', spot);
  const reason = manyExpiries(structure);
  return reason === undefined ? value(profitAt(structure, spot)) : undefinedBecause(reason);
}

/** Amounts that differ from 0 by less than this share of the premiums and strikes are rounding. */
const ROUNDING = 1e-12;

/**
 * Break-evens and extremes at expiry. The profit is straight between strikes, so it is known from 0, the strikes, and
 * its slope above the highest.
 */
export function payoffProfile(structure: OptionStructure): PayoffProfile {
  const reason = manyExpiries(structure);
  if (reason !== undefined) return { kind: 'not-closed', reason };
  const { options, stock, multiplier } = structure;
  const spots = [0, ...options.map((leg) => leg.strike)].sort((a, b) => a - b);
  const knots = [...new Set(spots)];
  const size = options.reduce(
    (sum, leg) => sum + multiplier * Math.abs(leg.quantity) * (leg.strike + leg.price),
    stock === null ? 0 : Math.abs(stock.quantity) * stock.price,
  );
  const profits = knots.map((spot) => {
    const profit = profitAt(structure, spot);
    return Math.abs(profit) <= ROUNDING * size ? 0 : profit;
  });
  const slope =
    (stock?.quantity ?? 0) +
    multiplier * options.reduce((sum, leg) => sum + (leg.right === 'call' ? leg.quantity : 0), 0);
  return {
    kind: 'closed',
    breakEvens: breakEvens(knots, profits, slope),
    maximumProfit: slope > 0 ? { kind: 'unbounded' } : greatest(knots, profits, 1),
    maximumLoss: slope < 0 ? { kind: 'unbounded' } : greatest(knots, profits, -1),
  };
}

function greatest(knots: readonly number[], profits: readonly number[], sign: 1 | -1): Extreme {
  let best = 0;
  for (let index = 1; index < knots.length; index++)
    if (sign * profits[index]! > sign * profits[best]!) best = index;
  const amount = profits[best]! === 0 ? 0 : sign * profits[best]!;
  return { kind: 'bounded', amount, at: knots[best]! };
}

function breakEvens(knots: readonly number[], profits: readonly number[], slope: number): readonly number[] {
  const found: number[] = [];
  for (let index = 0; index < knots.length; index++) {
    const [spot, profit] = [knots[index]!, profits[index]!];
    const [nextSpot, nextProfit] = [knots[index + 1], profits[index + 1]];
    if (profit === 0) found.push(spot);
    if (nextSpot !== undefined && nextProfit !== undefined) {
      if (profit * nextProfit < 0) found.push(spot + ((nextSpot - spot) * profit) / (profit - nextProfit));
    } else if (profit * slope < 0) found.push(spot - profit / slope);
  }
  return found;
}
