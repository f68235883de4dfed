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

/**
 * What a halt by hand leaves: the kill switch thrown, and the journal's entry, which the ledger books and the breaker
 * follows with orders. Null where trading is halted already and nothing more is asked for. Where the equity is not known the
 * entry names no layers: they are closed at the next valuation.
 * @param number tells this halt from others in the journal
 */
export function haltByHand(
  { book, flag }: { readonly book: AccountBook; readonly flag: HaltFlag | null },
  { by, reason, flatten }: Halter,
  number: number,
  now: EpochMillis,
): { readonly entry: JournalEntry<'TradingHalted'>; readonly flag: HaltFlag } | null {
  if (flag?.halted === true && (!flatten || book.trading.flattening === true)) return null;
  const value = flatten ? valuation(book, 'account', null) : null;
  return {
    entry: operatorEntry(
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
    ),
    flag: { halted: true, by, reason, at: instantText(now) },
  };
}
