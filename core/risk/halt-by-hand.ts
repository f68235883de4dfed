import type { JournalEntry } from '#core/events/new-event.ts';
import { operatorEntry } from '#core/events/operator-entry.ts';
import type { HaltFlag } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { layersOf } from './breaker-orders.ts';

/** Whoever stops trading, why, and whether what is held is to be given up. */
export interface Halter {
  readonly by: string;
  readonly reason: string;
  /** Closes every position besides; otherwise they are kept under their resting stops. */
  readonly flatten: boolean;
}

/** What a halt by hand leaves; `flag` is null where the switch is thrown as it stands. */
export interface Halting {
  readonly entry: JournalEntry<'TradingHalted'>;
  readonly flag: HaltFlag | null;
}

/**
 * What a halt by hand leaves: the kill switch thrown, and the journal's entry, which the ledger books and the breaker
 * follows with orders. Null where trading is halted already and nothing more is asked for. Where the equity is not known the
 * entry names no layers: they are closed at the next valuation.
 *
 * A switch that is thrown while the book goes on was thrown past the journal (the runbook's emergency script), or the ledger
 * has not come to it yet. The entry then has the number that the halt of this very switch has: the journal takes it once.
 * @param version how often the switch has been written; numbers the halts of the journal
 */
export function haltByHand(
  {
    book,
    flag,
    version,
  }: { readonly book: AccountBook; readonly flag: HaltFlag | null; readonly version: number },
  halter: Halter,
  now: EpochMillis,
): Halting | null {
  const { by, reason, flatten } = halter;
  if (flag?.halted === true && !flatten)
    return book.trading.state === 'HALTED'
      ? null
      : { entry: haltedEntry(book, halter, version, now), flag: null };
  if (flag?.halted === true && book.trading.flattening === true) return null;
  return {
    entry: haltedEntry(book, halter, version + 1, now),
    flag: { halted: true, by, reason, at: instantText(now) },
  };
}

function haltedEntry(
  book: AccountBook,
  { by, reason, flatten }: Halter,
  number: number,
  now: EpochMillis,
): JournalEntry<'TradingHalted'> {
  const value = flatten ? valuation(book, 'account', null) : null;
  return operatorEntry(
    'TradingHalted',
    `operator/${number}`,
    'critical',
    {
      limit: 'kill-switch',
      limitValue: 'off',
      measured: 'on',
      reason,
      by,
      flatten,
      layers: value === null ? [] : layersOf(value),
    },
    now,
  );
}
