import { describe, expect, test } from 'vitest';
import { instrumentOf } from '#core/market/catalog.ts';
import { fixedUsStocks, withoutCommission } from '#core/simulation/engine/commission-columns.ts';
import type { SimulatedInstrument, SimulationOptions } from '#core/simulation/engine/options.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { type Strategy, type StrategyContext, submitBracket } from '#core/simulation/engine/strategy.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { dailyBars, type PriceRow, scripted } from '../../../../support/simulated-bars.ts';

const FREE = { spread: 0, slippage: 0, impact: 0 } as const;
const OPTIONS: SimulationOptions = { cash: 100_000, commission: withoutCommission };
const spy = (rows: readonly PriceRow[], more: Partial<SimulatedInstrument> = {}): SimulatedInstrument => ({
  instrument: instrumentOf('SPY'),
  bars: dailyBars(rows),
  fills: FREE,
  ...more,
});
const play = (strategy: Strategy, rows: readonly PriceRow[], options: Partial<SimulationOptions> = {}) =>
  simulate(strategy, [spy(rows)], { ...OPTIONS, ...options });
const flat = (price: number, volume = 1_000_000): PriceRow => [price, price, price, price, volume];
const buy = (quantity: number) => ({ side: 'buy', quantity, type: 'MKT' }) as const;

describe('the contract for time', () => {
  test('an order decided at a close trades from the next open, never earlier', () => {
    const result = play(scripted({ 0: (c) => void c.submit(buy(100)) }), [flat(100), [110, 112, 109, 111]]);
    expect(result.fills).toMatchObject([{ price: 110.01, quantity: 100 }]);
    expect(result.marks.equity[1]).toBeCloseTo(100_000 + 100 * (111 - 110.01), 6);
  });

  test('an order decided at the last close never trades', () => {
    const result = play(scripted({ 0: (c) => void c.submit(buy(100)) }), [flat(100)]);
    expect(result.fills).toEqual([]);
    expect(result.orders).toMatchObject([{ status: 'working', filled: 0 }]);
  });

  test('a strategy cannot look ahead nor change what it sees', () => {
    const peek = scripted({ 0: (c) => void c.instruments[0]?.close.at(-1) });
    expect(() => play(peek, [flat(100), flat(200)])).toThrow('closed bars only');
    const write = scripted({
      0: (c) => void Object.assign(c.instruments[0]?.close ?? {}, { at: () => 200 }),
    });
    expect(() => play(write, [flat(100), flat(200)])).toThrow(TypeError);
  });

  test('what comes later changes nothing that came before', () => {
    const rows = Array.from({ length: 30 }, (_, i) => flat(100 + (i % 7)));
    const strategy = scripted({ 3: (c) => void c.submit(buy(100)), 9: (c) => void c.submit(buy(50)) });
    const whole = play(strategy, rows);
    const corrupted = play(strategy, [...rows.slice(0, 15), ...rows.slice(15).map(() => flat(7))]);
    expect(corrupted.marks.equity.slice(0, 15)).toEqual(whole.marks.equity.slice(0, 15));
  });
});

