import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventData } from '#contracts/registry.ts';
import { type AccountBook, EMPTY_BOOK, equity } from '#core/portfolio/account-book.ts';
import { cashEntry, cashProblem, cashWrite, isEntered, withCash } from '#core/portfolio/entered-cash.ts';
import { drawdown } from '#core/portfolio/valuation.ts';
import { Decimal } from '#core/values/decimal.ts';
import { barClosed, bookOf, deskEvent, folded, NOW } from '../../../support/desk-events.ts';
import { invested } from '../../../support/drawdown.ts';

type Entered = EventData<'CashEntered'>;
const movement = (changes: Partial<Entered> = {}): Entered => ({
  reference: 'T-1',
  kind: 'dividend',
  amount: '84.2',
  currency: 'USD',
  instrument: null,
  bookedOn: '2018-01-22',
  by: 'ana',
  reason: 'from the activity statement',
  ...changes,
});
/** 1000 AAPL at 97, bought at 100: three per cent below the highest. */
const fallen = (): AccountBook => folded(invested(), barClosed('97', 75));
const fallOf = (book: AccountBook) =>
  drawdown(equity(book) as Decimal, new Decimal(book.highWater as string));

describe('cash that a person enters', () => {
  it.each(['dividend', 'interest', 'fee', 'tax', 'trade', 'other'] as const)('is a result: %s', (kind) => {
    const before = fallen();
    const after = withCash(before, movement({ kind, amount: '-500' }));
    expect(new Decimal(after.cash ?? '0').minus(before.cash ?? '0').toString()).toBe('-500');
    expect(after).toMatchObject({ highWater: before.highWater, sessionEquity: before.sessionEquity });
    expect(fallOf(after)).toBeCloseTo(0.035, 9);
  });

  it('is neither won nor lost where it was put in or taken out', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -96_999_00, max: 1_000_000_00 }).filter((cents) => cents !== 0),
        (cents) => {
          const before = fallen();
          const amount = new Decimal(cents).div(100).toString();
          const after = withCash(before, movement({ kind: 'transfer', amount }));
          const dayOf = ({ sessionEquity, ...book }: AccountBook) =>
            (equity({ sessionEquity, ...book }) as Decimal).minus(sessionEquity as string).toString();
          expect(dayOf(after)).toBe(dayOf(before));
          expect(fallOf(after)).toBeGreaterThanOrEqual(0.03);
          expect(fallOf(after)).toBeCloseTo(0.03, 6);
        },
      ),
    );
  });

  it('takes away what the account had beyond the book, and no more', () => {
    const foreign = { positions: [], orders: [], cash: '84.2' };
    const beyond = { ...fallen(), foreign };
    expect(withCash(beyond, movement()).foreign).toBeUndefined();
    expect(withCash(beyond, movement({ amount: '80' })).foreign).toEqual({ ...foreign, cash: '4.2' });
    const positions = [{ instrument: 'ZZZ', quantity: '1', price: null }];
    expect(withCash({ ...beyond, foreign: { ...foreign, positions } }, movement()).foreign).toEqual({
      positions,
      orders: [],
    });
  });

  it.each([
    ['a book that is not open', EMPTY_BOOK, {}, 'has not opened the book yet'],
    ['another currency', bookOf(), { currency: 'EUR' }, 'the book is kept in USD, and this is EUR'],
    ['nothing', bookOf(), { amount: '0.00' }, 'the amount is zero'],
    ['all there is', bookOf(), { kind: 'transfer', amount: '-100000' }, 'would not be above zero'],
    [
      'a share of an equity that nobody knows',
      { ...invested(), marks: {} },
      { kind: 'transfer', amount: '1' },
      'the equity is not known',
    ],
  ] as const)('is not booked: %s', (_, book, changes, problem) => {
    expect(cashProblem(book, movement(changes))).toContain(problem);
    expect(withCash(book, movement(changes))).toBe(book);
  });
});

describe('whether an operator has entered it', () => {
  const told = cashEntry(movement(), NOW).event;
  it('says their word on exactly this, under the event that their command journals', () => {
    const { value } = cashWrite(movement());
    expect(isEntered(told, value)).toBe(true);
    expect(isEntered(told, undefined)).toBe(false);
    expect(isEntered(told, 'garbage')).toBe(false);
    expect(isEntered({ ...told, data: movement({ amount: '842' }) }, value)).toBe(false);
    // The same once more, as anybody who may append to the journal could write it.
    expect(isEntered(deskEvent('CashEntered', movement()), value)).toBe(false);
  });
});
