import { bookFill, equityOf, type Marks } from '#core/simulation/account.ts';
import { chargeFor } from '#core/simulation/commission.ts';
import { type MarginStanding, marginStanding } from '#core/simulation/margin.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { BrokerInstrument, BrokerSettings, BrokerState, WhatIf } from './state.ts';

/** Latest prices as the account is valued: the close of the last bar matched, or what history gave at the start. */
export const marksOf =
  (state: BrokerState): Marks =>
  (instrument) => {
    const mark = state.marks.get(instrument);
    return mark === undefined ? null : new Decimal(mark);
  };

/** The account's standing, null where a held instrument has no price. */
export const standingOf = (state: BrokerState, settings: BrokerSettings): MarginStanding | null =>
  marginStanding(state.books, marksOf(state), settings.margin);

/** Profit since the day began, null where it cannot be known. */
export function dailyProfit(state: BrokerState): Decimal | null {
  const equity = equityOf(state.books, marksOf(state));
  return equity === null || state.dayStartEquity === null ? null : equity.minus(state.dayStartEquity);
}

/**
 * What the account would look like had the whole order filled at `price`, commission included.
 * Null where the account cannot be valued.
 */
export function whatIfFilled(
  state: BrokerState,
  settings: BrokerSettings,
  instrument: BrokerInstrument,
  order: { readonly side: 'buy' | 'sell'; readonly quantity: number; readonly price: number },
): WhatIf | null {
  const before = standingOf(state, settings);
  if (before === null) return null;
  const quantity = new Decimal(order.quantity);
  const price = new Decimal(order.price);
  const commission = chargeFor(
    settings.commission(instrument),
    {
      side: order.side,
      quantity,
      value: price.times(quantity).times(instrument.multiplier),
      monthlyQuantity: new Decimal(state.monthlyQuantity),
    },
    new Decimal(0),
  );
  const booked = bookFill(state.books, {
    instrument: instrument.id,
    side: order.side,
    quantity,
    price,
    multiplier: instrument.multiplier,
    fee: commission,
  });
  const marks = marksOf(state);
  const after = marginStanding(
    booked.books,
    (id) => (id === instrument.id ? price : marks(id)),
    settings.margin,
  );
  if (after === null) return null;
  return {
    initialBefore: before.initialMargin,
    maintenanceBefore: before.maintenanceMargin,
    equityBefore: before.netLiquidation,
    initialAfter: after.initialMargin,
    maintenanceAfter: after.maintenanceMargin,
    equityAfter: after.netLiquidation,
    commission,
  };
}
