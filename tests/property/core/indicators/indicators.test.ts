import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bollinger, bollinger, Donchian, donchian, Keltner, keltner } from '#core/indicators/bands.ts';
import { Adx, adx } from '#core/indicators/directional-movement.ts';
import { Macd, macd, Roc, Rsi, roc, rsi } from '#core/indicators/momentum.ts';
import { Ema, ema, Sma, sma, Wma, wma } from '#core/indicators/moving-averages.ts';
import { Cci, cci, Stochastic, stochastic, WilliamsR, williamsR } from '#core/indicators/oscillators.ts';
import {
  RealisedVolatility,
  realisedVolatility,
  type VolatilityEstimator,
} from '#core/indicators/realised-volatility.ts';
import { Atr, atr, TrueRange, trueRange } from '#core/indicators/true-range.ts';
import { Mfi, mfi, Obv, obv, sessionVwap, Vwap } from '#core/indicators/volume.ts';
import { barSeries } from '#core/market/bars.ts';
import { type Session, sessionsBetween } from '#core/market/calendar.ts';

interface Row {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}
type Columns = { readonly [name in keyof Row]: Float64Array };

const ESTIMATORS: readonly VolatilityEstimator[] = [
  'close-to-close',
  'parkinson',
  'garman-klass',
  'rogers-satchell',
  'yang-zhang',
];

/** Bars of a walk that may leap and may stand still. */
const bars: fc.Arbitrary<readonly Row[]> = fc
  .record({
    start: fc.double({ min: 1, max: 5_000, noNaN: true }),
    steps: fc.array(
      fc.record({
        gap: fc.oneof(fc.constant(0), fc.double({ min: -0.2, max: 0.2, noNaN: true })),
        body: fc.oneof(fc.constant(0), fc.double({ min: -0.1, max: 0.1, noNaN: true })),
        up: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.05, noNaN: true })),
        down: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.05, noNaN: true })),
        volume: fc.integer({ min: 0, max: 1_000_000 }),
      }),
      { maxLength: 90, size: 'max' },
    ),
  })
  .map(({ start, steps }) => {
    let last = start;
    return steps.map(({ gap, body, up, down, volume }) => {
      const open = last * (1 + gap);
      const close = open * (1 + body);
      last = close;
      return {
        open,
        high: Math.max(open, close) * (1 + up),
        low: Math.min(open, close) * (1 - down),
        close,
        volume,
      };
    });
  });

