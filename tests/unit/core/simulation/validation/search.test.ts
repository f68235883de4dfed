import { describe, expect, test } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { simpleReturns } from '#core/analytics/performance/equity-curve.ts';
import { deflatedSharpe } from '#core/analytics/validation/sharpe-inference.ts';
import { sliceBars } from '#core/market/bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { MarkColumns } from '#core/simulation/engine/mark-columns.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { smaCross } from '#core/simulation/strategies/sma-cross.ts';
import {
  gridPoints,
  MOST_TRIALS,
  randomPoints,
  steppedRange,
} from '#core/simulation/validation/search-space.ts';
import {
  chained,
  curveFrom,
  searchVerdict,
  untouchedFigures,
} from '#core/simulation/validation/search-verdict.ts';
import { searchWindows, trainingBars, wholeBars } from '#core/simulation/validation/search-windows.ts';
import { OVERFITTING_BLOCKS, runTrial } from '#core/simulation/validation/trial.ts';
import { dailyBars, scripted } from '../../../../support/simulated-bars.ts';

const { series } = packagedBars('SPX-PROXY');
const instruments = [{ instrument: instrumentOf('SPX-PROXY'), bars: sliceBars(series, 0, 1_000) }];
const close = (bar: number) => series.closeTime[bar] ?? Number.NaN;

describe('points of a search', () => {
  test('a grid is every combination, the last parameter moving fastest', () => {
    const points = gridPoints([
      { name: 'a', values: [1, 2] },
      { name: 'b', values: [10, 20, 30] },
    ]);
    expect(points.map(({ a, b }) => [a, b])).toEqual([
      [1, 10],
      [1, 20],
      [1, 30],
      [2, 10],
      [2, 20],
      [2, 30],
    ]);
  });

  test('steps include both ends and leave no binary dust', () => {
    expect(steppedRange('a', 0.1, 0.5, 0.1).values).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(steppedRange('a', 5, 12, 5).values).toEqual([5, 10]);
    expect(steppedRange('a', 7, 7, 1).values).toEqual([7]);
  });

  test('random points are different, seeded, of the ranges, and all where no more are there', () => {
    const ranges = [steppedRange('a', 1, 20, 1), steppedRange('b', 1, 20, 1)];
    const points = randomPoints(ranges, 50, 7);
    expect(new Set(points.map(({ a, b }) => `${a}/${b}`)).size).toBe(50);
    expect(points.every(({ a = 0, b = 0 }) => a >= 1 && a <= 20 && b >= 1 && b <= 20)).toBe(true);
    expect(randomPoints(ranges, 50, 7)).toEqual(points);
    expect(randomPoints(ranges, 50, 8)).not.toEqual(points);
    expect(randomPoints(ranges, 400, 7)).toEqual(gridPoints(ranges));
  });

  test('ranges that cannot be searched are faults that say why', () => {
    expect(() => gridPoints([])).toThrow('nothing to search');
    expect(() => gridPoints([{ name: 'a', values: [] }])).toThrow('a has the values []');
    expect(() => gridPoints([{ name: 'a', values: [Number.NaN] }])).toThrow('finite numbers');
    expect(() => gridPoints([{ name: 'a', values: [1, 1] }])).toThrow('a value twice');
    const [a, b] = [steppedRange('a', 1, 2_000, 1), steppedRange('b', 1, 2_000, 1)];
    expect(() => gridPoints([a, a])).toThrow('a has two ranges');
    expect(() => gridPoints([a, b])).toThrow('4000000 combinations');
    expect(() => randomPoints([a, b], 0, 1)).toThrow('number of trials 0');
    expect(() => steppedRange('a', 2, 1, 1)).toThrow('from 2 to 1');
    expect(() => steppedRange('a', 1, 2, 0)).toThrow('steps of 0');
    expect(() => steppedRange('a', 0, MOST_TRIALS, 1)).toThrow('number of values of a');
  });
});

