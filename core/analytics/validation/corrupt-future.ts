import type { BarSeries } from '#core/market/bars.ts';
import { seededRandom } from '#core/values/random.ts';

/** How prices go on after the cut: far above or far below what they were. */
export type FutureDirection = 'up' | 'down';

/**
 * The same bars up to an instant, and others after it: each bar that closes later has seeded prices at half to two thirds
 * (down) or one and a half to twice (up) the last level before, and another volume. Times stay, as calendars are known in
 * advance. Whatever is computed for the time up to the cut must not change.
 * @param after epoch milliseconds; bars that close at or before it are left alone
 */
export function corruptFuture(
  bars: BarSeries,
  after: number,
  direction: FutureDirection,
  seed: number,
): BarSeries {
  const random = seededRandom(seed);
  const open = Float64Array.from(bars.open);
  const high = Float64Array.from(bars.high);
  const low = Float64Array.from(bars.low);
  const close = Float64Array.from(bars.close);
  const volume = Float64Array.from(bars.volume);
  const from = bars.closeTime.findIndex((time) => time > after);
  if (from === -1) return bars;
  const last = bars.close[Math.max(0, from - 1)]!;
  const level = direction === 'up' ? last * (1.5 + random.next() / 2) : last * (0.5 + random.next() / 6);
  for (let i = from; i < bars.length; i++) {
    open[i] = level * (0.95 + random.next() / 10);
    close[i] = level * (0.95 + random.next() / 10);
    high[i] = Math.max(open[i]!, close[i]!) * (1 + random.next() / 20);
    low[i] = Math.min(open[i]!, close[i]!) * (1 - random.next() / 20);
    volume[i] = Math.round(bars.volume[i]! * (0.1 + random.next() * 3));
  }
  return { ...bars, open, high, low, close, volume };
}
