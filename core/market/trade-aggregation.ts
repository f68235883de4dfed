import { millisOf, nanosOf } from '#core/values/nanoseconds.ts';
import { barBuilder } from './bar-builder.ts';
import type { BarInterval, BarSeries } from './bars.ts';
import { type Session, sessionAt } from './calendar.ts';
import type { SessionTemplate } from './instrument.ts';
import type { QuoteSeries, TradeSeries } from './ticks.ts';

/**
 * Which side began each trade: +1 a buyer, −1 a seller, 0 not known. Lee & Ready (1991): above the middle of the standing
 * quote a buyer, below it a seller, at it by the last change of price (tick test). Without a normal quote the tick test
 * alone; a first trade at the middle stays unknown. The quote must be from before the trade.
 */
export function tradeSides(trades: TradeSeries, quotes: QuoteSeries): Int8Array {
  const sides = new Int8Array(trades.length);
  let quote = -1;
  let tick = 0;
  for (let i = 0; i < trades.length; i++) {
    const time = trades.time[i] as bigint;
    const price = trades.price[i] as number;
    if (i > 0) {
      const change = price - (trades.price[i - 1] as number);
      if (change !== 0) tick = Math.sign(change);
    }
    while (quote + 1 < quotes.length && (quotes.time[quote + 1] as bigint) < time) quote++;
    const bid = quote < 0 ? Number.NaN : (quotes.bid[quote] as number);
    const ask = quote < 0 ? Number.NaN : (quotes.ask[quote] as number);
    const middle = ask > bid ? (bid + ask) / 2 : Number.NaN;
    sides[i] = price > middle ? 1 : price < middle ? -1 : tick;
  }
  return sides;
}

/** The width of a bucket in milliseconds, unending for sessions. @throws RangeError for a count below 1 */
export function bucketWidth(interval: BarInterval): number {
  if (interval.unit === 'session') return Number.POSITIVE_INFINITY;
  if (!(Number.isInteger(interval.count) && interval.count >= 1))
    throw new RangeError(
      `buckets of ${interval.count} minutes can't be made; give a whole count of at least 1`,
    );
  return interval.count * 60_000;
}

/**
 * Bars from trades, on the grid that starts at each session's open. Trades outside the sessions are left out (their count
 * is given): the regular session's bars don't have them. A bucket without trades gives no bar.
 * @throws RangeError for an interval of no whole minutes
 */
export function barsFromTrades(
  trades: TradeSeries,
  interval: BarInterval,
  template: SessionTemplate,
): { readonly bars: BarSeries; readonly outsideSessions: number } {
  const width = bucketWidth(interval);
  const result = barBuilder(trades.instrument, interval);
  let session: Session | null = null;
  let outsideSessions = 0;
  let bucketOpen = Number.NaN;
  let bucketClose = Number.NaN;
  let bucketEnd = trades.time[0] ?? 0n;
  let [open, high, low, close, volume] = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0];
  const emit = () => {
    if (volume > 0) result.push(bucketOpen, bucketClose, open, high, low, close, volume);
    volume = 0;
  };
  for (let i = 0; i < trades.length; i++) {
    const time = trades.time[i] as bigint;
    const price = trades.price[i] as number;
    if (time >= bucketEnd) {
      const millis = millisOf(time);
      if (session === null || millis >= session.close) session = sessionAt(template, millis);
      if (session === null) {
        outsideSessions++;
        continue;
      }
      emit();
      bucketOpen =
        width === Number.POSITIVE_INFINITY ? session.open : millis - ((millis - session.open) % width);
      bucketClose = Math.min(bucketOpen + width, session.close);
      bucketEnd = nanosOf(bucketClose);
      [open, high, low] = [price, price, price];
    }
    high = Math.max(high, price);
    low = Math.min(low, price);
    close = price;
    volume += trades.size[i] as number;
  }
  emit();
  return { bars: result.take(), outsideSessions };
}
