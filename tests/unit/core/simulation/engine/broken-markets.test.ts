import { describe, expect, test } from 'vitest';
import type { BarSeries } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { withoutCommission } from '#core/simulation/engine/commission-columns.ts';
import type { SimulatedInstrument, SimulationOptions } from '#core/simulation/engine/options.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import { BUILT_IN_STRATEGIES, builtInStrategy } from '#core/simulation/strategies/catalog.ts';
import { dailyBars, type PriceRow, scripted } from '../../../../support/simulated-bars.ts';

const OPTIONS: SimulationOptions = { cash: 100_000, commission: withoutCommission };
const spy = (bars: BarSeries): SimulatedInstrument => ({
  instrument: instrumentOf('SPY'),
  bars,
  fills: { spread: 0, slippage: 0, impact: 0 },
});
const flat = (price: number, volume = 1_000_000): PriceRow => [price, price, price, price, volume];
const buy = (quantity: number) => ({ side: 'buy', quantity, type: 'MKT' }) as const;
const play = (strategy: Strategy, bars: BarSeries, options: Partial<SimulationOptions> = {}) =>
  simulate(strategy, [spy(bars)], { ...OPTIONS, ...options });

/** Bars of one minute on 3 January 2018, at the minutes after the open that `rows` names. */
function minutes(rows: readonly (readonly [minute: number, row: PriceRow])[]): BarSeries {
  const [session] = sessionsBetween('us-equity', '2018-01-03', '2018-01-03');
  const open = session?.open ?? Number.NaN;
  return {
    ...dailyBars(rows.map(([, row]) => row)),
    interval: { unit: 'minute', count: 1 },
    openTime: Float64Array.from(rows, ([minute]) => open + minute * 60_000),
    closeTime: Float64Array.from(rows, ([minute]) => open + (minute + 1) * 60_000),
  };
}

/** Leaves out the bars of some sessions: their dates stay empty. */
function without(bars: BarSeries, missing: readonly number[]): BarSeries {
  const kept = (column: Float64Array) => column.filter((_, i) => !missing.includes(i));
  return {
    ...bars,
    length: bars.length - missing.length,
    openTime: kept(bars.openTime),
    closeTime: kept(bars.closeTime),
    open: kept(bars.open),
    high: kept(bars.high),
    low: kept(bars.low),
    close: kept(bars.close),
    volume: kept(bars.volume),
  };
}

describe('a halt', () => {
  const halted = minutes([
    [0, flat(100)],
    [1, flat(100)],
    // Fifteen minutes without a bar, then a reopening far below.
    [17, [70, 72, 69, 71, 1_000_000]],
    [18, flat(71)],
  ]);

  test('a stop inside it fills at the reopening, not at its price', () => {
    const result = play(
      scripted({
        0: (c) => void c.submit(buy(100)),
        1: (c) => void c.submit({ side: 'sell', quantity: 100, type: 'STP', stopPrice: 95 }),
      }),
      halted,
    );
    expect(result.fills[1]).toMatchObject({ price: 69.99, time: halted.closeTime[2] });
    expect(result.marks.time.length).toBe(4);
  });

  test('a stop with a limit is elected but not filled below its limit', () => {
    const result = play(
      scripted({
        0: (c) => void c.submit(buy(100)),
        1: (c) =>
          void c.submit({ side: 'sell', quantity: 100, type: 'STP LMT', stopPrice: 95, limitPrice: 94 }),
      }),
      halted,
    );
    expect(result.fills.length).toBe(1);
    expect(result.orders[1]).toMatchObject({ status: 'working', filled: 0 });
    expect(result.marks.equity.at(-1)).toBeCloseTo(100_000 - 100 * 29.01, 6);
  });

  test('a limit to buy below the reopening waits, one above it gets the better price', () => {
    const limit = (limitPrice: number) =>
      play(
        scripted({ 1: (c) => void c.submit({ side: 'buy', quantity: 10, type: 'LMT', limitPrice }) }),
        halted,
      ).fills.map(({ price }) => price);
    expect(limit(90)).toEqual([70.01]);
    expect(limit(60)).toEqual([]);
  });
});

