import { describe, expect, it } from 'vitest';
import { bollinger, donchian, keltner } from '#core/indicators/bands.ts';
import { adx } from '#core/indicators/directional-movement.ts';
import { macd, roc, rsi } from '#core/indicators/momentum.ts';
import { ema, sma, wma } from '#core/indicators/moving-averages.ts';
import { cci, stochastic, williamsR } from '#core/indicators/oscillators.ts';
import { realisedVolatility } from '#core/indicators/realised-volatility.ts';
import { atr, trueRange } from '#core/indicators/true-range.ts';
import { mfi, obv, sessionVwap } from '#core/indicators/volume.ts';
import { barSeries } from '#core/market/bars.ts';
import { type Session, sessionOn } from '#core/market/calendar.ts';

/** Undefined: in the warm-up, or by nature. */
const NONE = Number.NaN;

/** Every expected value below is worked out by hand (or published, where a source is named), not by the code. */
function expectColumn(actual: ArrayLike<number>, expected: readonly number[], digits = 12): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    if (Number.isNaN(value)) expect(actual[i], `index ${i}`).toBeNaN();
    else expect(actual[i], `index ${i}`).toBeCloseTo(value, digits);
  });
}

const flat = (prices: readonly number[]) => ({ high: prices, low: prices, close: prices });

describe('moving averages', () => {
  it('simple: the mean of the window', () => {
    expectColumn(sma([1, 2, 3, 4, 8], 3), [NONE, NONE, 2, 3, 5]);
    expectColumn(sma([7, 9], 1), [7, 9]);
  });

  it('exponential: seeded with the simple mean, then 2 / (n + 1)', () => {
    expectColumn(ema([2, 4, 6, 12, 8], 3), [NONE, NONE, 4, 8, 8]);
  });

  it('weighted: newest heaviest', () => {
    expectColumn(wma([1, 2, 3, 5], 3), [NONE, NONE, 14 / 6, 23 / 6]);
  });
});

describe('RSI', () => {
  it('agrees with the published example of StockCharts’ ChartSchool to its two decimals', () => {
    const closes = [
      44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931,
      46.0328, 45.614, 46.282, 46.282, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521, 45.7137,
      46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
    ];
    const published = [
      70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87,
      45.46, 37.3, 33.08, 37.77,
    ];
    const values = rsi(closes, 14);
    expect(values.slice(0, 14).every(Number.isNaN)).toBe(true);
    published.forEach((value, i) => void expect(values[14 + i]).toBeCloseTo(value, 1.99));
  });

  it('seeds with plain means, then smooths with 1 / n', () => {
    // Changes +2, −1, +1, −3: seed 1.0 / 0.5; then 1.0 / 0.25; then 0.5 / 1.625.
    expectColumn(rsi([10, 12, 11, 12, 9], 2), [NONE, NONE, 200 / 3, 80, (100 * 0.5) / 2.125]);
  });

  it('is 100 where prices only rise, 0 where they only fall, undefined where they never moved', () => {
    expectColumn(rsi([1, 2, 3], 2), [NONE, NONE, 100]);
    expectColumn(rsi([3, 2, 1], 2), [NONE, NONE, 0]);
    expectColumn(rsi([3, 3, 3], 2), [NONE, NONE, NONE]);
  });
});

describe('MACD', () => {
  it('starts both averages on one bar, the fast with the mean of its last values (TA-Lib)', () => {
    const values = macd([1, 2, 4, 7, 11], 2, 3, 2);
    expectColumn(values.macd, [NONE, NONE, 2 / 3, 1, 25 / 18]);
    expectColumn(values.signal, [NONE, NONE, NONE, 5 / 6, 65 / 54]);
    expectColumn(values.histogram, [NONE, NONE, NONE, 1 / 6, 10 / 54]);
  });
});

describe('rate of change', () => {
  it('is in percent and undefined from zero', () => {
    expectColumn(roc([10, 11, 12.1], 1), [NONE, 10, 10]);
    expectColumn(roc([0, 1, 2], 1), [NONE, NONE, 100]);
  });
});

describe('true range', () => {
  const bars = { high: [10, 11, 15, 14], low: [8, 9, 12, 13], close: [9, 10, 14, 13] };

  it('reaches to the close before', () => {
    expectColumn(trueRange(bars), [NONE, 2, 5, 1]);
  });

  it('averages from a plain mean, then with 1 / n', () => {
    expectColumn(atr(bars, 2), [NONE, NONE, 3.5, 2.25]);
  });
});

describe('directional movement', () => {
  it('sums, smooths and averages as Wilder does with TA-Lib’s start', () => {
    const bars = { high: [10, 12, 13, 12.5, 15], low: [8, 9, 11, 10, 12], close: [9, 11, 12, 11, 14] };
    const values = adx(bars, 2);
    expectColumn(values.plusDi, [NONE, NONE, 200 / 3.5, 100 / 4.25, 300 / 6.125]);
    expectColumn(values.minusDi, [NONE, NONE, 0, 100 / 4.25, 50 / 6.125]);
    expectColumn(values.adx, [NONE, NONE, NONE, 50, (50 + 250 / 3.5) / 2]);
  });

  it('is undefined without any range, and keeps ADX through a bar without movement', () => {
    const still = adx(flat([5, 5, 5, 5, 5]), 2);
    expectColumn(still.plusDi, [NONE, NONE, NONE, NONE, NONE]);
    expectColumn(still.adx, [NONE, NONE, NONE, 0, 0]);
  });
});