describe('windows of a search', () => {
  test('a holdout keeps the last part back; training has nothing of it', () => {
    const [window, ...more] = searchWindows(instruments, { kind: 'holdout', fraction: 0.3 });
    expect(more).toEqual([]);
    if (window === undefined) throw new Error('no window');
    expect(window).toEqual({ trainFrom: close(0), testFrom: close(700), testTo: close(999) });
    const [training] = trainingBars(instruments, window);
    expect(training?.bars.length).toBe(700);
    expect(wholeBars(instruments, window)[0]?.bars.length).toBe(1_000);
  });

  test('a walk forward tests each bar after the first training once, rolling or anchored', () => {
    const plan = { kind: 'walk-forward', windows: 7, trainTests: 3 } as const;
    const rolling = searchWindows(instruments, { ...plan, anchored: false });
    expect(rolling.map(({ trainFrom }) => trainFrom)).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((i) => close(100 * i)),
    );
    expect(rolling.map(({ testFrom }) => testFrom)).toEqual([3, 4, 5, 6, 7, 8, 9].map((i) => close(100 * i)));
    expect(rolling.map(({ testTo }) => testTo)).toEqual(
      [4, 5, 6, 7, 8, 9, 10].map((i) => close(100 * i - 1)),
    );
    const anchored = searchWindows(instruments, { ...plan, anchored: true });
    expect(new Set(anchored.map(({ trainFrom }) => trainFrom))).toEqual(new Set([close(0)]));
  });

  test('an instrument that starts later has no bars in an earlier training', () => {
    const later = { ...instruments[0], bars: sliceBars(series, 800, 1_000) } as (typeof instruments)[0];
    const [window] = searchWindows([...instruments, later], { kind: 'holdout', fraction: 0.3 });
    if (window === undefined) throw new Error('no window');
    expect(trainingBars([later], window)[0]?.bars.length).toBe(0);
  });

  test('what leaves a side without bars is a fault', () => {
    const holdout = (fraction: number) => () => searchWindows(instruments, { kind: 'holdout', fraction });
    expect(holdout(0)).toThrow("0 of 1000 bars can't be kept back");
    expect(holdout(1)).toThrow("can't be kept back");
    expect(holdout(0.0001)).toThrow("can't be kept back");
    const walk = (windows: number, trainTests: number) => () =>
      searchWindows(instruments, { kind: 'walk-forward', windows, trainTests, anchored: false });
    expect(walk(0, 3)).toThrow('windows 0');
    expect(walk(3, 0)).toThrow('tests that a training is long 0');
    expect(walk(999, 3)).toThrow("1000 bars don't make 999 windows");
  });
});

describe('trials and what they say of the best', () => {
  const trial = (fast: number, slow: number) =>
    runTrial(() => smaCross(fast, slow), instruments, { cash: 100_000 }, new MarkColumns());

  test('the best is the highest Sharpe ratio, deflated by all that were measured', () => {
    const outcomes = [trial(20, 50), trial(50, 20), trial(5, 100), trial(10, 200)];
    expect(outcomes[1]).toMatchObject({ kind: 'failed', code: 'InvalidSimulation' });
    const samples = outcomes.flatMap((one) =>
      one.kind === 'measured' && one.figures.sample.kind === 'value' ? [one.figures.sample.sample] : [],
    );
    const best = samples.reduce((high, one) => (one.sharpe > high.sharpe ? one : high));
    const verdict = searchVerdict(outcomes);
    expect(verdict).toMatchObject({ measured: 3, failed: 1 });
    const chosen = outcomes[verdict.best ?? -1];
    expect(chosen?.kind === 'measured' && chosen.figures.sample).toEqual({ kind: 'value', sample: best });
    expect(verdict.deflated).toEqual(
      deflatedSharpe(
        best,
        Float64Array.from(samples, ({ sharpe }) => sharpe),
      ),
    );
    expect(verdict.overfitting.probability.kind).toBe('value');
    expect(chosen?.kind === 'measured' && chosen.blocks?.count.length).toBe(OVERFITTING_BLOCKS);
  });

  test('come to the same in columns that other trials, longer and shorter ones, have written before', () => {
    const columns = new MarkColumns();
    const windows = [instruments, [{ ...instruments[0], bars: sliceBars(series, 0, 700) }], instruments];
    const tried = (into: () => MarkColumns) =>
      windows.flatMap((window) =>
        [5, 20, 60].map((fast) =>
          runTrial(() => smaCross(fast, 100), window as typeof instruments, { cash: 100_000 }, into()),
        ),
      );
    expect(tried(() => columns)).toEqual(tried(() => new MarkColumns()));
  });

  test('a trial that never trades is measured but cannot be the best', () => {
    const idle = runTrial(() => smaCross(20, 5_000), instruments, { cash: 100_000 }, new MarkColumns());
    expect(idle).toMatchObject({ kind: 'measured', orders: 0, costs: 0, figures: { maximumDrawdown: 0 } });
    const verdict = searchVerdict([idle, idle]);
    expect(verdict).toMatchObject({ best: undefined, measured: 2, deflated: { kind: 'undefined' } });
    expect(searchVerdict([idle, trial(20, 50)]).best).toBe(1);
  });

  test('whatever a strategy throws is the outcome of its trial', () => {
    const thrown = (what: unknown) =>
      runTrial(
        () => {
          throw what;
        },
        instruments,
        { cash: 1 },
        new MarkColumns(),
      );
    expect(thrown(new TypeError('no'))).toEqual({ kind: 'failed', code: 'TypeError', message: 'no' });
    expect(thrown('text')).toEqual({ kind: 'failed', code: 'NotAnError', message: 'text' });
    expect(searchVerdict([thrown(1)])).toMatchObject({ best: undefined, failed: 1 });
  });

  test('too few days for blocks leave the overfitting undefined by reason', () => {
    const short = [{ ...instruments[0], bars: sliceBars(series, 0, 59) }] as typeof instruments;
    const outcome = runTrial(() => smaCross(2, 5), short, { cash: 100_000 }, new MarkColumns());
    expect(searchVerdict([outcome, outcome]).overfitting.probability).toEqual({
      kind: 'undefined',
      reason: 'the training has too few days to be cut into blocks',
    });
  });
});