describe('orders', () => {
  test('a stop that the market gaps through fills at the worse open', () => {
    const strategy = scripted({
      0: (c) => void c.submit(buy(100)),
      1: (c) => void c.submit({ side: 'sell', quantity: 100, type: 'STP', stopPrice: 95 }),
    });
    const result = play(strategy, [flat(100), flat(100), [80, 82, 79, 81]]);
    expect(result.fills[1]).toMatchObject({ side: 'sell', price: 79.99 });
  });

  test('stop and target inside one bar: the stop, and the target is cancelled', () => {
    const strategy = scripted({ 0: (c) => void submitBracket(c, buy(100), 110, 90) });
    const result = play(strategy, [flat(100), flat(100), [100, 120, 80, 100]]);
    expect(result.orders.map(({ type, status }) => [type, status])).toEqual([
      ['MKT', 'filled'],
      ['STP', 'filled'],
      ['LMT', 'cancelled'],
    ]);
    expect(result.fills[1]?.price).toBeCloseTo(89.99, 6);
  });

  test('a bracket never closes more than its entry has filled', () => {
    const strategy = scripted({ 0: (c) => void submitBracket(c, buy(100), 110, 90) });
    const thin: PriceRow[] = [
      flat(100),
      flat(100, 400),
      [100, 100, 80, 85, 300],
      flat(85, 400),
      flat(85, 400),
      flat(85, 400),
    ];
    const result = play(strategy, thin);
    let held = 0;
    for (const fill of result.fills) {
      held += fill.side === 'buy' ? fill.quantity : -fill.quantity;
      expect(held).toBeGreaterThanOrEqual(0);
    }
    expect(result.fills.length).toBeGreaterThan(2);
  });

  test('a tenth of the volume at most, the rest stays working; DAY ends with its session', () => {
    const rows = [flat(100), flat(100, 400), flat(100, 400)];
    const good = play(scripted({ 0: (c) => void c.submit(buy(60)) }), rows);
    expect(good.fills.map(({ quantity }) => quantity)).toEqual([40, 20]);
    const day = play(scripted({ 0: (c) => void c.submit({ ...buy(60), timeInForce: 'DAY' }) }), rows);
    expect(day.orders).toMatchObject([{ filled: 40, status: 'expired' }]);
  });

  test('FOK fills whole or not at all, IOC what it can', () => {
    const rows = [flat(100), flat(100, 400), flat(100, 4000)];
    const only = (timeInForce: 'FOK' | 'IOC') =>
      play(scripted({ 0: (c) => void c.submit({ ...buy(60), timeInForce }) }), rows).orders[0];
    expect(only('FOK')).toMatchObject({ filled: 0, status: 'cancelled' });
    expect(only('IOC')).toMatchObject({ filled: 40, status: 'cancelled' });
  });

  test('nothing fills in a bar without volume', () => {
    const result = play(scripted({ 0: (c) => void c.submit(buy(10)) }), [flat(100), flat(100, 0), flat(90)]);
    expect(result.fills).toMatchObject([{ price: 90.01 }]);
  });

  test('a closing order trades at the close, a GTD order ends at its time', () => {
    const closing = play(scripted({ 0: (c) => void c.submit({ ...buy(10), type: 'MOC' }) }), [
      flat(100),
      [100, 105, 99, 104],
    ]);
    expect(closing.fills).toMatchObject([{ price: 104.01 }]);
    const dated = play(
      scripted({
        0: (c) =>
          void c.submit({
            side: 'buy',
            quantity: 10,
            type: 'LMT',
            limitPrice: 50,
            timeInForce: 'GTD',
            goodTill: c.time + 1,
          }),
      }),
      [flat(100), [100, 100, 40, 100]],
    );
    expect(dated.orders).toMatchObject([{ status: 'expired', filled: 0 }]);
  });

  test('cancel and modify act on working orders only', () => {
    const answers: boolean[] = [];
    const strategy = scripted({
      0: (c) => void c.submit({ side: 'buy', quantity: 10, type: 'LMT', limitPrice: 50 }),
      1: (c) => answers.push(c.modify(1, { limitPrice: 99 })),
      2: (c) => answers.push(c.cancel(1), c.modify(1, { limitPrice: 98 })),
    });
    const result = play(strategy, [flat(100), flat(100), [98, 98, 97, 98]]);
    expect(result.fills).toMatchObject([{ price: 98.01 }]);
    expect(answers).toEqual([true, false, false]);
  });

  test.each([
    [{ ...buy(0) }, 'the quantity 0 is not above zero'],
    [{ ...buy(Number.NaN) }, 'the quantity NaN'],
    [{ ...buy(1), type: 'LMT' as const }, 'needs a limitPrice'],
    [{ ...buy(1), instrument: 3 }, 'instrument 3 does not exist'],
    [{ ...buy(1), type: 'TRAIL' as const, trailAmount: 1, trailPercent: 1 }, 'either a trailAmount'],
  ])('refuses to read %o', (order, message) => {
    expect(() => play(scripted({ 0: (c) => void c.submit(order) }), [flat(100)])).toThrow(message);
  });

  test('what would exceed the leverage is refused and counted, what reduces is not', () => {
    const strategy = scripted({
      0: (c) => void c.submit(buy(2000)),
      1: (c) => void c.submit(buy(900)),
      2: (c) => void c.submit({ ...buy(900), side: 'sell' }),
    });
    const result = play(strategy, [flat(100), flat(100), flat(50), flat(50)]);
    expect(result.refusals).toEqual({ leverage: 1 });
    expect(result.orders.map(({ status }) => status)).toEqual(['refused', 'filled', 'filled']);
  });
});

