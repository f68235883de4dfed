import { describe, expect, it } from 'vitest';
import {
  averageCost,
  averageCostWithFees,
  type BookedFill,
  bookFill,
  bookFlow,
  equityOf,
  imbalance,
  openBooks,
} from '#core/simulation/account.ts';
import { marginStanding, positionRequirement } from '#core/simulation/margin.ts';
import { Decimal } from '#core/values/decimal.ts';

const fill = (side: 'buy' | 'sell', quantity: number, price: string, fee = '1'): BookedFill => ({
  instrument: 'AAPL',
  side,
  quantity: new Decimal(quantity),
  price: new Decimal(price),
  multiplier: new Decimal(1),
  fee: new Decimal(fee),
});
const at = (price: string) => () => new Decimal(price);
const booked = (...fills: readonly BookedFill[]) => {
  let books = openBooks(new Decimal(100_000));
  let realisedNet: Decimal | null = null;
  for (const each of fills) ({ books, realisedNet } = bookFill(books, each));
  return { books, realisedNet, position: books.positions.get('AAPL') };
};

describe('the books', () => {
  it('average the cost of additions and keep it on reductions', () => {
    const { position, books, realisedNet } = booked(
      fill('buy', 100, '10'),
      fill('buy', 100, '12'),
      fill('sell', 50, '13'),
    );
    expect(averageCost(position as NonNullable<typeof position>).toString()).toBe('11');
    expect(averageCostWithFees(position as NonNullable<typeof position>).toString()).toBe('11.01');
    expect(books.cash.toString()).toBe('98447');
    expect(realisedNet?.toString()).toBe('98.5');
  });

  it('go through zero: the whole long is closed, the rest opens short at the price', () => {
    const { position, realisedNet, books } = booked(fill('buy', 100, '10'), fill('sell', 150, '11', '3'));
    expect(position?.quantity.toString()).toBe('-50');
    expect(position?.basis.toString()).toBe('-550');
    expect(position?.openingFees.toString()).toBe('1');
    expect(realisedNet?.toString()).toBe('97');
    expect(imbalance(books).isZero()).toBe(true);
  });

  it('earn on a short that falls', () => {
    const { realisedNet, books, position } = booked(fill('sell', 100, '10'), fill('buy', 100, '8'));
    expect(realisedNet?.toString()).toBe('198');
    expect(books.cash.toString()).toBe('100198');
    expect(position).toBeUndefined();
  });

  it('take in cash that is not a trade', () => {
    const books = bookFlow(openBooks(new Decimal(100)), new Decimal('-0.25'));
    expect(books.cash.toString()).toBe('99.75');
    expect(imbalance(books).isZero()).toBe(true);
  });

  it('have no equity where a price is missing', () => {
    const { books } = booked(fill('buy', 100, '10'));
    expect(equityOf(books, at('11'))?.toString()).toBe('100099');
    expect(equityOf(books, () => null)).toBeNull();
    expect(marginStanding(books, () => null)).toBeNull();
  });
});

describe('margin', () => {
  it('takes half of a long at first and a quarter to hold it', () => {
    const standing = marginStanding(booked(fill('buy', 1_000, '100', '0')).books, at('100'));
    expect(standing).toMatchObject({
      netLiquidation: new Decimal(100_000),
      initialMargin: new Decimal(50_000),
      maintenanceMargin: new Decimal(25_000),
      availableFunds: new Decimal(50_000),
      buyingPower: new Decimal(100_000),
    });
  });

  it.each([
    ['100', '5000', '3000'],
    ['10', '500', '500'],
    ['4', '400', '400'],
    ['1', '250', '250'],
  ])('of a short of 100 at %s is %s at first and %s to hold', (price, initial, maintenance) => {
    const position = { instrument: 'AAPL', quantity: new Decimal(-100), multiplier: new Decimal(1) };
    expect(positionRequirement(position, new Decimal(price)).map(String)).toEqual([initial, maintenance]);
  });

  it('never shows negative buying power', () => {
    const standing = marginStanding(booked(fill('buy', 1_500, '100', '0')).books, at('60'));
    expect(standing?.availableFunds.toString()).toBe('-5000');
    expect(standing?.buyingPower.toString()).toBe('0');
  });
});
