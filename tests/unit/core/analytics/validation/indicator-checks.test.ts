import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { corruptFuture } from '#core/analytics/validation/corrupt-future.ts';
import {
  checkCausality,
  checkWarmUp,
  cutBars,
  type Indicator,
  type WarmUp,
} from '#core/analytics/validation/indicator-checks.ts';
import { aroon } from '#core/indicators/aroon.ts';
import { bollinger, donchian, keltner } from '#core/indicators/bands.ts';
import { adx } from '#core/indicators/directional-movement.ts';
import { dema, tema, trix } from '#core/indicators/exponential-composites.ts';
import { macd, momentum, roc, rsi } from '#core/indicators/momentum.ts';
import { ema, sma, wma } from '#core/indicators/moving-averages.ts';
import { cci, stochastic, williamsR } from '#core/indicators/oscillators.ts';
import { parabolicSar } from '#core/indicators/parabolic-sar.ts';
import { realisedVolatility } from '#core/indicators/realised-volatility.ts';
import { atr, trueRange } from '#core/indicators/true-range.ts';
import { ultimateOscillator } from '#core/indicators/ultimate-oscillator.ts';
import { mfi, obv, sessionVwap } from '#core/indicators/volume.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';

const bars = sliceBars(packagedBars('SPX-PROXY').series, 1_800, 3_000);

/** The same path in bars of an hour of an instrument that never closes: many bars a session. */
const hourly: BarSeries = {
  ...bars,
  instrument: instrumentOf('BTC-USD').id,
  interval: { unit: 'minute', count: 60 },
  openTime: bars.openTime.map((_, i) => Date.UTC(2020, 0, 1) + i * 3_600_000),
  closeTime: bars.openTime.map((_, i) => Date.UTC(2020, 0, 1) + (i + 1) * 3_600_000),
};

/** Differences from bar to bar: what is left of a sum whose level is arbitrary. */
const changes = (values: Float64Array) =>
  values.map((item, i) => (i === 0 ? Number.NaN : item - (values[i - 1] ?? Number.NaN)));

type Case = readonly [name: string, output: string, indicator: Indicator, warmUp: WarmUp, bars?: BarSeries];

