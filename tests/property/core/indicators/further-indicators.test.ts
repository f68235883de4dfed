import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Aroon, aroon } from '#core/indicators/aroon.ts';
import { Dema, dema, Tema, Trix, tema, trix } from '#core/indicators/exponential-composites.ts';
import { Momentum, momentum, roc } from '#core/indicators/momentum.ts';
import { ParabolicSar, parabolicSar } from '#core/indicators/parabolic-sar.ts';
import { UltimateOscillator, ultimateOscillator } from '#core/indicators/ultimate-oscillator.ts';

type Bar = readonly [high: number, low: number, close: number];

/** Bars on a coarse grid, so that equal extremes and bars without range are common. */
const bar: fc.Arbitrary<Bar> = fc
  .tuple(fc.integer({ min: 400, max: 440 }), fc.nat(12), fc.nat(12))
  .map(([low, range, within]) => [(low + range) / 4, low / 4, (low + Math.min(range, within)) / 4]);
const bars = fc.array(bar, { minLength: 0, maxLength: 120 });
const period = fc.integer({ min: 1, max: 9 });
const PARAMETERS = { seed: 20261126, numRuns: 150 };
const MISSING: Bar = [Number.NaN, Number.NaN, Number.NaN];

const columns = (rows: readonly Bar[]) => ({
  high: Float64Array.from(rows, (row) => row[0]),
  low: Float64Array.from(rows, (row) => row[1]),
  close: Float64Array.from(rows, (row) => row[2]),
});

const NAMES = ['dema', 'tema', 'trix', 'momentum', 'aroon', 'ultimate oscillator', 'parabolic sar'] as const;

function batch(rows: readonly Bar[], length: number): Record<(typeof NAMES)[number], Float64Array> {
  const each = columns(rows);
  return {
    dema: dema(each.close, length),
    tema: tema(each.close, length),
    trix: trix(each.close, length),
    momentum: momentum(each.close, length),
    aroon: aroon(each, length).oscillator,
    'ultimate oscillator': ultimateOscillator(each, length, 2 * length, 3 * length),
    'parabolic sar': parabolicSar(each),
  };
}

function streams(length: number): Record<(typeof NAMES)[number], (bar: Bar) => number> {
  const [double, triple, change, difference, extremes, ultimate, stop] = [
    new Dema(length),
    new Tema(length),
    new Trix(length),
    new Momentum(length),
    new Aroon(length),
    new UltimateOscillator(length, 2 * length, 3 * length),
    new ParabolicSar(),
  ] as const;
  return {
    dema: ([, , close]) => double.update(close),
    tema: ([, , close]) => triple.update(close),
    trix: ([, , close]) => change.update(close),
    momentum: ([, , close]) => difference.update(close),
    aroon: ([high, low]) => extremes.update(high, low).oscillator,
    'ultimate oscillator': ([high, low, close]) => ultimate.update(high, low, close),
    'parabolic sar': ([high, low]) => stop.update(high, low),
  };
}

function agree(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-10): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [one, other] = [actual[i] as number, expected[i] as number];
    const equal = Number.isNaN(other)
      ? Number.isNaN(one)
      : Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(other));
    if (!equal) expect.fail(`index ${i}: ${one}, expected ${other}`);
  }
}

const every = (length: number, at: (index: number) => number) =>
  Float64Array.from({ length }, (_, i) => at(i));

/** The exponential average from its definition: a mean at the first defined values, then the recursion. */
function plainEma(values: ArrayLike<number>, length: number): Float64Array {
  const start = Array.from(values).findIndex((each) => !Number.isNaN(each));
  const result = new Float64Array(values.length).fill(Number.NaN);
  const seed = start + length - 1;
  if (start < 0 || seed >= values.length) return result;
  let sum = 0;
  for (let i = start; i <= seed; i++) sum += values[i] as number;
  result[seed] = sum / length;
  for (let i = seed + 1; i < values.length; i++) {
    const weight = 2 / (length + 1);
    result[i] = weight * (values[i] as number) + (1 - weight) * (result[i - 1] as number);
  }
  return result;
}

