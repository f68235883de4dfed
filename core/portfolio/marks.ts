import type { EventData } from '#contracts/registry.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { AccountBook, Mark } from './account-book.ts';

/** Bars before the last that the collar over a window may look back on. */
const EARLIER_BARS = 30;

/** Data farms tell zero and below where they have no price: valued at that, every position would be closed for nothing. */
const isPrice = (price: string): boolean => new Decimal(price).gt(0);

/** The marks after a closed bar; null where what is known is newer, or as new and better, or it tells no price. */
export function withBarMark(
  marks: AccountBook['marks'],
  { instrument, close, closeTime, volume }: EventData<'BarClosed'>,
): AccountBook['marks'] | null {
  if (!isPrice(close)) return null;
  const known = marks[instrument];
  if (known !== undefined && !outranks(closeTime, 'bar', close, known)) return null;
  const mark: Mark = { price: close, at: closeTime, volume, source: 'bar', earlier: earlierThan(known) };
  return { ...marks, [instrument]: mark };
}

/**
 * The marks after an execution; the same where what is known is newer, or as new and better, or it tells no price: one of no
 * units is a trade that was taken back.
 */
export function withExecutionMark(
  marks: AccountBook['marks'],
  {
    instrument,
    executedAt: at,
    quantity,
    price,
  }: Pick<EventData<'OrderFilled'>, 'instrument' | 'executedAt' | 'quantity' | 'price'>,
): AccountBook['marks'] {
  if (!isPrice(price) || new Decimal(quantity).isZero()) return marks;
  const known = marks[instrument];
  if (known !== undefined && !outranks(at, 'execution', price, known)) return marks;
  const volume = known?.volume ?? null;
  const mark: Mark = { price, at, volume, source: 'execution', earlier: earlierThan(known) };
  return { ...marks, [instrument]: mark };
}

/** The closes that a new mark has before it: a bar's joins them, an execution's does not. */
function earlierThan(known: Mark | undefined): Mark['earlier'] {
  if (known === undefined) return [];
  const { source, price, at, earlier } = known;
  return (source === 'bar' ? [{ price, at }, ...earlier] : earlier).slice(0, EARLIER_BARS);
}

/**
 * Whether a price takes the place of the mark: the later one does; at the same instant a bar's close before an execution,
 * and of two executions the lower price, so that the mark is the same in whatever order they arrive.
 */
function outranks(at: string, source: Mark['source'], price: string, known: Mark): boolean {
  if (at !== known.at) return at > known.at;
  if (source !== known.source) return source === 'bar';
  return source === 'execution' && new Decimal(price).lt(known.price);
}