describe('sessions of minute bars', () => {
  const MINUTE = 60_000;
  const nine = Date.UTC(2018, 0, 2, 14, 30);
  /** The first and last two minutes of two sessions, each at a price of its own. */
  const opens = [nine, nine + MINUTE, nine + 388 * MINUTE, nine + 389 * MINUTE];
  const times = [...opens, ...opens.map((open) => open + 86_400_000)];
  const minutes = (openTimes: readonly number[]): SimulatedInstrument => {
    const daily = dailyBars(openTimes.map((_, i) => flat(100 + i)));
    return spy([], {
      bars: {
        ...daily,
        interval: { unit: 'minute', count: 1 },
        openTime: Float64Array.from(openTimes),
        closeTime: Float64Array.from(openTimes, (open) => open + MINUTE),
      },
    });
  };
  const filledAt = (order: Parameters<StrategyContext['submit']>[0]) =>
    simulate(scripted({ 0: (c) => void c.submit(order) }), [minutes(times)], OPTIONS).fills[0]?.price;

  test('opening orders wait for the first bar of a session, closing ones for its last, others for the next bar', () => {
    expect(filledAt({ ...buy(1), type: 'MOO' })).toBe(104.01);
    expect(filledAt({ ...buy(1), type: 'LOO', limitPrice: 200 })).toBe(104.01);
    expect(filledAt({ ...buy(1), timeInForce: 'OPG' })).toBe(104.01);
    expect(filledAt({ ...buy(1), type: 'MOC' })).toBe(103.01);
    expect(filledAt({ ...buy(1), type: 'LOC', limitPrice: 200 })).toBe(103.01);
    expect(filledAt(buy(1))).toBe(101.01);
  });

  test('a bar outside every session stops the run where an order meets it', () => {
    const night = [nine, nine + 12 * 60 * MINUTE];
    const strategy = scripted({ 0: (c) => void c.submit(buy(1)) });
    expect(() => simulate(strategy, [minutes(night)], OPTIONS)).toThrow('outside every us-equity session');
  });
});

test('an order given while a longer bar is running does not trade in that bar', () => {
  const daily = spy([flat(100), flat(200), flat(300)]);
  const second = daily.bars.openTime[1] ?? Number.NaN;
  const noon = {
    ...dailyBars([flat(10)], 'QQQ'),
    openTime: Float64Array.of(second),
    closeTime: Float64Array.of(second + 60_000),
  };
  const strategy: Strategy = scripted({ 1: (c) => void c.submit(buy(1)) });
  const result = simulate(strategy, [daily, { instrument: instrumentOf('QQQ'), bars: noon }], OPTIONS);
  expect(result.orders).toMatchObject([{ submittedAt: second + 60_000 }]);
  expect(result.fills).toMatchObject([{ price: 300.01 }]);
});

test('the minimum commission is charged once an order, however many executions it has', () => {
  const rows = [flat(100), flat(100, 400), flat(100, 400)];
  const result = play(scripted({ 0: (c) => void c.submit(buy(60)) }), rows, { commission: fixedUsStocks() });
  expect(result.fills.map(({ fee }) => fee)).toEqual([1, 0]);
  expect(result.costs.commission).toBe(1);
});

test('a window of the past is the newest values, oldest first, once there are as many', () => {
  const seen: (number[] | boolean)[] = [];
  const look = (c: StrategyContext) => {
    const out = new Float64Array(2);
    seen.push(c.instruments[0]?.close.window(out) === true && Array.from(out));
  };
  play(scripted({ 0: look, 1: look, 2: look }), [flat(1), flat(2), flat(3)]);
  expect(seen).toEqual([false, [1, 2], [2, 3]]);
});

