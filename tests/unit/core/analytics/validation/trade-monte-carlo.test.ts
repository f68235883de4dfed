import { describe, expect, test } from 'vitest';
import { monteCarloOfTrades, tradeReturns } from '#core/analytics/validation/trade-monte-carlo.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { withoutCommission } from '#core/simulation/engine/commission-columns.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { dailyBars, scripted } from '../../../../support/simulated-bars.ts';

const SETTINGS = { method: 'bootstrap', paths: 4_000, seed: 3, ruinAt: 0.5, drawdownLimit: 0.05 } as const;
const measured = (
  returns: readonly number[],
  settings: Partial<Parameters<typeof monteCarloOfTrades>[1]> = {},
) => {
  const paths = monteCarloOfTrades(Float64Array.from(returns), { ...SETTINGS, ...settings });
  if (paths.kind === 'undefined') throw new Error(paths.reason);
  return paths;
};

describe('Monte Carlo of trades', () => {
  test('reshuffled trades end where they ended, with other drawdowns', () => {
    const returns = [0.2, -0.1, 0.05, -0.08, 0.3, -0.02];
    const end = returns.reduce((equity, item) => equity * (1 + item), 1);
    const { endMultiple, maximumDrawdown } = measured(returns, { method: 'reshuffle' });
    expect(endMultiple.p1).toBeCloseTo(end, 12);
    expect(endMultiple.p99).toBeCloseTo(end, 12);
    // All losses in a row, and each alone.
    expect(maximumDrawdown.p99).toBeCloseTo(1 - 0.9 * 0.92 * 0.98, 12);
    expect(maximumDrawdown.p1).toBeCloseTo(0.1, 12);
  });

  test('ruin of two trades that win or lose is that of the four possible pairs', () => {
    // A loss first halves the account at once; a loss after a win leaves 0.55.
    const { ruinProbability, endMultiple } = measured([-0.5, 0.1]);
    expect(ruinProbability).toBeCloseTo(0.5, 1);
    expect(endMultiple.p99).toBeCloseTo(1.21, 12);
    expect(endMultiple.mean).toBeCloseTo((1.21 + 0.55 + 0.5 + 0.5) / 4, 1);
  });

  test('a limit is breached by whoever loses as much or more from a high', () => {
    // Of the four possible pairs one loses twice, 19 %, and three lose at least once.
    expect(measured([-0.1, 0.2], { drawdownLimit: 0.15 }).breachProbability).toBeCloseTo(0.25, 1);
    expect(measured([-0.1, 0.2], { drawdownLimit: 0.09 }).breachProbability).toBeCloseTo(0.75, 1);
    expect(measured([-0.1, 0.2], { drawdownLimit: 0.2 }).breachProbability).toBe(0);
  });

  test('a trade that loses everything ruins whoever draws it, and nothing comes back', () => {
    const { ruinProbability, endMultiple } = measured([-1, 5], { ruinAt: 0 });
    expect(ruinProbability).toBeCloseTo(0.75, 1);
    expect(endMultiple.p50).toBe(0);
    expect(measured([-1.4, 5], { ruinAt: 0 }).endMultiple.p1).toBe(0);
  });

  test('the same seed gives the same paths, another seed others', () => {
    const returns = [0.2, -0.1, 0.05, -0.08];
    expect(measured(returns)).toEqual(measured(returns));
    expect(measured(returns, { seed: 4 })).not.toEqual(measured(returns));
  });

  test('fewer than two trades are undefined, unusable settings faults', () => {
    expect(monteCarloOfTrades(Float64Array.of(0.1), SETTINGS)).toEqual({
      kind: 'undefined',
      reason: '1 closed trades; at least 2 are needed',
    });
    expect(() => measured([0.1, Number.NaN])).toThrow('trade return NaN at 1');
    expect(() => measured([0.1, 0.1], { paths: 0 })).toThrow('paths 0');
    expect(() => measured([0.1, 0.1], { ruinAt: 1 })).toThrow('ruin at 1');
    expect(() => measured([0.1, 0.1], { drawdownLimit: 0 })).toThrow('a drawdown limit of 0');
  });
});

describe('returns of trades', () => {
  test('are the profit over the equity before the entry, closed trades only', () => {
    const trade = (side: 'buy' | 'sell', quantity: number) => ({ side, quantity, type: 'MKT' }) as const;
    const result = simulate(
      scripted({
        0: (c) => void c.submit(trade('buy', 100)),
        1: (c) => void c.submit(trade('sell', 100)),
        2: (c) => void c.submit(trade('buy', 100)),
        3: (c) => void c.submit(trade('sell', 100)),
        4: (c) => void c.submit(trade('buy', 1)),
      }),
      [
        {
          instrument: instrumentOf('SPY'),
          bars: dailyBars([100, 100, 110, 120, 90, 90].map((price) => [price, price, price, price])),
          fills: { spread: 0, slippage: 0, impact: 0 },
        },
      ],
      { cash: 100_000, commission: withoutCommission },
    );
    const [first = Number.NaN, second = Number.NaN, ...more] = tradeReturns(result);
    expect(more).toEqual([]);
    expect(first).toBeCloseTo(998 / 100_000, 8);
    expect(second).toBeCloseTo(-3_002 / 100_998, 8);
    const late = {
      ...result,
      marks: { ...result.marks, time: result.marks.time.map((time) => time + 1e12) },
    };
    expect(() => tradeReturns(late)).toThrow('no mark before it');
  });
});
