import { describe, expect, test } from 'vitest';
import { sliceBars } from '#core/market/bars.ts';
import { newYorkDate, sessionsBetween } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { DEFAULT_RISK_POLICY, type RiskPolicy } from '#core/risk/policy.ts';
import { withoutCommission } from '#core/simulation/engine/commission-columns.ts';
import type { OrderRequest } from '#core/simulation/engine/order.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { type StrategyContext, submitBracket } from '#core/simulation/engine/strategy.ts';
import { dailyBars, type PriceRow, scripted } from '../../../../support/simulated-bars.ts';

/** Bars before the first decision: the gate needs a history to say what an order costs. */
const WARM = 22;
const quiet = (count: number): PriceRow[] =>
  Array.from({ length: count }, (_, i) => flat(i % 2 === 0 ? 100 : 100.1));
const flat = (price: number, volume = 1_000_000): PriceRow => [price, price, price, price, volume];
const entry = (quantity: number, more: Partial<OrderRequest> = {}): OrderRequest => ({
  side: 'buy',
  quantity,
  type: 'MKT',
  protectiveStop: 50,
  probabilityOfProfit: 0.7,
  ...more,
});
const sell = (quantity: number): OrderRequest => ({ side: 'sell', quantity, type: 'MKT' });

const play = (
  steps: Readonly<Record<number, (context: StrategyContext) => void>>,
  later: readonly PriceRow[],
  policy: Partial<RiskPolicy> = {},
) =>
  simulate(
    scripted(Object.fromEntries(Object.entries(steps).map(([at, step]) => [Number(at) + WARM - 1, step]))),
    [
      {
        instrument: instrumentOf('SPY'),
        bars: dailyBars([...quiet(WARM), ...later]),
        fills: { spread: 0, slippage: 0, impact: 0 },
      },
    ],
    { cash: 100_000, commission: withoutCommission, risk: { ...DEFAULT_RISK_POLICY, ...policy } },
  );