describe('the account', () => {
  test('orders in several instruments at once cannot together exceed the leverage', () => {
    const rows = [flat(100), flat(100), flat(100)];
    const qqq: SimulatedInstrument = { instrument: instrumentOf('QQQ'), bars: dailyBars(rows), fills: FREE };
    const both = scripted({
      0: (c) => {
        for (const instrument of [0, 1]) c.submit({ instrument, side: 'buy', quantity: 700, type: 'MKT' });
      },
    });
    const result = simulate(both, [spy(rows), qqq], OPTIONS);
    expect(result.fills.map(({ instrument }) => instrument)).toEqual(['SPY']);
    expect(result.refusals).toEqual({ leverage: 1 });
  });

  test('a split keeps value and cost, a dividend is paid on what is held', () => {
    const actions = [
      { kind: 'cash-dividend', instrument: 'SPY', exDate: '2018-01-04', amount: '2', currency: 'USD' },
      { kind: 'split', instrument: 'SPY', exDate: '2018-01-05', newUnits: 2, oldUnits: 1 },
    ] as const;
    const rows = [flat(100), flat(100), flat(100), flat(50)];
    const result = simulate(
      scripted({ 0: (c) => void c.submit(buy(101)) }),
      [spy(rows, { actions })],
      OPTIONS,
    );
    expect(result.marks.equity[3]).toBeCloseTo(100_000 - 1.01 + 202, 6);
    expect(result.trades).toMatchObject([{ quantity: 202, open: true }]);
  });

  test('a delisting ends a long at its final value; at nothing where that is unknown', () => {
    const other = {
      instrument: instrumentOf('QQQ'),
      bars: dailyBars([flat(10), flat(10), flat(10), flat(10)], 'QQQ'),
    };
    const until = (finalValue: string | null) =>
      simulate(
        scripted({ 0: (c) => void c.submit(buy(100)) }),
        [
          spy([flat(100), flat(100)], {
            actions: [{ kind: 'delisting', instrument: 'SPY', exDate: '2018-01-04', finalValue }],
          }),
          other,
        ],
        OPTIONS,
      ).marks.equity.at(-1);
    expect(until('40')).toBeCloseTo(100_000 - 100 * 60.01, 6);
    expect(until(null)).toBeCloseTo(100_000 - 100 * 100.01, 6);
  });

  test('a delisting after the last bar is not played, and said where something is held', () => {
    const held = (orders: boolean) =>
      simulate(
        scripted(orders ? { 0: (c) => void c.submit(buy(100)) } : {}),
        [
          spy([flat(100), flat(100)], {
            actions: [{ kind: 'delisting', instrument: 'SPY', exDate: '2018-02-01', finalValue: '40' }],
          }),
        ],
        OPTIONS,
      );
    expect(held(true).incidents).toEqual([
      expect.objectContaining({
        kind: 'delisting-pending',
        detail: expect.stringContaining(
          'SPY is delisted on 2018-02-01, after the last bar, at 40; 100 units',
        ),
      }),
    ]);
    expect(held(true).trades).toMatchObject([{ open: true, exitPrice: 100 }]);
    expect(held(false).incidents).toEqual([]);
  });

  test('interest on borrowed cash and the fee on borrowed shares', () => {
    const rows = Array.from({ length: 3 }, () => flat(100));
    const short = play(scripted({ 0: (c) => void c.submit({ ...buy(900), side: 'sell' }) }), rows, {
      borrowRate: 0.36,
    });
    expect(short.costs.borrow).toBeCloseTo(90, 6);
    const levered = play(scripted({ 0: (c) => void c.submit(buy(1500)) }), rows, {
      maximumLeverage: 2,
      debitRate: 0.36,
    });
    expect(levered.costs.interest).toBeCloseTo(50.02, 1);
  });

  test('below maintenance margin everything is closed; without equity the strategy is not asked again', () => {
    const rows = [flat(100), flat(100), flat(63), flat(63), flat(63)];
    const called = play(scripted({ 0: (c) => void c.submit(buy(1900)) }), rows, { maximumLeverage: 2 });
    expect(called.incidents).toMatchObject([{ kind: 'liquidation' }]);
    expect(called.marks.grossExposure.at(-1)).toBe(0);
    let asked = 0;
    const counting: Strategy = {
      name: 'counting',
      parameters: {},
      start: () => (c) => {
        asked++;
        if (c.index === 0) c.submit(buy(1900));
      },
    };
    const ruined = play(counting, [flat(100), flat(100), flat(40), flat(40), flat(40)], {
      maximumLeverage: 2,
    });
    expect(ruined.incidents).toMatchObject([{ kind: 'ruin' }]);
    expect(asked).toBe(2);
  });

  test('two currencies: converted by the bars of the pair or a given rate; an unknown rate is a fault that names it', () => {
    const euro = { ...instrumentOf('EFA'), currency: 'EUR' };
    const one: SimulatedInstrument = {
      instrument: euro,
      bars: dailyBars([flat(100), flat(100)], 'EFA'),
      fills: FREE,
    };
    const pair: SimulatedInstrument = {
      instrument: instrumentOf('EUR.USD'),
      bars: dailyBars([flat(1.1), flat(1.2)], 'EUR.USD'),
    };
    const strategy = scripted({ 0: (c) => void c.submit(buy(100)) });
    const paired = simulate(strategy, [one, pair], OPTIONS);
    expect(paired.marks.equity[1]).toBeCloseTo(100_000 - 1.2, 6);
    expect(paired.cashByCurrency).toMatchObject({ EUR: -10_001 });
    expect(simulate(strategy, [one], { ...OPTIONS, rates: { EUR: 1.5 } }).marks.equity[1]).toBeCloseTo(
      99_998.5,
      6,
    );
    expect(() => simulate(strategy, [one], OPTIONS)).toThrow('no rate from EUR to USD');
  });

  test('instruments with missing bars are marked at their last close', () => {
    const whole = {
      instrument: instrumentOf('QQQ'),
      bars: dailyBars([flat(10), flat(11), flat(12)], 'QQQ'),
      fills: FREE,
    };
    const late = spy([flat(100)], { bars: dailyBars([flat(100)], 'SPY', '2018-01-04') });
    const result = simulate(buyAndHold(0.5), [whole, late], OPTIONS);
    expect(result.marks.time.length).toBe(3);
    expect(result.fills).toMatchObject([{ instrument: 'QQQ', price: 11.01 }]);
  });
});