describe('bands', () => {
  it('Bollinger: population deviations', () => {
    const values = bollinger([1, 2, 3, 3], 3, 2);
    const [first, second] = [2 * Math.sqrt(2 / 3), 2 * Math.sqrt(2 / 9)];
    expectColumn(values.middle, [NONE, NONE, 2, 8 / 3]);
    expectColumn(values.upper, [NONE, NONE, 2 + first, 8 / 3 + second]);
    expectColumn(values.lower, [NONE, NONE, 2 - first, 8 / 3 - second]);
  });

  it('Bollinger: no width over equal prices, also at large levels', () => {
    const values = bollinger([1e9 + 0.1, 1e9, 1e9, 1e9, 1e9], 2);
    expect(values.upper[4]).toBe(1e9);
    expect(values.lower[4]).toBe(1e9);
  });

  it('Bollinger: no rest of rounding as a width once prices stand still', () => {
    const prices = [0.1, 0.7, 0.3, 1e6, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3];
    const values = bollinger(prices, 4);
    expect([...values.upper.slice(8), ...values.lower.slice(8)]).toEqual([0.3, 0.3, 0.3, 0.3]);
  });

  it('Donchian: the newest bar counts', () => {
    const values = donchian({ high: [5, 9, 7, 6, 6], low: [1, 4, 3, 2, 5] }, 3);
    expectColumn(values.upper, [NONE, NONE, 9, 9, 7]);
    expectColumn(values.lower, [NONE, NONE, 1, 2, 2]);
    expectColumn(values.middle, [NONE, NONE, 5, 5.5, 4.5]);
  });

  it('Keltner: an average with average ranges beside it, defined once both are', () => {
    const bars = { high: [10, 11, 15, 14], low: [8, 9, 12, 13], close: [9, 10, 14, 13] };
    const values = keltner(bars, 2, 2, 2);
    // EMA(2) of closes: 9.5, 12.5, 12.833…; ATR(2): –, 3.5, 2.25.
    expectColumn(values.middle, [NONE, NONE, 12.5, 77 / 6]);
    expectColumn(values.upper, [NONE, NONE, 19.5, 77 / 6 + 4.5]);
    expectColumn(values.lower, [NONE, NONE, 5.5, 77 / 6 - 4.5]);
  });
});

describe('oscillators', () => {
  const bars = { high: [5, 6, 7, 8], low: [1, 2, 3, 2], close: [4, 5, 6, 3] };

  it('stochastic: the close in its range, smoothed', () => {
    const plain = stochastic(bars, 3, 1, 2);
    expectColumn(plain.k, [NONE, NONE, 500 / 6, 100 / 6]);
    expectColumn(plain.d, [NONE, NONE, NONE, 50]);
    expectColumn(stochastic(bars, 3, 2, 1).k, [NONE, NONE, NONE, 50]);
  });

  it('Williams %R: the same from the top', () => {
    expectColumn(williamsR(bars, 3), [NONE, NONE, -100 / 6, -500 / 6]);
  });

  it('CCI: 0.015 of the mean deviation', () => {
    expectColumn(cci(flat([1, 2, 6]), 3), [NONE, NONE, 100], 9);
    const bar = { high: [2, 3, 7], low: [0, 1, 5], close: [1, 2, 6] };
    expectColumn(cci(bar, 3), [NONE, NONE, 100], 9);
  });

  it('are undefined where nothing moved', () => {
    expectColumn(stochastic(flat([3, 3, 3]), 2, 1, 1).k, [NONE, NONE, NONE]);
    expectColumn(williamsR(flat([3, 3]), 2), [NONE, NONE]);
    expectColumn(cci(flat([0.1, 0.1, 0.1]), 3), [NONE, NONE, NONE]);
  });
});