describe('gaps', () => {
  test('through a short position’s stop: the worse open, and the loss is larger than the stop said', () => {
    const result = play(
      scripted({
        0: (c) => void c.submit({ side: 'sell', quantity: 100, type: 'MKT' }),
        1: (c) => void c.submit({ side: 'buy', quantity: 100, type: 'STP', stopPrice: 105 }),
      }),
      dailyBars([flat(100), flat(100), [130, 135, 128, 131, 1_000_000]]),
      { borrowRate: 0 },
    );
    expect(result.fills[1]?.price).toBe(130.01);
    expect(result.trades[0]?.profit).toBeCloseTo(100 * (99.99 - 130.01), 6);
  });

  test('through stop and target at once: only one of them trades', () => {
    const result = play(
      scripted({
        0: (c) => {
          const id = c.submit(buy(100));
          const child = { side: 'sell', quantity: 100, parent: id, group: -1 } as const;
          c.submit({ ...child, type: 'LMT', limitPrice: 110 });
          c.submit({ ...child, type: 'STP', stopPrice: 90 });
        },
      }),
      dailyBars([flat(100), flat(100), [120, 125, 60, 65, 1_000_000], flat(65)]),
    );
    const sold = result.fills.filter(({ side }) => side === 'sell');
    expect(sold.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(100);
    expect(result.marks.grossExposure.at(-1)).toBe(0);
  });

  test('through the whole account: the debt is shown, everything is closed, nobody is asked again', () => {
    let asked = 0;
    const result = play(
      {
        name: 'short',
        parameters: {},
        start: () => (c) => {
          asked++;
          if (c.index === 0) c.submit({ side: 'sell', quantity: 900, type: 'MKT' });
        },
      },
      dailyBars([flat(100), flat(100), flat(250), flat(240), flat(50)]),
      { borrowRate: 0, debitRate: 0 },
    );
    expect(result.incidents.map(({ kind }) => kind)).toEqual(['ruin']);
    expect(result.marks.equity[2]).toBeCloseTo(100_000 + 900 * (99.99 - 250), 6);
    expect(result.marks.equity[4]).toBeCloseTo(100_000 + 900 * (99.99 - 240.01), 6);
    expect(result.marks.equity[3]).toBe(result.marks.equity[4]);
    expect(asked).toBe(2);
  });
});

describe('volume', () => {
  test('a market that dries up while a position is sold leaves the rest, marked where it trades', () => {
    const result = play(
      scripted({
        0: (c) => void c.submit(buy(500)),
        1: (c) => void c.submit({ side: 'sell', quantity: 500, type: 'MKT' }),
      }),
      dailyBars([flat(100), flat(100), flat(90, 1_000), flat(80, 0), flat(70, 0), flat(60, 0)]),
    );
    expect(result.fills.map(({ quantity }) => quantity)).toEqual([500, 100]);
    expect(result.marks.grossExposure.at(-1)).toBe(400 * 60);
    expect(result.orders[1]).toMatchObject({ status: 'working', filled: 100 });
    expect(result.trades).toMatchObject([{ open: true }]);
  });

  test('a call for margin without a buyer waits: a liquidation is an order like others', () => {
    const result = play(
      scripted({ 0: (c) => void c.submit(buy(1_900)) }),
      dailyBars([flat(100), flat(100), flat(63), flat(62, 0), flat(61, 0), flat(60)]),
      { maximumLeverage: 2, debitRate: 0 },
    );
    expect(result.incidents).toMatchObject([{ kind: 'liquidation' }]);
    expect(result.fills.at(-1)).toMatchObject({ side: 'sell', quantity: 1_900, price: 59.99 });
  });

  test('without any volume no strategy ever trades', () => {
    const dead = dailyBars(Array.from({ length: 80 }, (_, i) => flat(100 + 10 * Math.sin(i / 4), 0)));
    for (const name of BUILT_IN_STRATEGIES) {
      const parameters = name === 'sma-cross' ? { fast: 2, slow: 5 } : {};
      const result = play(builtInStrategy(name, parameters), dead);
      expect(result.fills).toEqual([]);
      expect(result.marks.equity.at(-1)).toBe(100_000);
    }
  });
});

describe('few bars and missing ones', () => {
  test.each(BUILT_IN_STRATEGIES)('%s on a single bar trades nothing and is marked once', (name) => {
    const result = play(builtInStrategy(name), dailyBars([flat(100)]));
    expect(result.fills).toEqual([]);
    expect([...result.marks.equity]).toEqual([100_000]);
    expect([...result.marks.drawdown]).toEqual([0]);
  });

  test('days without a bar are no days to decide or fill on; the order meets the next bar', () => {
    const whole = dailyBars([100, 101, 102, 103, 104, 105].map((price) => flat(price)));
    const holed = without(whole, [1, 2, 3]);
    const result = play(scripted({ 0: (c) => void c.submit(buy(100)) }), holed);
    expect(result.fills).toMatchObject([{ price: 104.01, time: whole.closeTime[4] }]);
    expect([...result.marks.time]).toEqual([0, 4, 5].map((i) => whole.closeTime[i]));
  });

  test('interest runs over the days that are missing as over those that are not', () => {
    const whole = dailyBars(Array.from({ length: 12 }, () => flat(100)));
    const held = (bars: BarSeries) =>
      play(scripted({ 0: (c) => void c.submit({ ...buy(900), side: 'sell' }) }), bars, {
        borrowRate: 0.36,
        creditRate: 0,
      }).costs.borrow;
    expect(held(without(whole, [4, 5, 6, 7]))).toBeCloseTo(held(whole), 6);
    expect(held(whole)).toBeGreaterThan(0);
  });

  test('one instrument stops trading while the other goes on: it keeps its mark and its orders wait', () => {
    const other = {
      ...spy(
        dailyBars(
          [10, 11, 12, 13, 14].map((price) => flat(price)),
          'QQQ',
        ),
      ),
      instrument: instrumentOf('QQQ'),
    };
    const stopped = spy(without(dailyBars([100, 101, 102, 103, 40].map((price) => flat(price))), [2, 3]));
    const result = simulate(
      scripted({
        0: (c) => void c.submit(buy(100)),
        2: (c) => void c.submit({ side: 'sell', quantity: 100, type: 'MKT' }),
      }),
      [stopped, other],
      OPTIONS,
    );
    expect([...result.marks.grossExposure]).toEqual([0, 10_100, 10_100, 10_100, 0]);
    expect(result.fills[1]?.price).toBe(39.99);
  });
});