describe('bad input', () => {
  test.each([
    [[[100, Number.NaN, 99, 100]], 'high NaN'],
    [[[0, 1, 0, 1]], 'prices above zero'],
    [[[100, 90, 80, 85]], 'low ≤ open'],
    [[[100, 100, 100, 100, -1]], 'the volume -1'],
    [[], 'has no bars'],
  ] as [PriceRow[], string][])('%j is refused', (rows, message) => {
    expect(() => play(buyAndHold(), rows)).toThrow(message);
  });

  test('unsorted and duplicate times, and unusable options', () => {
    const bars = dailyBars([flat(1), flat(1)]);
    bars.openTime[1] = bars.openTime[0] as number;
    expect(() => simulate(buyAndHold(), [spy([], { bars })], OPTIONS)).toThrow('must be sorted');
    expect(() => play(buyAndHold(), [flat(1)], { cash: 0 })).toThrow('cash 0 is not above zero');
    expect(() => play(buyAndHold(), [flat(1)], { debitRate: Number.NaN })).toThrow('debitRate NaN');
    expect(() => simulate(buyAndHold(), [], OPTIONS)).toThrow('no instruments');
  });
});

test('foresight is bounded by capacity: a tenth of the volume a bar, both ways', () => {
  const rows = Array.from(
    { length: 40 },
    (_, i): PriceRow => (i % 2 === 0 ? flat(100, 1000) : flat(110, 1000)),
  );
  const strategy: Strategy = {
    name: 'foresight',
    parameters: {},
    start: () => (c) => {
      // Knows that even bars are cheap: buys for them, sells for odd ones, as much as it can pay.
      const held = c.position(0);
      if (c.index % 2 === 1) c.submit({ ...buy(500), timeInForce: 'IOC' });
      else if (held > 0) c.submit({ ...buy(held), side: 'sell', timeInForce: 'IOC' });
    },
  };
  const result = play(strategy, rows);
  expect(result.marks.equity.at(-1)).toBeGreaterThan(100_000);
  expect(result.marks.equity.at(-1)).toBeLessThanOrEqual(100_000 + 20 * 100 * 10);
});
