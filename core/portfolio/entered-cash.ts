import type { DeskEvent, EventData } from '#contracts/registry.ts';
import { contentOf } from '#core/events/content.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { operatorEntry } from '#core/events/operator-entry.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type AccountBook, equity, withForeign } from './account-book.ts';

export type CashEntered = EventData<'CashEntered'>;

/** Why a movement of cash cannot be booked, or null. */
export function cashProblem(book: AccountBook, { amount, currency, kind }: CashEntered): string | null {
  if (book.cash === null)
    return 'the account has not opened the book yet; what it opens with has every movement in it';
  if (currency !== book.currency)
    return `the book is kept in ${book.currency}, and this is ${currency}; enter what the broker booked in ${book.currency}`;
  if (new Decimal(amount).isZero()) return 'the amount is zero';
  if (kind !== 'transfer') return null;
  const value = equity(book);
  if (value === null)
    return 'the equity is not known, and so not what share of it comes or goes; wait for a price of all that is held';
  return value.lte(0) || value.plus(amount).lte(0)
    ? `the equity of ${decimalText(value)} would not be above zero before and after it`
    : null;
}

/** Places of the highest equity: rounded up, so that no drawdown is measured smaller than it is. */
const PLACES = 10;

/**
 * Books cash that moved without an order of the desk; what {@link cashProblem} names is not booked.
 *
 * Money put into or taken out of the account is neither won nor lost. The highest equity goes with the equity in proportion,
 * which leaves the drawdown the fraction it was (the equity of a unit, as funds account for subscriptions), and the equity
 * that the day began with by the amount, which leaves the day's result. Everything else is a result.
 */
export function withCash(book: AccountBook, entered: CashEntered): AccountBook {
  if (cashProblem(book, entered) !== null) return book;
  const after = moved(book, entered);
  const value = equity(book);
  // Without an equity only results are booked.
  if (entered.kind !== 'transfer' || value === null) return after;
  const { highWater, sessionEquity } = book;
  const share = value.plus(entered.amount).div(value);
  return {
    ...after,
    highWater:
      highWater === null
        ? null
        : decimalText(share.times(highWater).toDecimalPlaces(PLACES, Decimal.ROUND_UP)),
    sessionEquity: sessionEquity === null ? null : sum(sessionEquity, entered.amount),
  };
}

const sum = (left: string, right: string): string => decimalText(new Decimal(left).plus(right));

/** The cash itself, and that the account has it beyond the book no longer. */
function moved(before: AccountBook, { amount }: CashEntered): AccountBook {
  const book = { ...before, cash: sum(before.cash as string, amount) };
  const { foreign } = book;
  if (foreign?.cash === undefined) return book;
  return withForeign(book, { ...foreign, cash: decimalText(new Decimal(foreign.cash).minus(amount)) });
}

const digestOf = (entered: CashEntered): string => contentOf('cash', entered).reference.sha256;

/**
 * The operator's word on a movement of cash, as it is written in the commit that journals it: once for each of the broker's
 * references, so that no line of a statement is booked twice.
 */
export const cashWrite = (entered: CashEntered) => ({
  key: stateKeys.cash(entered.reference),
  value: { digest: digestOf(entered), by: entered.by },
  expectedVersion: 0,
});

/**
 * Whether this is what an operator has entered: word for word, and the one event that their command journals. Anybody can
 * journal an event, also the same once more.
 * @param word what stands under the reference
 */
export function isEntered({ metadata, data }: DeskEvent<'CashEntered'>, word: unknown): boolean {
  const agrees =
    typeof word === 'object' && word !== null && 'digest' in word && word.digest === digestOf(data);
  return agrees && metadata.id === cashEntry(data, 0).event.metadata.id;
}

/** What the journal is told of a movement that a person enters. */
export const cashEntry = (entered: CashEntered, now: EpochMillis): JournalEntry<'CashEntered'> =>
  operatorEntry('CashEntered', entered.reference, 'high', entered, now);