describe('the gate', () => {
  test.each([
    ['protective-stop', { protectiveStop: undefined }],
    ['protective-stop', { protectiveStop: 120 }],
    ['probability-of-profit', { probabilityOfProfit: undefined }],
    ['probability-of-profit', { probabilityOfProfit: 0.5 }],
    ['position', { quantity: 290 }],
    ['sector', { quantity: 240 }],
    ['leverage', { quantity: 2_300 }],
    ['price-collar', { type: 'LMT', limitPrice: 90 }],
    ['tick', { protectiveStop: 50.005 }],
    ['order-type', { type: 'MOO' }],
    ['short-sale', { side: 'sell', protectiveStop: 120 }],
  ] as const)('refuses by %s as it does live', (limit, change) => {
    const result = play({ 0: (c) => void c.submit({ ...entry(100), ...(change as object) }) }, [flat(100)]);
    expect(result.refusals).toEqual({ [limit]: 1 });
    expect(result.fills).toEqual([]);
    expect(result.orders[0]).toMatchObject({ status: 'refused', reason: limit });
  });

  test('refuses by slippage where there is no history yet, and lets the same order pass later', () => {
    const result = play({ [-2]: (c) => void c.submit(entry(100)), 0: (c) => void c.submit(entry(100)) }, [
      flat(100),
      flat(100),
    ]);
    expect(result.refusals).toEqual({ slippage: 1 });
    expect(result.fills).toMatchObject([{ quantity: 100 }]);
  });

  test('sees what it has reserved: a second entry in the same instrument waits for the first to end', () => {
    const result = play(
      {
        0: (c) => {
          const first = c.submit(entry(100, { type: 'LMT', limitPrice: 97 }));
          c.submit(entry(50));
          c.cancel(first);
          c.submit(entry(60));
        },
      },
      [flat(100), flat(100)],
    );
    expect(result.refusals).toEqual({ 'single-entry': 1 });
    expect(result.fills).toMatchObject([{ quantity: 60 }]);
  });

  test('places the protective stop with the entry, and nobody can withdraw or loosen it', () => {
    const outcomes: boolean[] = [];
    const result = play(
      {
        0: (c) => void c.submit(entry(100, { protectiveStop: 95 })),
        1: (c) =>
          void outcomes.push(c.cancel(2), c.modify(2, { stopPrice: 94 }), c.modify(2, { quantity: 50 })),
        2: (c) => void outcomes.push(c.modify(2, { stopPrice: 98 })),
      },
      [flat(100), flat(100), [100, 100, 97, 99]],
    );
    expect(outcomes).toEqual([false, false, false, true]);
    expect(result.refusals).toEqual({ 'stop-direction': 1, 'order-change': 1 });
    expect(result.fills).toMatchObject([
      { side: 'buy', quantity: 100 },
      { side: 'sell', quantity: 100, price: 97.99 },
    ]);
  });

  test('an exit closes what is held once, and never turns it round', () => {
    const result = play(
      {
        0: (c) => void c.submit(entry(100)),
        1: (c) => {
          c.submit(sell(150));
          c.submit(sell(60));
          c.submit(sell(60));
          c.submit(sell(40));
        },
      },
      [flat(100), flat(100), flat(100), flat(40)],
    );
    expect(result.refusals).toEqual({ 'reduce-only': 2 });
    expect(result.fills.map(({ side, quantity }) => [side, quantity])).toEqual([
      ['buy', 100],
      ['sell', 60],
      ['sell', 40],
    ]);
    expect(result.orders.at(1)).toMatchObject({ type: 'STP', status: 'cancelled' });
  });

  test("a bracket's target works beside the stop of its layer and leaves with it", () => {
    const bracket = (c: StrategyContext) =>
      void submitBracket(c, { side: 'buy', quantity: 100, type: 'MKT', probabilityOfProfit: 0.7 }, 110, 95);
    const won = play({ 0: bracket }, [flat(100), [108, 112, 107, 111], flat(90)]);
    expect(won.fills).toMatchObject([{ quantity: 100 }, { side: 'sell', price: 110 }]);
    const lost = play({ 0: bracket }, [flat(100), [100, 112, 90, 100], flat(112)]);
    expect(lost.fills).toMatchObject([{ quantity: 100 }, { side: 'sell', price: 94.99 }]);
  });

  test('a child in another group than the stop could sell its layer twice, and is refused', () => {
    const result = play(
      {
        0: (c) => {
          const id = c.submit(entry(100));
          c.submit({ ...sell(100), type: 'LMT', limitPrice: 110, parent: id, group: 7 });
        },
      },
      [flat(100)],
    );
    expect(result.refusals).toEqual({ 'reduce-only': 1 });
  });
});