/** Moving windows forget exactly, but for rounding; recursive ones by the powers of their smoothing. */
const WINDOW = 1e-11;
const RECURSIVE = 1e-9;
const CASES: readonly Case[] = [
  ['sma', '', ({ close }) => sma(close, 20), { bars: 19, tolerance: WINDOW }],
  ['wma', '', ({ close }) => wma(close, 20), { bars: 19, tolerance: WINDOW }],
  ['ema', '', ({ close }) => ema(close, 20), { bars: 230, tolerance: RECURSIVE }],
  ['dema', '', ({ close }) => dema(close, 20), { bars: 320, tolerance: RECURSIVE }],
  ['tema', '', ({ close }) => tema(close, 20), { bars: 400, tolerance: RECURSIVE }],
  ['trix', '', ({ close }) => trix(close, 20), { bars: 400, tolerance: RECURSIVE }],
  ['rsi', '', ({ close }) => rsi(close), { bars: 320, tolerance: RECURSIVE }],
  ['macd', 'line', ({ close }) => macd(close).macd, { bars: 400, tolerance: RECURSIVE }],
  ['macd', 'signal', ({ close }) => macd(close).signal, { bars: 400, tolerance: RECURSIVE }],
  ['macd', 'histogram', ({ close }) => macd(close).histogram, { bars: 400, tolerance: RECURSIVE }],
  ['roc', '', ({ close }) => roc(close), { bars: 10, tolerance: 0 }],
  ['momentum', '', ({ close }) => momentum(close), { bars: 10, tolerance: 0 }],
  ['trueRange', '', trueRange, { bars: 1, tolerance: 0 }],
  ['atr', '', (all) => atr(all), { bars: 320, tolerance: RECURSIVE }],
  ['adx', '+DI', (all) => adx(all).plusDi, { bars: 400, tolerance: RECURSIVE }],
  ['adx', '−DI', (all) => adx(all).minusDi, { bars: 400, tolerance: RECURSIVE }],
  ['adx', 'ADX', (all) => adx(all).adx, { bars: 450, tolerance: RECURSIVE }],
  ['bollinger', 'upper', ({ close }) => bollinger(close).upper, { bars: 19, tolerance: WINDOW }],
  ['bollinger', 'lower', ({ close }) => bollinger(close).lower, { bars: 19, tolerance: WINDOW }],
  ['donchian', 'upper', (all) => donchian(all).upper, { bars: 19, tolerance: 0 }],
  ['donchian', 'lower', (all) => donchian(all).lower, { bars: 19, tolerance: 0 }],
  ['keltner', 'upper', (all) => keltner(all).upper, { bars: 260, tolerance: RECURSIVE }],
  ['keltner', 'lower', (all) => keltner(all).lower, { bars: 260, tolerance: RECURSIVE }],
  ['stochastic', '%K', (all) => stochastic(all).k, { bars: 8, tolerance: WINDOW }],
  ['stochastic', '%D', (all) => stochastic(all).d, { bars: 8, tolerance: WINDOW }],
  ['williamsR', '', (all) => williamsR(all), { bars: 13, tolerance: 0 }],
  ['cci', '', (all) => cci(all), { bars: 13, tolerance: RECURSIVE }],
  ['aroon', 'up', (all) => aroon(all).up, { bars: 14, tolerance: 0 }],
  ['aroon', 'oscillator', (all) => aroon(all).oscillator, { bars: 14, tolerance: 0 }],
  ['parabolicSar', '', (all) => parabolicSar(all), { bars: 120, tolerance: RECURSIVE }],
  [
    'realisedVolatility',
    'Yang–Zhang',
    (all) => realisedVolatility(all, 'yang-zhang'),
    { bars: 20, tolerance: RECURSIVE },
  ],
  [
    'realisedVolatility',
    'close to close',
    (all) => realisedVolatility(all, 'close-to-close'),
    { bars: 20, tolerance: RECURSIVE },
  ],
  ['ultimateOscillator', '', (all) => ultimateOscillator(all), { bars: 28, tolerance: WINDOW }],
  ['mfi', '', (all) => mfi(all), { bars: 14, tolerance: WINDOW }],
  ['obv', 'changes', (all) => changes(obv(all)), { bars: 1, tolerance: 0 }],
  ['sessionVwap', '', (all) => sessionVwap(all, 'crypto'), { bars: 24, tolerance: WINDOW }, hourly],
];
const NAMED = CASES.map(([name, output, indicator, warmUp, series = bars]) => ({
  name,
  output,
  indicator,
  warmUp,
  series,
}));
const STARTS = [1, 7, 100, 333];

describe('all indicators', () => {
  test('are in this test', async () => {
    const folder = new URL('../../../../../core/indicators/', import.meta.url);
    const scalars = ['checkLengths', 'checkPeriod', 'trueRangeOf', 'typicalPrice'];
    const found: string[] = [];
    for (const file of readdirSync(folder)) {
      const exported = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>;
      found.push(...Object.keys(exported).filter((name) => /^[a-z]/.test(name)));
    }
    expect([...new Set(CASES.map(([name]) => name)), ...scalars].sort()).toEqual(found.sort());
  });

  test.each(NAMED)('$name $output sees closed bars only', ({ indicator, series }) => {
    expect(checkCausality(indicator, series)).toEqual({ kind: 'causal' });
  });

  test.each(NAMED)('$name $output forgets its start within its warm-up', ({ indicator, warmUp, series }) => {
    expect(checkWarmUp(indicator, series, warmUp, STARTS)).toEqual({ kind: 'independent' });
  });
});

