import { describe, expect, it } from 'vitest';
import { type Session, sessionOn } from '#core/market/calendar.ts';
import { quotedSpread, spreadsFromQuotes } from '#core/market/spreads.ts';
import { type Quote, quoteSeries } from '#core/market/ticks.ts';
import { nanosOf } from '#core/values/nanoseconds.ts';

const { open, close } = sessionOn('us-equity', '2018-02-05') as Session;
const MINUTE = { unit: 'minute', count: 1 } as const;
const quote = (time: number, bid: number, ask: number): Quote => ({
  time: nanosOf(time),
  bid,
  bidSize: 1,
  ask,
  askSize: 1,
});
const minutes = (rows: readonly Quote[]) => spreadsFromQuotes(quoteSeries('AAPL', rows), MINUTE, 'us-equity');

describe('the spread of a quote', () => {
  it('is defined for two sides that are not crossed', () => {
    expect(quotedSpread(99, 101)).toEqual({ spread: 2, middle: 100 });
    expect(quotedSpread(100, 100)).toEqual({ spread: 0, middle: 100 });
    expect(quotedSpread(101, 100).spread).toBeNaN();
    expect(quotedSpread(Number.NaN, 100).spread).toBeNaN();
  });
});

describe('spreads by bucket', () => {
  it('are weighed by the time each quote stood, over the ends of buckets', () => {
    // 15 s of spread 2, then 4 over the rest of the minute and half of the next, then 1.
    const { spreads } = minutes([
      quote(open, 99, 101),
      quote(open + 15_000, 98, 102),
      quote(open + 90_000, 99.5, 100.5),
    ]);
    expect(spreads.length).toBe(2);
    expect([...spreads.spread]).toEqual([3.5, 2.5]);
    expect([...spreads.relativeSpread]).toEqual([0.035, 0.025]);
    expect([...spreads.middle]).toEqual([100, 100]);
    expect([...spreads.coverage]).toEqual([1, 1]);
    expect([...spreads.quotes]).toEqual([2, 1]);
    expect([...spreads.openTime]).toEqual([open, open + 60_000]);
    expect([...spreads.closeTime]).toEqual([open + 60_000, open + 120_000]);
  });

  it('leave out crossed and one-sided time, and are undefined where there is no other', () => {
    const { spreads } = minutes([
      quote(open + 30_000, 99, 101),
      quote(open + 45_000, 102, 101),
      quote(open + 60_000, Number.NaN, 101),
      quote(open + 120_000, 99, 100),
    ]);
    expect([...spreads.spread]).toEqual([2, Number.NaN, 1]);
    expect([...spreads.coverage]).toEqual([0.25, 0, 1]);
  });

  it('stand to the end of the session and not over the night', () => {
    const next = sessionOn('us-equity', '2018-02-06') as Session;
    const { spreads, outsideSessions } = minutes([
      quote(open - 1, 1, 2),
      quote(close - 90_000, 99, 101),
      quote(close + 1_000, 1, 2),
      quote(next.open + 60_000, 99, 100),
    ]);
    expect(outsideSessions).toBe(2);
    expect([...spreads.openTime]).toEqual([close - 120_000, close - 60_000, next.open + 60_000]);
    expect([...spreads.spread]).toEqual([2, 2, 1]);
    expect([...spreads.coverage]).toEqual([0.5, 1, 1]);
  });

  it('are one for a session where that is the bucket', () => {
    const quotes = quoteSeries('AAPL', [quote(open, 99, 101), quote((open + close) / 2, 99, 100)]);
    const { spreads } = spreadsFromQuotes(quotes, { unit: 'session' }, 'us-equity');
    expect([...spreads.spread]).toEqual([1.5]);
  });

  it('have no fraction of a price below zero', () => {
    const quotes = quoteSeries('CL-20200421', [quote(open, -40, -38)], { nonPositivePrices: true });
    const { spreads } = spreadsFromQuotes(quotes, MINUTE, 'us-equity');
    expect(spreads.spread[0]).toBe(2);
    expect(spreads.relativeSpread[0]).toBeNaN();
  });

  it('are none without quotes, and refuse a bucket that is none', () => {
    expect(minutes([]).spreads.length).toBe(0);
    const quotes = quoteSeries('AAPL', [quote(open, 99, 101)]);
    expect(() => spreadsFromQuotes(quotes, { unit: 'minute', count: 0.5 }, 'us-equity')).toThrow(
      /buckets of 0.5 minutes/,
    );
  });
});