describe('the breakers', () => {
  const falling = (prices: readonly number[]) =>
    play(
      {
        0: (c) => void c.submit(entry(200)),
        5: (c) => void c.submit(entry(10, { protectiveStop: 10 })),
      },
      [flat(100), ...prices.map((price) => flat(price)), flat(60), flat(60), flat(60)],
    );

  test('warn, reduce and halt in turn, each once, as the account falls below its high', () => {
    const { incidents } = falling([84, 79, 74]);
    expect(incidents.map(({ kind }) => kind)).toEqual(['drawdown-warning', 'reducing', 'halted']);
    expect(incidents[2]?.detail).toContain('the limit is 5.00 %');
  });

  test('a halt closes everything at the next open, and nothing is opened again', () => {
    const result = falling([74]);
    expect(result.incidents.map(({ kind }) => kind)).toEqual(['halted']);
    expect(result.fills.map(({ side, quantity, price }) => [side, quantity, price])).toEqual([
      ['buy', 200, 100.01],
      ['sell', 200, 59.99],
    ]);
    expect(result.refusals).toEqual({ 'kill-switch': 1 });
    expect(result.marks.grossExposure.at(-1)).toBe(0);
  });

  test('reduce-only takes back what has not filled, and leaves the stops', () => {
    const result = play(
      {
        0: (c) => void c.submit(entry(200, { protectiveStop: 75 })),
        2: (c) => void c.submit({ ...sell(200), type: 'LMT', limitPrice: 99 }),
      },
      [flat(100), flat(84), flat(79), [76, 77, 70, 72], flat(72)],
    );
    expect(result.incidents.map(({ kind }) => kind)).toContain('reducing');
    expect(result.orders.map(({ type, status }) => [type, status])).toEqual([
      ['MKT', 'filled'],
      ['STP', 'filled'],
      ['LMT', 'cancelled'],
    ]);
    expect(result.orders[2]?.reason).toContain('only reductions are allowed');
  });

  test('a simulated person resumes after so many sessions, after which the strategy may open again', () => {
    const play = (resumeAfter: number | null) =>
      simulate(
        scripted({
          [WARM - 1]: (c) => void c.submit(entry(200)),
          [WARM + 8]: (c) => void c.submit(entry(100)),
        }),
        [
          {
            instrument: instrumentOf('SPY'),
            bars: dailyBars([...quiet(WARM), flat(100), ...Array(12).fill(flat(74))]),
          },
        ],
        { cash: 100_000, risk: DEFAULT_RISK_POLICY, resumeAfter },
      );
    const kinds = ({ incidents }: ReturnType<typeof play>) => incidents.map(({ kind }) => kind);
    expect(kinds(play(null))).toEqual(['halted']);
    expect(play(null).refusals).toEqual({ 'kill-switch': 1 });

    const resumed = play(3);
    expect(kinds(resumed)).toEqual(['halted', 'resumed']);
    const [halted, anew] = resumed.incidents.map(({ time }) => resumed.marks.time.indexOf(time));
    // Halted at a close; the next session is the first, and at the close before the third the book is flat.
    expect((anew ?? 0) - (halted ?? 0)).toBe(2);
    expect(resumed.refusals).toEqual({});
    expect(resumed.marks.grossExposure.at(-1)).toBe(100 * 74);

    const early = play(1).incidents.map(({ time }) => resumed.marks.time.indexOf(time));
    expect((early[1] ?? 0) - (early[0] ?? 0)).toBe(1);
  });

  test('without a policy the same strategy rides down unhindered', () => {
    const free = simulate(
      scripted({ [WARM - 1]: (c) => void c.submit(entry(200, { protectiveStop: 10 })) }),
      [{ instrument: instrumentOf('SPY'), bars: dailyBars([...quiet(WARM), flat(100), flat(74), flat(60)]) }],
      { cash: 100_000 },
    );
    expect(free.incidents).toEqual([]);
    expect(free.marks.grossExposure.at(-1)).toBe(200 * 60);
  });
});