describe('volume', () => {
  it('on-balance volume starts with the first volume', () => {
    expectColumn(obv({ close: [10, 11, 11, 9], volume: [5, 7, 9, 4] }), [5, 12, 12, 8]);
  });

  it('money flow index: the rising share of the flow', () => {
    const bars = { ...flat([10, 11, 10, 12, 12]), volume: [100, 200, 300, 400, 900] };
    expectColumn(mfi(bars, 3), [NONE, NONE, NONE, 70, 100 * (4_800 / 7_800)]);
    expectColumn(mfi({ ...flat([1, 1, 1]), volume: [1, 1, 1] }, 2), [NONE, NONE, NONE]);
  });

  it('money flow index: undefined, not one-sided, once no money flows', () => {
    const bars = { ...flat([1, 1.1, 1.3, 1.3, 1.3, 1.3]), volume: [0, 724_553, 804_680, 0, 0, 0] };
    expectColumn(mfi(bars, 2).slice(4), [NONE, NONE]);
  });

  it('volume-weighted price begins again with each session and needs trades', () => {
    const bar = (date: string, minute: number, price: number, volume: number) => {
      const openTime = (sessionOn('us-equity', date) as Session).open + minute * 60_000;
      return {
        openTime,
        closeTime: openTime + 60_000,
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
      };
    };
    const bars = barSeries('AAPL', { unit: 'minute', count: 1 }, [
      bar('2018-02-05', 0, 10, 0),
      bar('2018-02-05', 1, 10, 1),
      bar('2018-02-05', 2, 20, 3),
      bar('2018-02-06', 0, 40, 2),
      bar('2018-02-06', 1, 40, NONE),
      bar('2018-02-06', 2, 40, 5),
      bar('2018-02-07', 0, 7, 5),
    ]);
    expectColumn(sessionVwap(bars, 'us-equity'), [NONE, 10, 17.5, 40, NONE, NONE, 7]);
  });
});

describe('realised volatility', () => {
  const E = Math.E;
  const one = (open: number, high: number, low: number, close: number) => ({
    open: [open],
    high: [high],
    low: [low],
    close: [close],
  });

  it('Parkinson: the log range over √(4 ln 2)', () => {
    expectColumn(realisedVolatility(one(1, E, 1, 2), 'parkinson', 1, 1), [1 / Math.sqrt(4 * Math.LN2)]);
  });

  it('Garman–Klass: half the squared range less (2 ln 2 − 1) of the squared body', () => {
    expectColumn(realisedVolatility(one(1, E, 1, 1), 'garman-klass', 1, 1), [Math.sqrt(0.5)]);
    expectColumn(realisedVolatility(one(1, E, 1, E), 'garman-klass', 1, 1), [Math.sqrt(1.5 - 2 * Math.LN2)]);
  });

  it('Rogers–Satchell: the products of the legs, none for a pure trend', () => {
    expectColumn(realisedVolatility(one(1, E, 1 / E, 1), 'rogers-satchell', 1, 1), [Math.SQRT2]);
    expectColumn(realisedVolatility(one(1, E, 1, E), 'rogers-satchell', 1, 1), [0]);
  });

  it('close to close: the sample deviation of log returns, annualised by the root of time', () => {
    const closes = [1, E, 1];
    const bars = { open: closes, high: closes, low: closes, close: closes };
    expectColumn(realisedVolatility(bars, 'close-to-close', 2, 1), [NONE, NONE, Math.SQRT2]);
    expectColumn(realisedVolatility(bars, 'close-to-close', 2, 252), [NONE, NONE, Math.sqrt(504)]);
  });

  it('Yang–Zhang: overnight, plus the weighted parts of the day', () => {
    // Overnight log moves +1 and −1 (variance 2), no move in the day: only the overnight part is left.
    const price = [1, E, 1];
    expectColumn(
      realisedVolatility({ open: price, high: price, low: price, close: price }, 'yang-zhang', 2, 1),
      [NONE, NONE, Math.SQRT2],
    );
    // No overnight moves; days of +1 and −1, straight: k · 2, with k = 0.34 / (1.34 + 3).
    const days = { open: [1, 1, E], high: [1, E, E], low: [1, 1, 1], close: [1, E, 1] };
    expectColumn(realisedVolatility(days, 'yang-zhang', 2, 1), [NONE, NONE, Math.sqrt((2 * 0.34) / 4.34)]);
  });

  it('has no logarithm of prices at or below zero', () => {
    const bars = { open: [1, 1], high: [1, 1], low: [1, 0], close: [1, 1] };
    expectColumn(realisedVolatility(bars, 'parkinson', 1, 1), [0, NONE]);
  });
});

describe('what indicators refuse', () => {
  it('a period that is none', () => {
    expect(() => sma([1], 0)).toThrow(/the period is 0; expected a whole number of at least 1/);
    expect(() => rsi([1], 1.5)).toThrow(RangeError);
    expect(() => macd([1], 5, 5, 2)).toThrow(/the slow period is 5; expected a whole number of at least 6/);
    expect(() => adx(flat([1]), 1)).toThrow(RangeError);
    expect(() => realisedVolatility({ open: [1], ...flat([1]) }, 'yang-zhang', 1)).toThrow(RangeError);
    expect(() => realisedVolatility({ open: [1], ...flat([1]) }, 'parkinson', 1, 0)).toThrow(
      /periods per year/,
    );
  });

  it('columns of different lengths', () => {
    expect(() => atr({ high: [1, 2], low: [1], close: [1, 2] }, 1)).toThrow(/low has 1 values, high 2/);
  });

  it('and an empty column gives an empty one', () => {
    expect(sma([], 3)).toHaveLength(0);
    expect(adx({ high: [], low: [], close: [] }).adx).toHaveLength(0);
  });
});