/** The stop written out for either direction by itself. */
function plainSar({ high, low }: ReturnType<typeof columns>): Float64Array {
  const result = new Float64Array(high.length).fill(Number.NaN);
  const [h, l] = [(i: number) => high[i] as number, (i: number) => low[i] as number];
  if (high.length < 2) return result;
  let rising = !(l(0) - l(1) > 0 && l(0) - l(1) > h(1) - h(0));
  let stop = rising ? l(0) : h(0);
  let extreme = rising ? h(1) : l(1);
  let factor = 0.02;
  for (let i = 1; i < high.length; i++) {
    const before = Math.max(1, i - 1);
    const turned = rising ? l(i) <= stop : h(i) >= stop;
    if (turned) {
      rising = !rising;
      stop = rising ? Math.min(extreme, l(before), l(i)) : Math.max(extreme, h(before), h(i));
      extreme = rising ? h(i) : l(i);
      factor = 0.02;
    }
    result[i] = stop;
    if (!turned && (rising ? h(i) > extreme : l(i) < extreme)) {
      extreme = rising ? h(i) : l(i);
      factor = Math.min(0.2, factor + 0.02);
    }
    stop += factor * (extreme - stop);
    stop = rising ? Math.min(stop, l(before), l(i)) : Math.max(stop, h(before), h(i));
  }
  return result;
}

describe('further indicators against their definitions', () => {
  it('smooth doubly and triply as means of means seeded by means', () => {
    fc.assert(
      fc.property(bars, period, (rows, length) => {
        const { close } = columns(rows);
        const one = plainEma(close, length);
        const two = plainEma(one, length);
        const three = plainEma(two, length);
        const [a, b, c] = [
          (i: number) => one[i] ?? NaN,
          (i: number) => two[i] ?? NaN,
          (i: number) => three[i] ?? NaN,
        ];
        const actual = batch(rows, length);
        agree(
          actual.dema,
          every(rows.length, (i) => 2 * a(i) - b(i)),
        );
        agree(
          actual.tema,
          every(rows.length, (i) => 3 * a(i) - 3 * b(i) + c(i)),
        );
        agree(
          actual.trix,
          every(rows.length, (i) => (100 * (c(i) - c(i - 1))) / c(i - 1)),
        );
      }),
      PARAMETERS,
    );
  });

  it('measure momentum as a difference, and the rate of change as its share', () => {
    fc.assert(
      fc.property(bars, period, (rows, length) => {
        const { close } = columns(rows);
        const difference = every(
          rows.length,
          (i) => (close[i] as number) - (close[i - length] ?? Number.NaN),
        );
        agree(momentum(close, length), difference);
        agree(
          roc(close, length),
          difference.map((each, i) => (100 * each) / (close[i - length] ?? Number.NaN)),
        );
      }),
      PARAMETERS,
    );
  });

  it('count the bars since the newest extreme', () => {
    fc.assert(
      fc.property(bars, period, (rows, length) => {
        const { high, low } = columns(rows);
        const since = (column: Float64Array, i: number) => {
          const window = Array.from(column.subarray(i - length, i + 1));
          return length - window.lastIndexOf(column === high ? Math.max(...window) : Math.min(...window));
        };
        const share = (column: Float64Array) =>
          every(rows.length, (i) => (i < length ? Number.NaN : (100 * (length - since(column, i))) / length));
        const actual = aroon({ high, low }, length);
        agree(actual.up, share(high));
        agree(actual.down, share(low));
        agree(
          actual.oscillator,
          share(high).map((up, i) => up - (share(low)[i] as number)),
        );
      }),
      { ...PARAMETERS, numRuns: 60 },
    );
  });

  it('weigh buying pressure over three windows, undefined where one has no range', () => {
    fc.assert(
      fc.property(bars, period, (rows, length) => {
        const { high, low, close } = columns(rows);
        const at = (column: Float64Array, i: number) => column[i] as number;
        const share = (i: number, window: number) => {
          if (i < window) return Number.NaN;
          let [pressure, range] = [0, 0];
          for (let j = i - window + 1; j <= i; j++) {
            const floor = Math.min(at(low, j), at(close, j - 1));
            pressure += at(close, j) - floor;
            range += Math.max(at(high, j), at(close, j - 1)) - floor;
          }
          return pressure / range;
        };
        agree(
          batch(rows, length)['ultimate oscillator'],
          every(
            rows.length,
            (i) => (100 / 7) * (4 * share(i, length) + 2 * share(i, 2 * length) + share(i, 3 * length)),
          ),
        );
      }),
      PARAMETERS,
    );
  });

  it('trail the stop of either direction', () => {
    fc.assert(
      fc.property(bars, (rows) => agree(parabolicSar(columns(rows)), plainSar(columns(rows)))),
      PARAMETERS,
    );
  });
});