describe('pyramiding', () => {
  const plan = { maxLayers: 3, stepR: 1, sizeFactor: 0.5, trailR: 1 };
  const rising = [100, 106, 106, 112, 112, 112].map((price) => flat(price));

  test('adds smaller layers to a winner and raises every stop behind the newest', () => {
    const result = play({ 0: (c) => void c.submit(entry(100, { protectiveStop: 95, pyramiding: plan })) }, [
      ...rising,
      flat(116),
      [112, 112, 100, 101],
      flat(101),
    ]);
    const buys = result.fills.filter(({ side }) => side === 'buy');
    expect(buys.map(({ quantity }) => quantity)).toEqual([100, 50, 25]);
    const sales = result.fills.filter(({ side }) => side === 'sell');
    expect(sales.map(({ quantity }) => quantity).sort((a, b) => b - a)).toEqual([100, 50, 25]);
    for (const { price } of sales) expect(price).toBeGreaterThan(106);
    expect(result.marks.grossExposure.at(-1)).toBe(0);
  });

  test('an exit of the whole position closes every layer', () => {
    const result = play(
      {
        0: (c) => void c.submit(entry(100, { protectiveStop: 95, pyramiding: plan })),
        7: (c) => void c.submit(sell(c.position(0))),
      },
      [...rising, flat(112), flat(112)],
    );
    expect(result.refusals).toEqual({});
    expect(result.marks.grossExposure.at(-1)).toBe(0);
    expect(result.fills.filter(({ side }) => side === 'sell')).toHaveLength(3);
  });

  test('asks for a refused layer once a session, and again in the next', () => {
    const sessions = sessionsBetween('us-equity', '2018-01-02', '2018-01-03');
    const openTimes = sessions.flatMap(({ open }) =>
      Array.from({ length: 390 }, (_, i) => open + i * 60_000),
    );
    // Too much for the sector with the layer that 1,000 units a minute allow, not with that of 200 towards the close.
    const rows = openTimes.map((_, i): PriceRow => {
      const volume = i < 350 ? 10_000 : 200;
      return i < 40 ? (quiet(40)[i] as PriceRow) : flat(Math.min(106, 100 + (i - 40) / 20), volume);
    });
    const bars = {
      ...dailyBars(rows),
      interval: { unit: 'minute' as const, count: 1 },
      openTime: Float64Array.from(openTimes),
      closeTime: Float64Array.from(openTimes, (open) => open + 60_000),
    };
    const run = (length: number) =>
      simulate(
        scripted({ 30: (c) => void c.submit(entry(200, { protectiveStop: 95, pyramiding: plan })) }),
        [
          {
            instrument: instrumentOf('SPY'),
            bars: sliceBars(bars, 0, length),
            fills: { spread: 0, slippage: 0, impact: 0 },
          },
        ],
        { cash: 100_000, commission: withoutCommission, risk: DEFAULT_RISK_POLICY },
      );
    expect(run(390).refusals).toEqual({ sector: 1 });
    const whole = run(780);
    expect(whole.refusals).toEqual({ sector: 1 });
    const [, layer, ...more] = whole.fills;
    expect([layer?.quantity, newYorkDate(layer?.time ?? 0), more]).toEqual([20, '2018-01-03', []]);
  });

  test('adds nothing to a loser', () => {
    const result = play({ 0: (c) => void c.submit(entry(100, { protectiveStop: 50, pyramiding: plan })) }, [
      flat(100),
      flat(98),
      flat(96),
    ]);
    expect(result.fills).toHaveLength(1);
  });
});

describe('what cannot be run', () => {
  test('a policy above the hard ceiling', () => {
    expect(() => play({}, [flat(100)], { drawdown: { ...DEFAULT_RISK_POLICY.drawdown, halt: 0.2 } })).toThrow(
      'above the hard ceiling',
    );
  });

  test.each([
    [{ risk: null, resumeAfter: 3 }, 'resumeAfter 3 needs a risk policy'],
    [{ risk: DEFAULT_RISK_POLICY, resumeAfter: 0 }, 'resumeAfter 0 is not a whole number of sessions'],
    [{ risk: DEFAULT_RISK_POLICY, resumeAfter: 1.5 }, 'resumeAfter 1.5 is not a whole number of sessions'],
  ])('whoever resumes nothing, or at no session: %j', (changes, problem) => {
    const spy = { instrument: instrumentOf('SPY'), bars: dailyBars([flat(100)]) };
    expect(() => simulate(scripted({}), [spy], { cash: 100_000, ...changes })).toThrow(problem);
  });

  test('a split, which would leave a layer without its stop', () => {
    expect(() =>
      simulate(
        scripted({}),
        [
          {
            instrument: instrumentOf('SPY'),
            bars: dailyBars(quiet(3)),
            actions: [{ kind: 'split', instrument: 'SPY', exDate: '2018-01-03', newUnits: 2, oldUnits: 1 }],
          },
        ],
        { cash: 1_000, risk: DEFAULT_RISK_POLICY },
      ),
    ).toThrow('give split-adjusted bars');
  });

  test('a stop or a probability that is none', () => {
    expect(() => play({ 0: (c) => void c.submit(entry(1, { protectiveStop: -1 })) }, [flat(100)])).toThrow(
      'the protectiveStop -1 is not above zero',
    );
    expect(() => play({ 0: (c) => void c.submit(entry(1, { probabilityOfProfit: 2 })) }, [flat(1)])).toThrow(
      'the probabilityOfProfit 2 is not between 0 and 1',
    );
  });
});
