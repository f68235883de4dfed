import type { AccountBook } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { trip } from '#core/risk/breakers.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { barClosed, bookOf, deskEvent, folded, holding, intentOf, NOW } from './desk-events.ts';

/** 1000 AAPL at 100 are all of the account, so that the price is the equity over 1000. */
export const invested = (): AccountBook => holding(bookOf(), intentOf({ quantity: '1000' }));

/** The breaker after a bar that closes at a price so many minutes after the open; it is said to be `now` then. */
export function fallTo(
  price: string,
  book: AccountBook = invested(),
  minutes = 75,
  now: EpochMillis = NOW,
): ReturnType<typeof trip> {
  const fallen = folded(book, barClosed(price, minutes));
  const value = valuation(fallen, 'bar', 'AAPL');
  if (value === null) throw new Error('the book has no value');
  return trip(fallen, value, DEFAULT_RISK_POLICY, now);
}

/** The book after a person has halted trading. */
export const byHand = (book: AccountBook, occurredAt: EpochMillis = NOW): AccountBook =>
  folded(
    book,
    deskEvent(
      'TradingHalted',
      {
        limit: 'kill-switch',
        limitValue: 'off',
        measured: 'on',
        reason: 'a strange market',
        by: 'ana',
        flatten: false,
        layers: [],
      },
      { occurredAt },
    ),
  );