describe('further indicators on streams', () => {
  it('give the values of the columns, and start again after a gap', () => {
    fc.assert(
      fc.property(bars, bars, period, (before, after, length) => {
        const whole = batch([...before, MISSING, ...after], length);
        const [first, second] = [batch(before, length), batch(after, length)];
        const stream = streams(length);
        for (const name of NAMES) {
          agree(whole[name], [...first[name], Number.NaN, ...second[name]], 1e-12);
          agree([...before, MISSING, ...after].map(stream[name]), whole[name], 1e-12);
        }
      }),
      PARAMETERS,
    );
  });

  it('forget everything when they are reset', () => {
    const rows: readonly Bar[] = Array.from({ length: 40 }, (_, i) => [
      101 + (i % 5),
      99 + (i % 3),
      100 + (i % 4),
    ]);
    const [double, stop, extremes] = [new Dema(4), new ParabolicSar(), new Aroon(4)];
    const [triple, change, difference] = [new Tema(4), new Trix(4), new Momentum(4)];
    const ultimate = new UltimateOscillator(4, 8, 12);
    const run = () =>
      rows.map(([high, low, close]) => [
        double.update(close),
        triple.update(close),
        change.update(close),
        difference.update(close),
        extremes.update(high, low).oscillator,
        ultimate.update(high, low, close),
        stop.update(high, low),
      ]);
    const first = run();
    for (const each of [double, triple, change, difference, extremes, ultimate, stop]) each.reset();
    expect(run()).toEqual(first);
    expect(first.at(-1)?.every((each) => Number.isFinite(each))).toBe(true);
  });
});

describe('parabolic stop and reverse', () => {
  it('follows a rise, turns at the touch, and stands above the bars afterwards', () => {
    // given three rising bars and two below the stop; the stops below are worked out by hand
    const high = [10, 11, 12, 9.5, 9.4];
    const low = [9, 10, 11, 9.1, 9];
    // when and then
    agree(parabolicSar({ high, low }), [Number.NaN, 9, 9.04, 12, 12]);
  });

  it.each([
    [0, 0.2],
    [0.3, 0.2],
    [Number.NaN, 0.2],
    [0.02, Number.POSITIVE_INFINITY],
  ])('refuses an acceleration of %d up to %d', (acceleration, maximum) => {
    expect(() => new ParabolicSar(acceleration, maximum)).toThrow(/expected 0 < acceleration <= maximum/);
  });
});

describe('periods and columns', () => {
  it('are refused where they are no count of bars, or of different lengths', () => {
    expect(() => momentum([1, 2], 0)).toThrow(/the period is 0/);
    expect(() => dema([1, 2], 1.5)).toThrow(/the period is 1.5/);
    expect(() => aroon({ high: [1, 2], low: [1] })).toThrow(/low has 1 values, high 2/);
    expect(() => parabolicSar({ high: [1, 2], low: [1] })).toThrow(RangeError);
    expect(() => ultimateOscillator({ high: [1], low: [1], close: [] })).toThrow(RangeError);
  });
});