function columnsOf(rows: readonly Row[]): Columns {
  const column = (name: keyof Row) => Float64Array.from(rows, (row) => row[name]);
  return {
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
}

interface Case {
  readonly name: string;
  readonly batch: (columns: Columns, period: number) => Readonly<Record<string, Float64Array>>;
  readonly stream: (period: number) => (row: Row) => Readonly<Record<string, number>>;
}

const CASES: readonly Case[] = [
  {
    name: 'SMA',
    batch: (c, n) => ({ value: sma(c.close, n) }),
    stream: (n) => {
      const indicator = new Sma(n);
      return (row) => ({ value: indicator.update(row.close) });
    },
  },
  {
    name: 'EMA',
    batch: (c, n) => ({ value: ema(c.close, n) }),
    stream: (n) => {
      const indicator = new Ema(n);
      return (row) => ({ value: indicator.update(row.close) });
    },
  },
  {
    name: 'WMA',
    batch: (c, n) => ({ value: wma(c.close, n) }),
    stream: (n) => {
      const indicator = new Wma(n);
      return (row) => ({ value: indicator.update(row.close) });
    },
  },
  {
    name: 'RSI',
    batch: (c, n) => ({ value: rsi(c.close, n) }),
    stream: (n) => {
      const indicator = new Rsi(n);
      return (row) => ({ value: indicator.update(row.close) });
    },
  },
  {
    name: 'ROC',
    batch: (c, n) => ({ value: roc(c.close, n) }),
    stream: (n) => {
      const indicator = new Roc(n);
      return (row) => ({ value: indicator.update(row.close) });
    },
  },
  {
    name: 'MACD',
    batch: (c, n) => ({ ...macd(c.close, n, n + 3, 4) }),
    stream: (n) => {
      const indicator = new Macd(n, n + 3, 4);
      return (row) => ({ ...indicator.update(row.close) });
    },
  },
  {
    name: 'true range',
    batch: (c) => ({ value: trueRange(c) }),
    stream: () => {
      const indicator = new TrueRange();
      return (row) => ({ value: indicator.update(row.high, row.low, row.close) });
    },
  },
  {
    name: 'ATR',
    batch: (c, n) => ({ value: atr(c, n) }),
    stream: (n) => {
      const indicator = new Atr(n);
      return (row) => ({ value: indicator.update(row.high, row.low, row.close) });
    },
  },
  {
    name: 'ADX',
    batch: (c, n) => ({ ...adx(c, n + 1) }),
    stream: (n) => {
      const indicator = new Adx(n + 1);
      return (row) => ({ ...indicator.update(row.high, row.low, row.close) });
    },
  },
  {
    name: 'Bollinger',
    batch: (c, n) => ({ ...bollinger(c.close, n) }),
    stream: (n) => {
      const indicator = new Bollinger(n);
      return (row) => ({ ...indicator.update(row.close) });
    },
  },
  {
    name: 'Donchian',
    batch: (c, n) => ({ ...donchian(c, n) }),
    stream: (n) => {
      const indicator = new Donchian(n);
      return (row) => ({ ...indicator.update(row.high, row.low) });
    },
  },
  {
    name: 'Keltner',
    batch: (c, n) => ({ ...keltner(c, n, n + 1) }),
    stream: (n) => {
      const indicator = new Keltner(n, n + 1);
      return (row) => ({ ...indicator.update(row.high, row.low, row.close) });
    },
  },
  {
    name: 'Stochastic',
    batch: (c, n) => ({ ...stochastic(c, n) }),
    stream: (n) => {
      const indicator = new Stochastic(n);
      return (row) => ({ ...indicator.update(row.high, row.low, row.close) });
    },
  },
  {
    name: 'Williams %R',
    batch: (c, n) => ({ value: williamsR(c, n) }),
    stream: (n) => {
      const indicator = new WilliamsR(n);
      return (row) => ({ value: indicator.update(row.high, row.low, row.close) });
    },
  },
  {
    name: 'CCI',
    batch: (c, n) => ({ value: cci(c, n) }),
    stream: (n) => {
      const indicator = new Cci(n);
      return (row) => ({ value: indicator.update(row.high, row.low, row.close) });
    },
  },
  {
    name: 'MFI',
    batch: (c, n) => ({ value: mfi(c, n) }),
    stream: (n) => {
      const indicator = new Mfi(n);
      return (row) => ({ value: indicator.update(row.high, row.low, row.close, row.volume) });
    },
  },
  {
    name: 'OBV',
    batch: (c) => ({ value: obv(c) }),
    stream: () => {
      const indicator = new Obv();
      return (row) => ({ value: indicator.update(row.close, row.volume) });
    },
  },
  ...ESTIMATORS.map(
    (estimator): Case => ({
      name: `${estimator} volatility`,
      batch: (c, n) => ({ value: realisedVolatility(c, estimator, n + 1) }),
      stream: (n) => {
        const indicator = new RealisedVolatility(estimator, n + 1);
        return (row) => ({ value: indicator.update(row.open, row.high, row.low, row.close) });
      },
    }),
  ),
];

const UNKNOWN: Row = { open: NaN, high: NaN, low: NaN, close: NaN, volume: NaN };

const period = fc.integer({ min: 1, max: 20 });

function expectClose(actual: number | undefined, expected: number, tolerance: number, where: string): void {
  if (Object.is(actual, expected)) return;
  const scale = Math.max(1, Math.abs(expected));
  if (!(Math.abs((actual ?? Number.NaN) - expected) <= tolerance * scale)) {
    throw new Error(`${where}: ${actual} instead of ${expected}`);
  }
}

describe.each(CASES)('$name', ({ batch, stream }) => {
  it('says the same in a stream as over the whole column, to 1e-12, unknown bars and all', () => {
    fc.assert(
      fc.property(bars, bars, period, (head, tail, n) => {
        const rows = [...head, UNKNOWN, ...tail];
        const whole = batch(columnsOf(rows), n);
        const update = stream(n);
        rows.forEach((row, i) => {
          for (const [name, value] of Object.entries(update(row))) {
            expectClose(whole[name]?.[i], value, 1e-12, `${name}[${i}]`);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('does not change the past when the future does', () => {
    fc.assert(
      fc.property(bars, period, fc.nat(), (rows, n, at) => {
        const cut = rows.length === 0 ? 0 : at % rows.length;
        const corrupted = rows.map((row, i) =>
          i < cut ? row : { ...row, close: row.close * 3, high: row.high * 5 },
        );
        const [before, after] = [batch(columnsOf(rows), n), batch(columnsOf(corrupted), n)];
        for (const name of Object.keys(before)) {
          expect(after[name]?.subarray(0, cut)).toEqual(before[name]?.subarray(0, cut));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('starts its warm-up again after an unknown bar', () => {
    fc.assert(
      fc.property(bars, bars, period, (head, tail, n) => {
        const joined = batch(columnsOf([...head, UNKNOWN, ...tail]), n);
        const [first, second] = [batch(columnsOf(head), n), batch(columnsOf(tail), n)];
        for (const [name, values] of Object.entries(joined)) {
          expect(values.subarray(0, head.length)).toEqual(first[name]);
          expect(values[head.length]).toBeNaN();
          expect(values.subarray(head.length + 1)).toEqual(second[name]);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('VWAP of sessions', () => {
  const sessions = sessionsBetween('us-equity', '2018-02-05', '2018-02-09');

  it('says the same in a stream that is reset at each open as over the whole column, to 1e-12', () => {
    fc.assert(
      fc.property(bars, (rows) => {
        // Twenty bars a session, so that the longest series go over five.
        const placed = rows.map((row, i) => {
          const session = sessions[Math.floor(i / 20)] as Session;
          const openTime = session.open + (i % 20) * 60_000;
          return { ...row, openTime, closeTime: openTime + 60_000 };
        });
        const whole = sessionVwap(barSeries('AAPL', { unit: 'minute', count: 1 }, placed), 'us-equity');
        const indicator = new Vwap();
        placed.forEach((row, i) => {
          if (i % 20 === 0) indicator.reset();
          const value = indicator.update(row.high, row.low, row.close, row.volume);
          expectClose(whole[i], value, 1e-12, `[${i}]`);
        });
      }),
      { numRuns: 60 },
    );
  });
});

/** The definitions, computed anew for every bar from its window. */
describe('against the definitions, bar by bar', () => {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const variance = (values: readonly number[], ddof: number) => {
    const middle = mean(values);
    return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - ddof);
  };
  const check = (
    actual: (columns: Columns, n: number) => Float64Array,
    expected: (window: readonly Row[], n: number) => number,
    length: (n: number) => number,
    tolerance = 1e-9,
  ) =>
    fc.assert(
      fc.property(bars, period, (rows, n) => {
        const values = actual(columnsOf(rows), n);
        rows.forEach((_row, i) => {
          const size = length(n);
          const value = i + 1 < size ? Number.NaN : expected(rows.slice(i + 1 - size, i + 1), n);
          expectClose(values[i], value, tolerance, `[${i}] of period ${n}`);
        });
      }),
      { numRuns: 60 },
    );
  const closes = (window: readonly Row[]) => window.map((row) => row.close);
  const typical = (row: Row) => (row.high + row.low + row.close) / 3;

  it('SMA, WMA and Bollinger', () => {
    check(
      (c, n) => sma(c.close, n),
      (w) => mean(closes(w)),
      (n) => n,
    );
    check(
      (c, n) => wma(c.close, n),
      (w, n) => closes(w).reduce((sum, close, i) => sum + close * (i + 1), 0) / ((n * (n + 1)) / 2),
      (n) => n,
    );
    check(
      (c, n) => bollinger(c.close, n).upper,
      (w) => mean(closes(w)) + 2 * Math.sqrt(variance(closes(w), 0)),
      (n) => n,
      1e-7,
    );
  });

  it('Donchian, Williams %R and raw stochastic', () => {
    const top = (w: readonly Row[]) => Math.max(...w.map((row) => row.high));
    const bottom = (w: readonly Row[]) => Math.min(...w.map((row) => row.low));
    const last = (w: readonly Row[]) => w.at(-1)?.close ?? Number.NaN;
    check(
      (c, n) => donchian(c, n).upper,
      top,
      (n) => n,
      0,
    );
    check(
      (c, n) => donchian(c, n).lower,
      bottom,
      (n) => n,
      0,
    );
    check(
      (c, n) => williamsR(c, n),
      (w) => (-100 * (top(w) - last(w))) / (top(w) - bottom(w)),
      (n) => n,
    );
    check(
      (c, n) => stochastic(c, n, 1, 1).k,
      (w) => (100 * (last(w) - bottom(w))) / (top(w) - bottom(w)),
      (n) => n,
    );
  });

  it('MFI', () => {
    check(
      (c, n) => mfi(c, n),
      (w) => {
        let [rising, falling] = [0, 0];
        for (let i = 1; i < w.length; i++) {
          const [before, on] = [w[i - 1] as Row, w[i] as Row];
          if (typical(on) > typical(before)) rising += typical(on) * on.volume;
          if (typical(on) < typical(before)) falling += typical(on) * on.volume;
        }
        return rising + falling > 0 ? (100 * rising) / (rising + falling) : Number.NaN;
      },
      (n) => n + 1,
    );
  });

  it('volatility estimators', () => {
    const logs = (window: readonly Row[], of: (row: Row, before: Row) => number) =>
      window.slice(1).map((row, i) => of(row, window[i] as Row));
    const rogersSatchell = (row: Row) =>
      Math.log(row.high / row.close) * Math.log(row.high / row.open) +
      Math.log(row.low / row.close) * Math.log(row.low / row.open);
    const annual = (value: number) => Math.sqrt(252 * Math.max(0, value));
    const of = (estimator: VolatilityEstimator) => (c: Columns, n: number) =>
      realisedVolatility(c, estimator, n + 1);
    check(
      of('close-to-close'),
      (w) =>
        annual(
          variance(
            logs(w, (row, before) => Math.log(row.close / before.close)),
            1,
          ),
        ),
      (n) => n + 2,
      1e-6,
    );
    check(
      of('parkinson'),
      (w) => annual(mean(w.map((row) => Math.log(row.high / row.low) ** 2)) / (4 * Math.LN2)),
      (n) => n + 1,
      1e-6,
    );
    check(
      of('rogers-satchell'),
      (w) => annual(mean(w.map(rogersSatchell))),
      (n) => n + 1,
      1e-6,
    );
    check(
      of('yang-zhang'),
      (w, n) => {
        const k = 0.34 / (1.34 + (n + 2) / n);
        const overnight = variance(
          logs(w, (row, before) => Math.log(row.open / before.close)),
          1,
        );
        const day = variance(
          logs(w, (row) => Math.log(row.close / row.open)),
          1,
        );
        return annual(overnight + k * day + (1 - k) * mean(w.slice(1).map(rogersSatchell)));
      },
      (n) => n + 2,
      1e-6,
    );
  });

  it('Wilder’s smoothing of true ranges, from the seed on', () => {
    fc.assert(
      fc.property(bars, period, (rows, n) => {
        const columns = columnsOf(rows);
        const ranges = [...trueRange(columns)].slice(1);
        const values = atr(columns, n);
        let expected = ranges.length >= n ? mean(ranges.slice(0, n)) : Number.NaN;
        for (let i = n; i < ranges.length + 1 && rows.length > 0; i++) {
          if (i > n) expected += ((ranges[i - 1] as number) - expected) / n;
          expectClose(values[i], expected, 1e-9, `[${i}]`);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('bounds', () => {
  it('hold for every series', () => {
    fc.assert(
      fc.property(bars, period, (rows, n) => {
        const c = columnsOf(rows);
        const within = (values: Float64Array, low: number, high: number) => {
          for (const value of values)
            if (value < low - 1e-9 || value > high + 1e-9) throw new Error(`${value}`);
        };
        within(rsi(c.close, n), 0, 100);
        within(mfi(c, n), 0, 100);
        within(williamsR(c, n), -100, 0);
        within(stochastic(c, n).d, 0, 100);
        const directional = adx(c, n + 1);
        within(directional.adx, 0, 100);
        within(directional.plusDi, 0, 100);
        within(atr(c, n), 0, Number.POSITIVE_INFINITY);
      }),
      { numRuns: 100 },
    );
  });
});
