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

/** An order as it is valued before it trades. */
export interface ValuedOrder {
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
}

/** What the broker would charge for an order that filled whole. */
export function commissionOf(
  state: BrokerState,
  settings: BrokerSettings,
  instrument: BrokerInstrument,
  order: ValuedOrder,
): Decimal {
  const quantity = new Decimal(order.quantity);
  const value = new Decimal(order.price).times(quantity).times(instrument.multiplier);
  const monthlyQuantity = new Decimal(state.monthlyQuantity);
  return chargeFor(
    settings.commission(instrument),
    { side: order.side, quantity, value, monthlyQuantity },
    new Decimal(0),
  );
}

/**
 * What the account would look like had the whole order filled at `price`, commission included.
 * Null where the account cannot be valued.
 */
export function whatIfFilled(
  state: BrokerState,
  settings: BrokerSettings,
  instrument: BrokerInstrument,
  order: ValuedOrder,
): WhatIf | null {
  const before = standingOf(state, settings);
  if (before === null) return null;
  const quantity = new Decimal(order.quantity);
  const price = new Decimal(order.price);
  const commission = commissionOf(state, settings, instrument, order);
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