describe('what is wrong is found and named', () => {
  test('a centred mean looks ahead', () => {
    const centred: Indicator = ({ close }) =>
      close.map((item, i) => (item + (close[i + 1] ?? Number.NaN)) / 2);
    const verdict = checkCausality(centred, bars, { cuts: 1 });
    expect(verdict.kind === 'looks-ahead' && verdict.bar).toBe(
      verdict.kind === 'looks-ahead' ? verdict.cut : Number.NaN,
    );
    expect(verdict.kind).toBe('looks-ahead');
  });

  test('a mean over the whole history looks ahead from the first bar', () => {
    const scaled: Indicator = ({ close }) => {
      const mean = close.reduce((sum, item) => sum + item, 0) / close.length;
      return close.map((item) => item - mean);
    };
    expect(checkCausality(scaled, bars)).toMatchObject({ kind: 'looks-ahead', bar: 0 });
  });

  test('a sum since the start never forgets it; an EMA has not forgotten after its period', () => {
    expect(checkWarmUp((all) => obv(all), bars, { bars: 300, tolerance: 1e-9 }, STARTS)).toMatchObject({
      kind: 'depends-on-start',
      start: 1,
    });
    expect(
      checkWarmUp(({ close }) => ema(close, 20), bars, { bars: 20, tolerance: 1e-9 }, STARTS),
    ).toMatchObject({ kind: 'depends-on-start', bar: 21, start: 1 });
  });

  test('a value that only the longer history has', () => {
    expect(checkWarmUp(({ close }) => sma(close, 20), bars, { bars: 10, tolerance: 1 }, [50])).toEqual({
      kind: 'depends-on-start',
      bar: 60,
      start: 50,
      difference: Number.POSITIVE_INFINITY,
    });
  });
});

test('a corrupted future keeps the past and the times, and is made of bars that can be played', () => {
  for (const direction of ['up', 'down'] as const) {
    const other = corruptFuture(bars, bars.closeTime[99] ?? 0, direction, 5);
    for (const column of ['open', 'high', 'low', 'close', 'volume'] as const) {
      expect(other[column].slice(0, 100)).toEqual(bars[column].slice(0, 100));
      expect(other[column].some((item, i) => i >= 100 && item === bars[column][i])).toBe(false);
    }
    expect(other.closeTime).toEqual(bars.closeTime);
    for (let i = 100; i < bars.length; i++) {
      const [open, high, low, close] = [other.open, other.high, other.low, other.close].map(
        (column) => column[i] ?? Number.NaN,
      ) as [number, number, number, number];
      expect(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close)).toBe(true);
    }
    const before = bars.close[99] ?? Number.NaN;
    expect((other.close[100] ?? 0) > before).toBe(direction === 'up');
  }
  expect(corruptFuture(bars, Number.POSITIVE_INFINITY, 'up', 1)).toBe(bars);
});

test('cuts are spread, inside, seeded and distinct; unusable input is a fault', () => {
  const cuts = cutBars(1_000, 10, 1);
  expect(cuts.length).toBe(10);
  expect(cuts.every((cut, i) => cut >= 1 && cut <= 998 && cut >= (i * 998) / 10)).toBe(true);
  expect(cutBars(1_000, 10, 1)).toEqual(cuts);
  expect(cutBars(1_000, 10, 2)).not.toEqual(cuts);
  expect(cutBars(3, 10, 1)).toEqual([1]);
  expect(() => cutBars(2, 1, 1)).toThrow("2 bars can't be cut");
  expect(() => checkCausality(() => new Float64Array(1), bars)).toThrow('1 values for 1200 bars');
  expect(() => checkWarmUp(trueRange, bars, { bars: 1_198, tolerance: 0 }, [2])).toThrow('start 2');
  expect(() => checkWarmUp(trueRange, bars, { bars: -1, tolerance: 0 }, [2])).toThrow('warm-up -1');
  expect(() => checkWarmUp(trueRange, bars, { bars: 1, tolerance: Number.NaN }, [2])).toThrow(
    'tolerance NaN',
  );
});
