import type { InstrumentId } from '#core/market/instrument.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { Side } from './orders.ts';

/** One holding. `quantity` and `basis` are signed: a short has both below zero. */
export interface HeldPosition {
  readonly quantity: Decimal;
  /** What the open quantity cost (price × quantity × multiplier), without commissions. */
  readonly basis: Decimal;
  /** Commissions paid to open what is still open; part of the broker's average cost. */
  readonly openingFees: Decimal;
  readonly multiplier: Decimal;
}

/**
 * Books of one account in one currency. Always true, exactly (see {@link imbalance}):
 * cash = initial + flows + realised − fees − Σ basis.
 */
export interface AccountBooks {
  readonly initialCash: Decimal;
  /** Deposits, dividends, interest, borrow costs: everything that is not trading. */
  readonly flows: Decimal;
  readonly cash: Decimal;
  /** Realised profit before fees. */
  readonly realised: Decimal;
  readonly fees: Decimal;
  readonly positions: ReadonlyMap<InstrumentId, HeldPosition>;
}

/** One execution as the books take it. */
export interface BookedFill {
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly quantity: Decimal;
  readonly price: Decimal;
  readonly multiplier: Decimal;
  readonly fee: Decimal;
}

/** What a fill changed. `realisedNet` is null where it closed nothing. */
export interface Booking {
  readonly books: AccountBooks;
  /** Profit of the closed part less its opening and closing fees: the broker's realised P&L of the execution. */
  readonly realisedNet: Decimal | null;
}

const ZERO = new Decimal(0);

/** Opens the books. */
export function openBooks(initialCash: Decimal): AccountBooks {
  return { initialCash, flows: ZERO, cash: initialCash, realised: ZERO, fees: ZERO, positions: new Map() };
}

/**
 * Books a fill at average cost. A fill through zero closes the whole position and opens the rest at its price; its
 * fee is shared between the two by quantity.
 */
export function bookFill(books: AccountBooks, fill: BookedFill): Booking {
  const held = books.positions.get(fill.instrument);
  const quantity = held?.quantity ?? ZERO;
  const signed = fill.side === 'buy' ? fill.quantity : fill.quantity.negated();
  const unit = fill.price.times(fill.multiplier);
  const opposes = !quantity.isZero() && quantity.isNegative() !== signed.isNegative();
  const closed = opposes ? Decimal.min(quantity.abs(), fill.quantity) : ZERO;
  const opened = fill.quantity.minus(closed);
  const closingFee = closed.isZero()
    ? ZERO
    : opened.isZero()
      ? fill.fee
      : fill.fee.times(closed).div(fill.quantity);
  const whole = held !== undefined && closed.equals(quantity.abs());
  const part = (amount: Decimal): Decimal => (whole ? amount : amount.times(closed).div(quantity.abs()));
  const closedBasis = held === undefined || closed.isZero() ? ZERO : part(held.basis);
  const closedFees = held === undefined || closed.isZero() ? ZERO : part(held.openingFees);
  // Proceeds carry the sign of the closed position, so that one formula serves longs and shorts.
  const proceeds = unit.times(closed).times(quantity.isNegative() ? -1 : 1);
  const gain = proceeds.minus(closedBasis);
  const openedBasis = unit.times(opened).times(signed.isNegative() ? -1 : 1);
  const next: HeldPosition = {
    quantity: quantity.plus(signed),
    basis: (held?.basis ?? ZERO).minus(closedBasis).plus(openedBasis),
    openingFees: (held?.openingFees ?? ZERO).minus(closedFees).plus(fill.fee.minus(closingFee)),
    multiplier: fill.multiplier,
  };
  const positions = new Map(books.positions);
  if (next.quantity.isZero()) positions.delete(fill.instrument);
  else positions.set(fill.instrument, next);
  return {
    books: {
      ...books,
      cash: books.cash.minus(unit.times(signed)).minus(fill.fee),
      realised: books.realised.plus(gain),
      fees: books.fees.plus(fill.fee),
      positions,
    },
    realisedNet: closed.isZero() ? null : gain.minus(closedFees).minus(closingFee),
  };
}

/** Books cash that is not a trade: a deposit, a dividend, interest (negative for what is paid). */
export function bookFlow(books: AccountBooks, amount: Decimal): AccountBooks {
  return { ...books, cash: books.cash.plus(amount), flows: books.flows.plus(amount) };
}

/** What the books are out by: zero, always, whatever happened. Anything else is a fault of this module. */
export function imbalance(books: AccountBooks): Decimal {
  let expected = books.initialCash.plus(books.flows).plus(books.realised).minus(books.fees);
  for (const position of books.positions.values()) expected = expected.minus(position.basis);
  // Divisions at 40 digits may leave dust in the last place; a cent is 37 places above it.
  return books.cash.minus(expected).toDecimalPlaces(20);
}

/** Profit of everything closed so far, net of the commissions paid on it (those on open positions are still to come). */
export function realisedNet(books: AccountBooks): Decimal {
  let openingFees = ZERO;
  for (const position of books.positions.values()) openingFees = openingFees.plus(position.openingFees);
  return books.realised.minus(books.fees).plus(openingFees);
}

/** Average cost per unit without commissions. */
export const averageCost = (position: HeldPosition): Decimal =>
  position.basis.div(position.quantity.times(position.multiplier));

/** Average cost per unit with the commissions paid, as Interactive Brokers reports it. */
export function averageCostWithFees(position: HeldPosition): Decimal {
  return position.basis.plus(position.openingFees).div(position.quantity.times(position.multiplier));
}

/** The latest price of an instrument, or null where there is none. */
export type Marks = (instrument: InstrumentId) => Decimal | null;

/** Market value of a position at `mark`. */
export const marketValue = (position: HeldPosition, mark: Decimal): Decimal =>
  position.quantity.times(mark).times(position.multiplier);

/** Cash and positions at the marks; null where a mark is missing (unknown is not zero). */
export function equityOf(books: AccountBooks, marks: Marks): Decimal | null {
  let total = books.cash;
  for (const [instrument, position] of books.positions) {
    const mark = marks(instrument);
    if (mark === null) return null;
    total = total.plus(marketValue(position, mark));
  }
  return total;
}
