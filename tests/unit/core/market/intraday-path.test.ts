import { describe, expect, it } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { aggregateBars } from '#core/market/aggregate.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { type Session, sessionOn } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { ImpossibleSessionBarError, intradayPath, intradayPaths } from '#core/market/intraday-path.ts';

const aapl = instrumentOf('AAPL');
const session = sessionOn('us-equity', '2018-02-05') as Session;
const day = { open: 159.1, high: 163.88, low: 156, close: 156.49, volume: 72_738_500 };

describe('the one-minute model of a session', () => {
  it.each([2, 7, 15, 390, 1000])('gives bars of %i minutes as the minutes put together', (minutes) => {
    const early = sessionOn('us-equity', '2018-07-03') as Session;
    for (const one of [session, early]) {
      const finest = intradayPath(aapl, one, day, 'seed');
      const built = intradayPath(aapl, one, day, 'seed', minutes);
      expect(built).toEqual(aggregateBars(finest, { unit: 'minute', count: minutes }, 'us-equity'));
    }
  });

  it('trades most at the open and the close', () => {
    const thirds = [0, 0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const { volume } = intradayPath(aapl, session, day, seed);
      for (let i = 0; i < 390; i++)
        thirds[Math.floor(i / 130)] = (thirds[Math.floor(i / 130)] ?? 0) + (volume[i] ?? 0);
    }
    const [first, middle, last] = thirds.map((third) => third / (20 * day.volume)) as [
      number,
      number,
      number,
    ];
    expect(first).toBeGreaterThan(0.35);
    expect(middle).toBeLessThan(0.25);
    expect(last).toBeGreaterThan(first);
  });

  it('meets the high and the low at times that depend on the seed, mostly near the ends', () => {
    const minutes = Array.from({ length: 200 }, (_, seed) => {
      const path = intradayPath(aapl, session, { ...day, open: 160, close: 160 }, seed);
      return path.high.indexOf(day.high);
    });
    expect(new Set(minutes).size).toBeGreaterThan(50);
    const nearEnds = minutes.filter((minute) => minute < 98 || minute >= 292).length;
    expect(nearEnds).toBeGreaterThan(90);
  });

  it('makes a low before a high the rule on a day that closes at its high', () => {
    const rising = { open: 100, high: 104.01, low: 99, close: 104, volume: 1_000_000 };
    let lowFirst = 0;
    for (let seed = 0; seed < 100; seed++) {
      const path = intradayPath(aapl, session, rising, seed);
      if (path.low.indexOf(99) < path.high.indexOf(104.01)) lowFirst++;
    }
    expect(lowFirst).toBeGreaterThan(85);
  });

  it('moves in steps far smaller than the day, without leaps between minutes', () => {
    const path = intradayPath(aapl, session, day, 7);
    const range = day.high - day.low;
    for (let i = 1; i < path.length; i++) {
      expect(Math.abs((path.open[i] ?? 0) - (path.close[i - 1] ?? 0))).toBeLessThan(range / 8);
    }
  });

  it('turns at the high and the low instead of resting on them', () => {
    let atEdge = 0;
    for (let seed = 0; seed < 50; seed++) {
      const { close } = intradayPath(aapl, session, { ...day, open: 157, close: 157 }, seed);
      atEdge += close.filter((price) => price === day.low || price === day.high).length;
    }
    expect(atEdge / (50 * 390)).toBeLessThan(0.01);
  });

  it('leaves volumes unknown where the day is unknown, and zero where nothing traded', () => {
    expect(intradayPath(aapl, session, { ...day, volume: Number.NaN }, 1).volume.every(Number.isNaN)).toBe(
      true,
    );
    expect(intradayPath(aapl, session, { ...day, volume: 0 }, 1).volume.every((units) => units === 0)).toBe(
      true,
    );
  });

  it('has about the variance that the ranges of the days imply', () => {
    const { series } = packagedBars('AAPL');
    const sample = sliceBars(series, 0, 250);
    let [realised, implied] = [0, 0];
    let index = 0;
    for (const path of intradayPaths(aapl, sample, 1)) {
      for (let i = 1; i < path.length; i++)
        realised += Math.log((path.close[i] ?? 0) / (path.close[i - 1] ?? 0)) ** 2;
      implied += Math.log((sample.high[index] ?? 0) / (sample.low[index] ?? 0)) ** 2 / (4 * Math.LN2);
      index++;
    }
    expect(index).toBe(250);
    expect(realised / implied).toBeGreaterThan(0.85);
    expect(realised / implied).toBeLessThan(1.05);
  });

  it('gives the same path alone as within its series, whatever the other days', () => {
    const { series } = packagedBars('AAPL');
    const [, second] = intradayPaths(aapl, sliceBars(series, 10, 12), 1);
    const [alone] = intradayPaths(aapl, sliceBars(series, 11, 12), 1);
    expect(second).toEqual(alone);
    expect(() => [...intradayPaths(aapl, second as BarSeries, 1)]).toThrow(/not session bars/);
  });

  it('keeps a frozen day frozen', () => {
    const path = intradayPath(aapl, session, { open: 10, high: 10, low: 10, close: 10, volume: 5 }, 1);
    expect(path.close.every((price) => price === 10)).toBe(true);
    expect(path.volume.reduce((a, b) => a + b)).toBe(5);
  });

  it('follows coarse ticks exactly', () => {
    const path = intradayPath(
      { ...aapl, tick: '0.25' },
      session,
      { ...day, open: 159, close: 156.5, high: 163.75 },
      3,
    );
    expect(path.close.every((price) => Number.isInteger(price * 4))).toBe(true);
  });

  it.each([
    [{ ...day, low: 157 }, /does not hold/],
    [{ ...day, high: 159 }, /does not hold/],
    [{ ...day, open: Number.NaN }, /open is NaN/],
    [{ ...day, volume: -1 }, /volume is -1/],
  ])('refuses an impossible day', (impossible, message) => {
    expect(() => intradayPath(aapl, session, impossible, 1)).toThrow(ImpossibleSessionBarError);
    expect(() => intradayPath(aapl, session, impossible, 1)).toThrow(message);
  });

  it('refuses a tick that is none', () => {
    expect(() => intradayPath({ ...aapl, tick: '0' }, session, day, 1)).toThrow(/not a tick: "0"/);
    expect(() => intradayPath({ ...aapl, tick: '1e-2' }, session, day, 1)).toThrow(RangeError);
  });
});
