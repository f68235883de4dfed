import { describe, expect, it } from 'vitest';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { dailyBars } from '../../../../support/simulated-bars.ts';

const DAY = 86_400_000;
const curveOf = (equity: readonly number[], step = DAY) => ({
  time: Float64Array.from(equity, (_, index) => Date.UTC(2018, 0, 2, 21) + index * step),
  equity: Float64Array.from(equity),
});

/** Every number anywhere in a value, to find what JSON would turn into null. */
function numbersIn(item: unknown): number[] {
  if (typeof item === 'number') return [item];
  if (typeof item !== 'object' || item === null) return [];
  return Object.values(item).flatMap(numbersIn);
}

describe('the summary of a result', () => {
  it('of marks alone says what is not known', () => {
    const summary = summarisePerformance({ marks: curveOf([100, 110, 99, 120]) }, undefined);
    expect(summary).toMatchObject({
      currency: null,
      span: { from: '2018-01-02', to: '2018-01-05', marks: 4, days: 4 },
      equity: { start: { value: 100 }, final: { value: 120 } },
      trades: null,
      exposure: null,
      costs: null,
      capacity: null,
      relative: null,
      turnover: { kind: 'undefined', reason: 'the fills are not known' },
      returns: {
        total: { value: expect.closeTo(0.2, 12) },
        annual: { kind: 'undefined', reason: 'the marks span less than a month' },
        bestDay: { date: '2018-01-05', return: expect.closeTo(120 / 99 - 1, 12) },
        worstDay: { date: '2018-01-04', return: expect.closeTo(-0.1, 12) },
        positiveDays: { value: expect.closeTo(2 / 3, 12) },
      },
      drawdown: {
        limit: 0.05,
        beyondLimit: { value: 0.25 },
        maximum: { value: expect.closeTo(0.1, 12) },
        worst: [{ peak: '2018-01-03', trough: '2018-01-04', recovery: '2018-01-05', days: 2 }],
      },
      rolling: { window: 252, months: [] },
    });
  });
  it('of nothing, of one mark and of a ruin holds no number that is none', () => {
    for (const equity of [[], [100], [100, 100], [100, 50, 0], [100, 50, -3], Array(300).fill(7)]) {
      const summary = summarisePerformance(
        { marks: curveOf(equity), trades: [], fills: [] },
        curveOf(equity),
      );
      expect(numbersIn(summary).filter((number) => !Number.isFinite(number))).toEqual([]);
      expect(JSON.stringify(summary)).not.toContain('NaN');
    }
  });
  it('of a simulation measures exposure, costs, trades and capacity too, against the benchmark', () => {
    const bars = dailyBars(
      Array.from({ length: 300 }, (_, index) => {
        const price = 100 + 10 * Math.sin(index / 20) + index / 10;
        return [price, price + 1, price - 1, price, 1_000_000] as const;
      }),
    );
    const market = [{ instrument: instrumentOf('SPY'), bars }];
    const result = simulate(buyAndHold(0.5), market, { cash: 100_000 });
    const whole = simulate(buyAndHold(), market, { cash: 100_000 });
    const summary = summarisePerformance(result, whole.marks, { bars: [bars], window: 100, worst: 3 });
    expect(summary.currency).toBe('USD');
    expect(summary.trades).toMatchObject({ open: 1, closed: 0 });
    expect(summary.exposure?.timeInMarket).toEqual({ kind: 'value', value: 299 / 300 });
    expect(summary.costs?.total).toBeGreaterThan(0);
    expect(summary.capacity?.trades).toBe(1);
    expect(summary.drawdown.worst).toHaveLength(3);
    const { beta, correlation } = summary.relative!;
    expect(beta.kind === 'value' && beta.value).toBeGreaterThan(0.4);
    expect(beta.kind === 'value' && beta.value).toBeLessThan(0.6);
    expect(correlation.kind === 'value' && correlation.value).toBeGreaterThan(0.98);
    expect(summary.rolling.window).toBe(100);
    const months = summary.rolling.months.map(({ date }) => date.slice(0, 7));
    expect(new Set(months).size).toBe(months.length);
    expect(summary.rolling.months.every(({ sharpe, beta: slope }) => sharpe !== null && slope !== null)).toBe(
      true,
    );
    expect(numbersIn(summary).every(Number.isFinite)).toBe(true);
  });
  it('takes returns from the last mark of each day, drawdowns from every mark', () => {
    const hourly = curveOf([100, 100, 80, 100, 100, 100, 100, 100], 6 * 3_600_000);
    const { drawdown, returns, span } = summarisePerformance({ marks: hourly }, undefined);
    expect(span).toMatchObject({ marks: 8, days: 3 });
    expect(drawdown.maximum).toEqual({ kind: 'value', value: expect.closeTo(0.2, 12) });
    expect(returns.worstDay?.return).toBe(0);
  });
});
