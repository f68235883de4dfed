import type { BarSeries } from '#core/market/bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { seededRandom } from '#core/values/random.ts';

const MINUTE = 60_000;
/** 2000-01-01, so that 10⁷ minutes end inside the calendar. */
const START = Date.UTC(2000, 0, 1);

/** Seeded one-minute bars of an instrument that trades around the clock. */
export function minuteBars(count: number): BarSeries {
  const { id } = instrumentOf('BTC-USD');
  const random = seededRandom(20_50);
  const column = () => new Float64Array(count);
  const [openTime, closeTime, open, high, low, close, volume] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
  ];
  let price = 1000;
  for (let i = 0; i < count; i++) {
    const next = Math.max(50, price + Math.round((random.next() - 0.5) * 8) / 4);
    openTime[i] = START + i * MINUTE;
    closeTime[i] = START + (i + 1) * MINUTE;
    open[i] = price;
    close[i] = next;
    high[i] = Math.max(price, next) + 0.25;
    low[i] = Math.min(price, next) - 0.25;
    volume[i] = 100_000;
    price = next;
  }
  return {
    instrument: id,
    interval: { unit: 'minute', count: 1 },
    length: count,
    openTime,
    closeTime,
    open,
    high,
    low,
    close,
    volume,
  };
}
