import { describe, expect, it } from 'vitest';
import {
  InvalidTickError,
  type Quote,
  quoteAt,
  quoteSeries,
  quoteState,
  quotesOf,
  type Trade,
  tradeSeries,
  tradesBy,
  tradesOf,
} from '#core/market/ticks.ts';
import { millisOf, nanosOf } from '#core/values/nanoseconds.ts';

const quote = (time: bigint, bid: number, ask: number): Quote => ({
  time,
  bid,
  bidSize: 100,
  ask,
  askSize: 200,
});
const trade = (time: bigint, price: number, size = 100): Trade => ({ time, price, size });

describe('quotes', () => {
  const quotes = quoteSeries('AAPL', [
    quote(10n, 99, 101),
    quote(20n, 100, 100),
    quote(20n, 101, 100),
    quote(30n, Number.NaN, 102),
  ]);

  it('stand until the next, the last of a time winning', () => {
    expect(quoteAt(quotes, 9n)).toBeNull();
    expect(quoteAt(quotes, 10n)).toEqual(quote(10n, 99, 101));
    expect(quoteAt(quotes, 19n)).toEqual(quote(10n, 99, 101));
    expect(quoteAt(quotes, 25n)).toEqual(quote(20n, 101, 100));
    expect(quoteAt(quotes, 10n ** 18n)?.ask).toBe(102);
  });

  it('are normal, locked, crossed or one-sided', () => {
    const states = [10n, 30n].map((time) => quoteState(quoteAt(quotes, time) as Quote));
    expect(states).toEqual(['normal', 'one-sided']);
    expect(quoteState(quote(1n, 5, 5))).toBe('locked');
    expect(quoteState(quote(1n, 6, 5))).toBe('crossed');
  });

  it.each([
    [[quote(10n, 1, 2), quote(9n, 1, 2)], /AAPL tick 1: the time 9 is before 10/],
    [[quote(2n ** 63n, 1, 2)], /the time 9223372036854775808 does not fit 64 bits/],
    [[quote(1n, 0, 2)], /the bid is 0/],
    [[{ ...quote(1n, 1, 2), askSize: -1 }], /the ask size is -1/],
    [[quote(1n, 1, Number.POSITIVE_INFINITY)], /the ask is Infinity/],
  ])('are refused where they cannot be', (rows, message) => {
    expect(() => quoteSeries('AAPL', rows)).toThrow(InvalidTickError);
    expect(() => quoteSeries('AAPL', rows)).toThrow(message);
  });
});

describe('trades', () => {
  it('are seen up to the instant of a decision', () => {
    const trades = tradeSeries('AAPL', [trade(1n, 5), trade(2n, 6), trade(2n, 7), trade(3n, 8)]);
    expect([...tradesBy(trades, 2n).price]).toEqual([5, 6, 7]);
    expect(tradesBy(trades, 0n).length).toBe(0);
  });

  it.each([
    [[trade(1n, 0)], /the price is 0/],
    [[trade(1n, Number.NaN)], /the price is NaN/],
    [[trade(1n, 5, 0)], /the size is 0/],
    [[trade(1n, 5, Number.POSITIVE_INFINITY)], /the size is Infinity/],
  ])('are refused where they cannot be', (rows, message) => {
    expect(() => tradeSeries('AAPL', rows)).toThrow(message);
  });
});

describe('ticks from columns', () => {
  it('are taken over, not copied', () => {
    const columns = {
      time: BigInt64Array.of(1n, 1n),
      price: Float64Array.of(5, 6),
      size: Float64Array.of(1, 2),
    };
    const trades = tradesOf('AAPL', columns);
    expect(trades).toMatchObject({ instrument: 'AAPL', length: 2 });
    expect(trades.price).toBe(columns.price);
  });

  it('tell nanoseconds apart that a double would not', () => {
    const time = BigInt(Date.UTC(2026, 10, 26)) * 1_000_000n;
    const trades = tradeSeries('AAPL', [trade(time, 5), trade(time + 1n, 6), trade(time + 2n, 7)]);
    expect([...tradesBy(trades, time + 1n).price]).toEqual([5, 6]);
    expect(Number(time) === Number(time + 1n)).toBe(true);
  });

  it('are refused where they cannot be, row and value named', () => {
    const time = BigInt64Array.of(1n, 2n);
    const one = Float64Array.of(1, 1);
    expect(() => tradesOf('AAPL', { time, price: Float64Array.of(1), size: one })).toThrow(
      /the price column of AAPL has 1 values, the time 2/,
    );
    expect(() => tradesOf('AAPL', { time, price: Float64Array.of(1, -2), size: one })).toThrow(
      /AAPL tick 1: the price is -2; expected more than 0/,
    );
    expect(() =>
      quotesOf('AAPL', { time: BigInt64Array.of(2n, 1n), bid: one, ask: one, bidSize: one, askSize: one }),
    ).toThrow(/AAPL tick 1: the time 1 is before 2/);
  });

  it('may be below zero where the instrument may', () => {
    const columns = { time: BigInt64Array.of(1n), price: Float64Array.of(-37.63), size: Float64Array.of(1) };
    expect(tradesOf('CL-20200421', columns, { nonPositivePrices: true }).length).toBe(1);
    expect(() => tradesOf('CL-20200421', columns)).toThrow(InvalidTickError);
  });
});

describe('nanoseconds', () => {
  it('lie in the millisecond they began in, before 1970 as after', () => {
    expect(nanosOf(1.9)).toBe(1_000_000n);
    expect([1_999_999n, 2_000_000n, -1n, -1_000_000n, -1_000_001n].map(millisOf)).toEqual([1, 2, -1, -1, -2]);
    for (const millis of [0, 1_517_841_000_123, -7]) expect(millisOf(nanosOf(millis))).toBe(millis);
    expect(() => nanosOf(Number.NaN)).toThrow(RangeError);
  });
});
