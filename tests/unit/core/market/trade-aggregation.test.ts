import { describe, expect, it } from 'vitest';
import { aggregateBars } from '#core/market/aggregate.ts';
import { barAt } from '#core/market/bars.ts';
import { type Session, sessionOn } from '#core/market/calendar.ts';
import { type Quote, quoteSeries, type Trade, tradeSeries } from '#core/market/ticks.ts';
import { barsFromTrades, tradeSides } from '#core/market/trade-aggregation.ts';
import { nanosOf } from '#core/values/nanoseconds.ts';
import { seededRandom } from '#core/values/random.ts';

const open = (sessionOn('us-equity', '2018-02-05') as Session).open;
const quote = (time: number, bid: number, ask: number): Quote => ({
  time: nanosOf(time),
  bid,
  bidSize: 100,
  ask,
  askSize: 200,
});
const trade = (time: number, price: number, size = 100): Trade => ({ time: nanosOf(time), price, size });

describe('the sides of trades', () => {
  it('are those that Lee and Ready give them: by the quote before, at its middle by the last move', () => {
    const quotes = quoteSeries('AAPL', [quote(10, 99, 101), quote(20, 100, 102), quote(30, Number.NaN, 102)]);
    const trades = tradeSeries('AAPL', [
      trade(5, 100), // no quote, no move: unknown
      trade(11, 100.5), // above the middle of 100
      trade(12, 99.5), // below
      trade(13, 100), // at the middle, after a rise
      trade(20, 100), // the quote of the same instant is not from before
      trade(21, 100.5), // below the middle of 101
      trade(22, 101), // at the middle, after a rise
      trade(31, 101), // one-sided quote: the last move was a rise
      trade(32, 100), // a fall
    ]);
    expect([...tradeSides(trades, quotes)]).toEqual([0, 1, -1, 1, 1, -1, 1, 1, -1]);
  });
});

describe('bars from trades', () => {
  it('take the first, highest, lowest and last price and the sum of sizes, bucket by bucket', () => {
    const trades = tradeSeries('AAPL', [
      trade(open - 1, 1),
      trade(open, 10, 1),
      trade(open + 59_999, 8, 2),
      trade(open + 60_000, 9, 4),
      trade(open + 240_500, 12, 8),
      trade(open + 23_400_000, 1),
    ]);
    const { bars, outsideSessions } = barsFromTrades(trades, { unit: 'minute', count: 1 }, 'us-equity');
    expect(outsideSessions).toBe(2);
    expect(bars.length).toBe(3);
    expect(barAt(bars, 0)).toEqual({
      openTime: open,
      closeTime: open + 60_000,
      open: 10,
      high: 10,
      low: 8,
      close: 8,
      volume: 3,
    });
    expect([...bars.openTime].map((time) => time - open)).toEqual([0, 60_000, 240_000]);
  });

  it('are the same from trades as from the minutes of those trades', () => {
    const random = seededRandom(7);
    let time = open;
    const rows = Array.from({ length: 3_000 }, () => {
      time += Math.floor(random.next() * 60_000);
      return trade(time, 100 + random.integer(200) / 100, 1 + random.integer(500));
    });
    const trades = tradeSeries('AAPL', rows);
    const minutes = barsFromTrades(trades, { unit: 'minute', count: 1 }, 'us-equity').bars;
    for (const interval of [{ unit: 'minute', count: 15 }, { unit: 'session' }] as const) {
      const direct = barsFromTrades(trades, interval, 'us-equity').bars;
      expect(direct.length).toBeGreaterThan(1);
      expect(aggregateBars(minutes, interval, 'us-equity')).toEqual(direct);
    }
  });

  it('refuse an interval that is none', () => {
    expect(() => barsFromTrades(tradeSeries('AAPL', []), { unit: 'minute', count: 0 }, 'us-equity')).toThrow(
      RangeError,
    );
  });

  it('puts the last nanosecond of a bucket into it, and the next into the next', () => {
    const end = nanosOf(open + 60_000);
    const trades = tradeSeries('AAPL', [
      { time: end - 1n, price: 10, size: 1 },
      { time: end, price: 11, size: 1 },
    ]);
    const { bars } = barsFromTrades(trades, { unit: 'minute', count: 1 }, 'us-equity');
    expect([...bars.close]).toEqual([10, 11]);
  });
});
