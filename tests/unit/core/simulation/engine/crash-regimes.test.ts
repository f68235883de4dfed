import { describe, expect, test } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { SimulationOptions } from '#core/simulation/engine/options.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import { builtInStrategy } from '#core/simulation/strategies/catalog.ts';
import { detectLookAhead } from '#core/simulation/validation/look-ahead.ts';

const instrument = instrumentOf('SPX-PROXY');
const { series } = packagedBars('SPX-PROXY');
const dates = Array.from(series.closeTime, newYorkDate);
const between = (from: string, to: string): BarSeries =>
  sliceBars(
    series,
    dates.findIndex((date) => date >= from),
    dates.findLastIndex((date) => date <= to) + 1,
  );
const play = (strategy: Strategy, bars: BarSeries, options: Partial<SimulationOptions> = {}) =>
  simulate(strategy, [{ instrument, bars }], { cash: 1_000_000, ...options });

/** Each with its worst day, close to close. */
const REGIMES = [
  { name: 'the fall of the technology shares', from: '2000-01-03', to: '2002-12-31', day: '2000-04-14' },
  { name: 'the financial crisis', from: '2008-01-02', to: '2009-06-30', day: '2008-10-15' },
  { name: 'the flash crash', from: '2010-04-01', to: '2010-06-30', day: '2010-05-20' },
  { name: '24 August 2015', from: '2015-07-01', to: '2015-10-30', day: '2015-08-24' },
  { name: 'the volatility shock', from: '2018-01-02', to: '2018-03-29', day: '2018-02-05' },
  { name: 'the pandemic', from: '2020-01-02', to: '2020-04-17', day: '2020-03-16' },
] as const;

/** Holds as much as leverage allows from the first day on and does nothing else. */
const allIn = (side: 'buy' | 'sell', part: number): Strategy => ({
  name: 'all-in',
  parameters: { part },
  start: () => (c) => {
    const close = c.instruments[0]?.close.at(0) ?? Number.NaN;
    if (c.index === 0) c.submit({ side, quantity: Math.floor((c.equity * part) / close), type: 'MKT' });
  },
});

describe.each(REGIMES)('$name', ({ from, to, day }) => {
  const bars = between(from, to);

  test('the worst day is in the bars and in the account', () => {
    const { marks } = play(builtInStrategy('buy-and-hold'), bars);
    const falls = (column: Float64Array) =>
      column.map((item, i) => (i === 0 ? 0 : item / (column[i - 1] ?? Number.NaN) - 1));
    const market = falls(bars.close);
    const account = falls(marks.equity);
    const worst = market.indexOf(Math.min(...market));
    expect(newYorkDate(bars.closeTime[worst] ?? 0)).toBe(day);
    expect(account.indexOf(Math.min(...account))).toBe(worst);
    // 98 % of the equity is in the market at first; the cash that is left only dampens.
    expect(account[worst]).toBeGreaterThan((market[worst] ?? 0) * 1.0001);
    expect(account[worst]).toBeLessThan((market[worst] ?? 0) * 0.95);
  });

  test.each(['sma-cross', 'momentum-rotation'] as const)('%s keeps its books and its limits', (name) => {
    const parameters = name === 'sma-cross' ? { fast: 5, slow: 20 } : { lookback: 20, every: 5 };
    const strategy = builtInStrategy(name, parameters);
    const { marks, fills, costs, incidents } = play(strategy, bars);
    const flows = fills.reduce(
      (sum, { side, quantity, price, fee }) => sum + (side === 'buy' ? -1 : 1) * quantity * price - fee,
      1_000_000,
    );
    expect(fills.length).toBeGreaterThan(1);
    expect(marks.cash.at(-1)).toBeCloseTo(flows - costs.interest, 4);
    for (let i = 0; i < marks.equity.length; i++) {
      expect(marks.equity[i]).toBeCloseTo((marks.cash[i] ?? 0) + (marks.netExposure[i] ?? 0), 4);
      expect(marks.grossExposure[i]).toBeLessThan((marks.equity[i] ?? 0) * 1.05);
    }
    expect(incidents).toEqual([]);
    expect(
      detectLookAhead(() => strategy, [{ instrument, bars }], { cash: 1_000_000 }, { cuts: 4 }),
    ).toMatchObject({ kind: 'clean' });
  });

  test('whoever holds three and a half times the equity is sold out at the open after the margin call, with a loss', () => {
    const { marks, incidents, fills, orders } = play(allIn('buy', 3.5), bars, { maximumLeverage: 4 });
    expect(incidents[0]?.kind).toBe('liquidation');
    const sold = fills.find(({ side }) => side === 'sell');
    const called = bars.closeTime.indexOf(incidents[0]?.time ?? 0);
    expect(bars.closeTime.indexOf(sold?.time ?? 0)).toBe(called + 1);
    expect(sold?.price).toBeLessThan(bars.open[called + 1] ?? Number.NaN);
    expect(marks.grossExposure.at(-1)).toBe(0);
    expect(marks.equity.at(-1)).toBeGreaterThan(0);
    expect(marks.equity.at(-1)).toBeLessThan(900_000);
    expect(orders.every(({ status }) => status === 'filled')).toBe(true);
  });
});
