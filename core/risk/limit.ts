import type { Intent } from '#contracts/events/orders.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { type AccountBook, soundEquity } from '#core/portfolio/account-book.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { RiskPolicy } from './policy.ts';

/** Everything the gate measures an intent against. What is null is unknown, and unknown refuses. */
export interface GateInput {
  readonly book: AccountBook;
  readonly intent: Intent;
  readonly policy: RiskPolicy;
  readonly instrument: Instrument | null;
  readonly now: EpochMillis;
  /** The regular session that `now` is in; null outside. */
  readonly session: { readonly open: EpochMillis; readonly close: EpochMillis } | null;
  readonly haltFlag: { readonly halted: boolean; readonly by: string; readonly reason: string } | null;
  readonly barMinutes: number;
  readonly instruments: (id: string) => Instrument | null;
  /** Correlation of daily returns of two instruments; null where it cannot be measured. */
  readonly correlation: (left: string, right: string) => number | null;
}

/** What a limit found: passed or not, always with its value and what was measured. */
export interface Finding {
  readonly limit: string;
  readonly value: string;
  readonly measured: string;
  readonly passed: boolean;
  readonly explanation: string;
}

/** One limit; null where it does not apply to the intent. */
export type Limit = (input: GateInput) => Finding | null;

export const found = (
  limit: string,
  passed: boolean,
  value: string,
  measured: string,
  explanation: string,
): Finding => ({ limit, passed, value, measured, explanation });

export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;
export const share = (part: Decimal, whole: Decimal): string =>
  percent(Number(part.div(whole).toSignificantDigits(6)));

/** Whether the order type carries a limit price; its trigger, where it has one, is a price of its own. */
export const isLimitOrder = ({ orderType }: Intent): boolean =>
  orderType === 'LMT' || orderType === 'STP LMT' || orderType === 'LOC';

/**
 * The price per unit that the worst fill may cost: the limit of an order to buy at a limit, else the highest of its own
 * prices; without a limit, widened by the collar.
 */
export function worstPrice(intent: Intent, policy: RiskPolicy): Decimal {
  if (isLimitOrder(intent) && intent.limitPrice !== null) {
    // A sale at a limit fills at the limit or above it, so the market's own price counts too.
    return Decimal.max(intent.limitPrice, intent.side === 'SELL' ? intent.referencePrice : 0);
  }
  return Decimal.max(intent.referencePrice, intent.triggerPrice ?? 0).times(1 + policy.priceCollar.other);
}

/** Compares an exposure with a fraction of equity; what is unknown does not pass. */
export function exposureLimit(
  limit: string,
  { book }: GateInput,
  fraction: number,
  exposure: Decimal | null,
  explanation: string,
): Finding {
  const value = soundEquity(book);
  if (value === null || value.lte(0))
    return found(
      limit,
      false,
      percent(fraction),
      'unknown equity',
      'the equity is not known, so no share of it can be measured',
    );
  if (exposure === null)
    return found(
      limit,
      false,
      percent(fraction),
      'unknown exposure',
      'a held instrument has no price, so exposure cannot be measured',
    );
  return found(
    limit,
    exposure.lte(value.times(fraction)),
    `at most ${percent(fraction)} of equity`,
    share(exposure, value),
    explanation,
  );
}