test('a ruined account fails its trial in sample; out of sample its curve and the chain end there', () => {
  const ruined = [
    {
      instrument: instrumentOf('SPY'),
      bars: dailyBars([100, 100, 100, 250, 260].map((price) => [price, price, price, price])),
    },
  ];
  const short = scripted({ 0: (c) => void c.submit({ side: 'sell', quantity: 900, type: 'MKT' }) });
  expect(runTrial(() => short, ruined, { cash: 100_000 }, new MarkColumns())).toMatchObject({
    kind: 'failed',
    code: 'Ruin',
    message: expect.stringMatching(/equity fell to -3\d+\.\d\d at mark 3 of 5/),
  });
  const { marks } = simulate(short, ruined, { cash: 100_000 });
  const rest = curveFrom(marks, marks.time[2] ?? 0);
  expect(rest.equity.length).toBe(3);
  expect(rest.equity.at(-1)).toBeLessThan(0);
  const next = { time: marks.time.map((time) => time + 1e10), equity: marks.equity.map(() => 1) };
  expect(chained([rest, next])).toEqual(chained([rest]));
  expect(untouchedFigures(rest).maximumDrawdown).toBeGreaterThan(1);
});

describe('curves of tests', () => {
  const DAY = 86_400_000;
  const curve = (first: number, equity: readonly number[]) => ({
    time: Float64Array.from(equity, (_, i) => Date.UTC(2020, 0, first + i, 21)),
    equity: Float64Array.from(equity),
  });

  test('begin with the last mark before the test, so that its first day counts', () => {
    const whole = curve(1, [100, 110, 99, 105]);
    const later = curveFrom(whole, Date.UTC(2020, 0, 3));
    expect([...later.equity]).toEqual([110, 99, 105]);
    expect(curveFrom(whole, 0)).toEqual(whole);
    expect(curveFrom(whole, Date.UTC(2020, 0, 9)).equity.length).toBe(0);
  });

  test('follow each other by their returns, not by their amounts', () => {
    const chain = chained([curve(1, [100, 110]), curve(2, [1_000, 900, 990]), curve(9, [])]);
    expect([...chain.equity]).toEqual([100, 110, expect.closeTo(99, 10), expect.closeTo(108.9, 10)]);
    expect(chain.time[2] ?? 0).toBe((chain.time[1] ?? 0) + DAY);
    expect([...simpleReturns(chain.equity)][1]).toBeCloseTo(-0.1, 12);
    expect(untouchedFigures(chain).probabilistic.kind).toBe('value');
    expect(untouchedFigures(curve(1, [100])).probabilistic).toMatchObject({ kind: 'undefined' });
  });
});
