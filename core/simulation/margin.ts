import type { InstrumentId } from '#core/market/instrument.ts';
import { Decimal } from '#core/values/decimal.ts';
import { type AccountBooks, equityOf, type Marks, marketValue } from './account.ts';

/**
 * Requirements as fractions of market value. The defaults are Regulation T (12 CFR 220.12: 50 % initial, for shorts
 * 50 % beyond the proceeds) and FINRA rule 4210(c): 25 % maintenance for longs; for shorts 30 % and at least USD 5
 * a share, below USD 5 the larger of 100 % and USD 2.50 a share.
 */
export interface MarginPolicy {
  readonly initial: Decimal;
  readonly maintenanceLong: Decimal;
  readonly maintenanceShort: Decimal;
  readonly shortFloorPerUnit: Decimal;
  readonly cheapShortBelow: Decimal;
  readonly cheapShortFloorPerUnit: Decimal;
}

export const REGULATION_T: MarginPolicy = {
  initial: new Decimal('0.5'),
  maintenanceLong: new Decimal('0.25'),
  maintenanceShort: new Decimal('0.3'),
  shortFloorPerUnit: new Decimal(5),
  cheapShortBelow: new Decimal(5),
  cheapShortFloorPerUnit: new Decimal('2.5'),
};

/** An account's standing at the marks. */
export interface MarginStanding {
  readonly netLiquidation: Decimal;
  readonly grossPositionValue: Decimal;
  readonly initialMargin: Decimal;
  readonly maintenanceMargin: Decimal;
  /** Equity beyond initial margin: what may carry new positions. Below zero after losses. */
  readonly availableFunds: Decimal;
  /** Equity beyond maintenance margin: below zero the broker liquidates. */
  readonly excessLiquidity: Decimal;
  /** Largest value of new positions that available funds carry; never below zero. */
  readonly buyingPower: Decimal;
}

const ZERO = new Decimal(0);

/** A holding or an order's result, as margin sees it: signed quantity, unit price, multiplier. */
function requirement(
  quantity: Decimal,
  mark: Decimal,
  multiplier: Decimal,
  policy: MarginPolicy,
): readonly [Decimal, Decimal] {
  const value = quantity.times(mark).times(multiplier).abs();
  if (!quantity.isNegative()) return [value.times(policy.initial), value.times(policy.maintenanceLong)];
  const units = quantity.abs().times(multiplier);
  const maintenance = mark.lessThan(policy.cheapShortBelow)
    ? Decimal.max(value, units.times(policy.cheapShortFloorPerUnit))
    : Decimal.max(value.times(policy.maintenanceShort), units.times(policy.shortFloorPerUnit));
  return [Decimal.max(value.times(policy.initial), maintenance), maintenance];
}

/** The standing of `books` at `marks`; null where a mark is missing. */
export function marginStanding(
  books: AccountBooks,
  marks: Marks,
  policy: MarginPolicy = REGULATION_T,
): MarginStanding | null {
  const netLiquidation = equityOf(books, marks);
  if (netLiquidation === null) return null;
  let gross = ZERO;
  let initialMargin = ZERO;
  let maintenanceMargin = ZERO;
  for (const [instrument, position] of books.positions) {
    const mark = marks(instrument) ?? ZERO;
    const [initial, maintenance] = requirement(position.quantity, mark, position.multiplier, policy);
    gross = gross.plus(marketValue(position, mark).abs());
    initialMargin = initialMargin.plus(initial);
    maintenanceMargin = maintenanceMargin.plus(maintenance);
  }
  const availableFunds = netLiquidation.minus(initialMargin);
  return {
    netLiquidation,
    grossPositionValue: gross,
    initialMargin,
    maintenanceMargin,
    availableFunds,
    excessLiquidity: netLiquidation.minus(maintenanceMargin),
    buyingPower: Decimal.max(availableFunds, ZERO).div(policy.initial),
  };
}

/** What an instrument's position requires as `[initial, maintenance]` at a signed quantity and price. */
export function positionRequirement(
  position: { readonly instrument: InstrumentId; readonly quantity: Decimal; readonly multiplier: Decimal },
  mark: Decimal,
  policy: MarginPolicy = REGULATION_T,
): readonly [initial: Decimal, maintenance: Decimal] {
  return requirement(position.quantity, mark, position.multiplier, policy);
}
