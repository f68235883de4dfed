import { describe, expect, it } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { judgePlausibility } from '#core/analytics/performance/plausibility.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import type { Trade } from '#core/simulation/simulation-result.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { smaCross } from '#core/simulation/strategies/sma-cross.ts';
import { seededRandom } from '#core/values/random.ts';

const DAY = 86_400_000;
const curveOf = (returns: readonly number[], step = DAY) => {
  const equity = [100];
  for (const item of returns) equity.push(equity.at(-1)! * (1 + item));
  return {
    time: Float64Array.from(equity, (_, index) => Date.UTC(2010, 0, 4, 21) + index * step),
    equity: Float64Array.from(equity),
  };
};
const kinds = (judged: ReturnType<typeof judgePlausibility>) =>
  judged.kind === 'plausible' ? [] : judged.causes.map(({ kind }) => kind);
const alternating = (count: number, up: number, down: number) =>
  Array.from({ length: count }, (_, index) => (index % 2 === 0 ? up : down));
const trade = (profit: number): Trade => ({
  instrument: 'AAPL' as Trade['instrument'],
  direction: 'long',
  entryTime: 0,
  exitTime: 1,
  quantity: 1,
  entryPrice: 1,
  exitPrice: 1,
  profit,
  fees: 0,
  bars: 1,
  maximumAdverse: 0,
  maximumFavourable: 0,
  open: false,
});
const SOBER = alternating(730, 0.0115, -0.0105);

describe('the plausibility gate', () => {
  it('lets a sober result through', () => {
    expect(judgePlausibility(curveOf(SOBER), [trade(2), trade(-1)])).toEqual({ kind: 'plausible' });
  });
  it('names growth above 100 % a year', () => {
    expect(kinds(judgePlausibility(curveOf(alternating(730, 0.02, -0.0155))))).toEqual(['growth']);
  });
  it('names a daily Sharpe ratio above 3', () => {
    expect(kinds(judgePlausibility(curveOf(alternating(730, 0.012, -0.0085))))).toEqual([
      'sharpe',
      'drawdown',
    ]);
  });
  it('below a year names a Sharpe ratio only where it is above 3 with 95 % confidence', () => {
    // Ratios of 8.2: the standard error is 3.7 over 30 days and 2.0 over 100.
    const moves = alternating(100, 0.02, -0.008);
    expect(kinds(judgePlausibility(curveOf(moves.slice(0, 30))))).toEqual([]);
    expect(kinds(judgePlausibility(curveOf(moves)))).toEqual(['sharpe']);
  });
  it('below a year names a return above 100 %, not one that would be as much a year', () => {
    expect(kinds(judgePlausibility(curveOf([0.5, -0.1, 0.4, -0.05])))).toEqual([]);
    const judged = judgePlausibility(curveOf([0.5, -0.1, 0.4, 0.1]));
    expect(judged).toMatchObject({
      causes: [
        {
          kind: 'growth',
          measured: expect.closeTo(1.079, 9),
          text: expect.stringContaining('in less than a year'),
        },
      ],
    });
  });
  it('names a profit factor above 5', () => {
    const judged = judgePlausibility(curveOf(SOBER), [trade(5.01), trade(-1)]);
    expect(judged).toEqual({
      kind: 'implausible',
      causes: [
        { kind: 'profit-factor', measured: 5.01, bound: 5, text: 'the profit factor is 5.01, above 5' },
      ],
    });
    expect(kinds(judgePlausibility(curveOf(SOBER), [trade(5), trade(-1)]))).toEqual([]);
  });
  it('names more than a thousandfold', () => {
    expect(kinds(judgePlausibility(curveOf(alternating(9000, 0.08, -0.0725))))).toContain('multiple');
  });
  it('names one bar above 5 % of the profit that gained more than twice what any bar lost', () => {
    expect(kinds(judgePlausibility(curveOf([...SOBER, 0.05])))).toEqual(['one-bar']);
    expect(kinds(judgePlausibility(curveOf([...SOBER, 0.05, -0.024])))).toEqual(['one-bar']);
    expect(kinds(judgePlausibility(curveOf([...SOBER, 0.05, -0.026])))).toEqual([]);
  });
  it('names no single bar below a year, nor where there is no profit', () => {
    expect(kinds(judgePlausibility(curveOf([0.01, 0.012, -0.001, 0.05])))).toEqual([]);
    expect(kinds(judgePlausibility(curveOf([...alternating(730, 0.01, -0.0105), 0.05])))).toEqual([]);
  });
  it('names a drawdown below 1 % over a year, a flat curve included', () => {
    const random = seededRandom(7);
    const calm = Array.from({ length: 400 }, () => (random.next() - 0.45) * 0.002);
    expect(kinds(judgePlausibility(curveOf(calm)))).toContain('drawdown');
    expect(kinds(judgePlausibility(curveOf(Array.from({ length: 400 }, () => 0))))).toEqual(['drawdown']);
    expect(kinds(judgePlausibility(curveOf(Array.from({ length: 300 }, () => 0))))).toEqual([]);
  });
  it('says nothing of no marks', () => {
    expect(judgePlausibility({ time: new Float64Array(), equity: new Float64Array() })).toEqual({
      kind: 'plausible',
    });
  });
});

describe('the plausibility gate on strategies over 20 years of the S&P 500', () => {
  const bars = packagedBars('SPX-PROXY').series;
  const judge = (strategy: Parameters<typeof simulate>[0]) => {
    const { marks, trades } = simulate(strategy, [{ instrument: instrumentOf('SPX-PROXY'), bars }], {
      cash: 100_000,
    });
    return judgePlausibility(marks, trades);
  };

  it('lets what holds or follows the trend through', () => {
    expect(judge(buyAndHold())).toEqual({ kind: 'plausible' });
    expect(judge(smaCross())).toEqual({ kind: 'plausible' });
  });
  it('catches a strategy that knows the next bar, the costs paid', () => {
    const judged = judge({
      name: 'peek',
      parameters: {},
      start: () => (context) => {
        const next = context.index + 1;
        const rises = bars.close[next]! > bars.open[next]!;
        const held = context.position(0);
        if (rises && held === 0)
          context.submit({
            side: 'buy',
            quantity: Math.floor((context.equity * 0.9) / bars.close[next - 1]!),
            type: 'MKT',
          });
        if (!rises && held > 0) context.submit({ side: 'sell', quantity: held, type: 'MKT' });
      },
    });
    expect(kinds(judged)).toEqual(expect.arrayContaining(['sharpe', 'profit-factor']));
  });
});
