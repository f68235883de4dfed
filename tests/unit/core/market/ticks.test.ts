import { describe, expect, it } from 'vitest';
import { aggregateBars } from '#core/market/aggregate.ts';
import { barAt } from '#core/market/bars.ts';
import { type Session, sessionOn } from '#core/market/calendar.ts';
import {
  barsFromTrades,
  InvalidTickError,
  type Quote,
  quoteAt,
  quoteSeries,
  quoteState,
  type Trade,
  tradeSeries,
  tradeSides,
  tradesBy,
} from '#core/market/ticks.ts';
import { seededRandom } from '#core/values/random.ts';

const open = (sessionOn('us-equity', '2018-02-05') as Session).open;
const quote = (time: number, bid: number, ask: number): Quote => ({
  time,
  bid,
  bidSize: 100,
  ask,
  askSize: 200,
});
const trade = (time: number, price: number, size = 100): Trade => ({ time, price, size });

describe('quotes', () => {
  const quotes = quoteSeries('AAPL', [
    quote(10, 99, 101),
    quote(20, 100, 100),
    quote(20, 101, 100),
    quote(30, Number.NaN, 102),
  ]);

  it('stand until the next, the last of a time winning', () => {
    expect(quoteAt(quotes, 9)).toBeNull();
    expect(quoteAt(quotes, 10)).toEqual(quote(10, 99, 101));
    expect(quoteAt(quotes, 19.999)).toEqual(quote(10, 99, 101));
    expect(quoteAt(quotes, 25)).toEqual(quote(20, 101, 100));
    expect(quoteAt(quotes, 1e9)?.ask).toBe(102);
  });

  it('are normal, locked, crossed or one-sided', () => {
    const states = [10, 30].map((time) => quoteState(quoteAt(quotes, time) as Quote));
    expect(states).toEqual(['normal', 'one-sided']);
    expect(quoteState(quote(1, 5, 5))).toBe('locked');
    expect(quoteState(quote(1, 6, 5))).toBe('crossed');
  });

  it.each([
    [[quote(10, 1, 2), quote(9, 1, 2)], /AAPL tick 1: the time 9 is before 10/],
    [[quote(Number.NaN, 1, 2)], /the time is NaN/],
    [[quote(1, 0, 2)], /the bid is 0/],
    [[{ ...quote(1, 1, 2), askSize: -1 }], /the ask size is -1/],
    [[quote(1, 1, Number.POSITIVE_INFINITY)], /the ask is Infinity/],
  ])('are refused where they cannot be', (rows, message) => {
    expect(() => quoteSeries('AAPL', rows)).toThrow(InvalidTickError);
    expect(() => quoteSeries('AAPL', rows)).toThrow(message);
  });
});

describe('trades', () => {
  it('are seen up to the instant of a decision', () => {
    const trades = tradeSeries('AAPL', [trade(1, 5), trade(2, 6), trade(2, 7), trade(3, 8)]);
    expect([...tradesBy(trades, 2).price]).toEqual([5, 6, 7]);
    expect(tradesBy(trades, 0).length).toBe(0);
  });

  it.each([
    [[trade(1, 0)], /the price is 0/],
    [[trade(1, Number.NaN)], /the price is NaN/],
    [[trade(1, 5, 0)], /the size is 0/],
    [[trade(1, 5, Number.POSITIVE_INFINITY)], /the size is Infinity/],
  ])('are refused where they cannot be', (rows, message) => {
    expect(() => tradeSeries('AAPL', rows)).toThrow(message);
  });

  it('have the side that Lee and Ready give them: by the quote before, at its middle by the last move', () => {
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
});
