import { describe, expect, test } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { momentumRotation } from '#core/simulation/strategies/momentum-rotation.ts';
import { smaCross } from '#core/simulation/strategies/sma-cross.ts';
import { openPrice, tieredFee } from '../../../../support/documented-costs.ts';

const instrument = instrumentOf('SPX-PROXY');
const { series } = packagedBars('SPX-PROXY');
const between = (from: string, to: string): BarSeries => {
  const dates = Array.from(series.closeTime, newYorkDate);
  return sliceBars(
    series,
    dates.findIndex((date) => date >= from),
    dates.findLastIndex((date) => date <= to) + 1,
  );
};

test('the default backtest, recomputed from the bars by other code', () => {
  const result = simulate(smaCross(), [{ instrument, bars: series }], { cash: 100_000 });
  const mean = (i: number, count: number) =>
    series.close.slice(i + 1 - count, i + 1).reduce((sum, close) => sum + close, 0) / count;
  let cash = 100_000;
  let held = 0;
  let order = 0;
  let fills = 0;
  series.close.forEach((close, i) => {
    if (order !== 0) {
      const size = Math.abs(order);
      const paid = openPrice(series, i, size, order > 0 ? 1 : -1);
      cash -= order * paid + tieredFee(size, paid, order < 0);
      held += order;
      order = 0;
      fills++;
    }
    const equity = cash + held * close;
    expect(result.marks.equity[i]).toBeCloseTo(equity, 4);
    if (i < 49) return;
    const above = mean(i, 20) > mean(i, 50);
    if (above && held === 0) order = Math.floor((equity * 0.98) / close);
    if (!above && held > 0) order = -held;
  });
  expect(result.fills.length).toBe(fills);
  expect(fills).toBeGreaterThan(50);
});

describe.each([
  ['the fall of the technology shares', '2000-01-03', '2002-12-31'],
  ['the financial crisis', '2008-01-02', '2009-06-30'],
  ['the flash crash', '2010-04-01', '2010-06-30'],
  ['24 August 2015', '2015-07-01', '2015-10-30'],
  ['the volatility shock', '2018-01-02', '2018-03-29'],
  ['the pandemic', '2020-01-02', '2020-04-17'],
])('%s', (_, from, to) => {
  const bars = between(from, to);

  test('buy-and-hold conserves money and its drawdown is that of an independent computation', () => {
    const { marks, fills, trades } = simulate(buyAndHold(), [{ instrument, bars }], { cash: 1_000_000 });
    const spent = fills.reduce((sum, { price, quantity, fee }) => sum + price * quantity + fee, 0);
    const held = fills.reduce((sum, { quantity }) => sum + quantity, 0);
    expect(marks.equity.at(-1)).toBeCloseTo(1_000_000 - spent + held * (bars.close.at(-1) ?? 0), 4);
    expect(trades).toMatchObject([{ open: true, quantity: held }]);
    let worst = 0;
    for (let i = 0; i < marks.equity.length; i++)
      for (let j = 0; j <= i; j++)
        worst = Math.max(worst, 1 - (marks.equity[i] ?? 0) / Math.max(1_000_000, marks.equity[j] ?? 0));
    expect(Math.max(...marks.drawdown)).toBeCloseTo(worst, 12);
    expect(worst).toBeGreaterThan(0.05);
  });

  test('every stop fills at its price or worse, at the open where the market gapped through it', () => {
    const stops = new Map<number, number>();
    const result = simulate(
      {
        name: 'stopped',
        parameters: {},
        start: () => (c) => {
          if (c.workingOrders(0) > 0) return;
          const close = c.instruments[0]?.close.at(0) ?? Number.NaN;
          const stop = Math.round(close * 99) / 100;
          const held = c.position(0);
          if (held === 0) c.submit({ side: 'buy', quantity: 10, type: 'MKT' });
          else stops.set(c.submit({ side: 'sell', quantity: held, type: 'STP', stopPrice: stop }), stop);
        },
      },
      [{ instrument, bars }],
      { cash: 1_000_000 },
    );
    const stopped = result.fills.filter(({ orderId }) => stops.has(orderId));
    expect(stopped.length).toBeGreaterThan(1);
    for (const { orderId, price, time } of stopped) {
      const open = bars.open[bars.closeTime.indexOf(time)] ?? Number.NaN;
      expect(price).toBeLessThan(Math.min(open, stops.get(orderId) ?? Number.NaN));
    }
  });
});

test('momentum rotation holds the strongest rising instrument and is the same twice', () => {
  const apple = packagedBars('AAPL');
  const bars = between('2013-05-13', '2018-05-11');
  const run = () =>
    simulate(
      momentumRotation(),
      [
        { instrument, bars },
        { instrument: instrumentOf('AAPL'), bars: apple.series, actions: apple.actions },
      ],
      { cash: 1_000_000 },
    );
  const result = run();
  expect(new Set(result.fills.map(({ instrument: id }) => id))).toEqual(new Set(['AAPL', 'SPX-PROXY']));
  expect(run().marks.equity).toEqual(result.marks.equity);
  expect(result.refusals).toEqual({});
});
