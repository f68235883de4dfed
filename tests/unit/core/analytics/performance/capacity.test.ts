import { describe, expect, it } from 'vitest';
import { capacityFigures } from '#core/analytics/performance/capacity.ts';
import type { SimulatedFill, Trade } from '#core/simulation/simulation-result.ts';
import { dailyBars } from '../../../../support/simulated-bars.ts';

const value = (number: number) => ({ kind: 'value', value: expect.closeTo(number, 9) });
/** Thirty days of 1,000 units, the last ten of 2,000; a range of 2 %. */
const bars = dailyBars(
  Array.from({ length: 30 }, (_, index) => [100, 101, 99, 100, index < 20 ? 1_000 : 2_000] as const),
);
const curve = {
  time: bars.closeTime,
  equity: Float64Array.from({ length: 30 }, (_, index) => 10_000 + 100 * index),
};
const trade = (exit: number, quantity: number, open = false): Trade => ({
  instrument: 'SPY',
  direction: 'long',
  entryTime: bars.closeTime[1]!,
  exitTime: open ? Number.NaN : bars.closeTime[exit]!,
  quantity,
  entryPrice: 100,
  exitPrice: 100,
  profit: 0,
  fees: 0,
  bars: 1,
  maximumAdverse: 0,
  maximumFavourable: 0,
  open,
});
const fill = (index: number, quantity: number): SimulatedFill => ({
  time: bars.closeTime[index]!,
  orderId: 1,
  instrument: 'SPY',
  side: 'buy',
  quantity,
  price: 100,
  value: quantity * 100,
  fee: 0,
});

describe('capacity', () => {
  it('counts the days to leave a position at 10 % of the mean volume of the 20 sessions to its exit', () => {
    const { trades, medianDays, longestDays, participationCapital } = capacityFigures(
      curve,
      [trade(4, 50), trade(29, 300), trade(10, 200, true)],
      [],
      [bars],
    );
    expect(trades).toBe(3);
    expect(medianDays).toEqual(value(200 / 150));
    expect(longestDays).toEqual(value(300 / (0.1 * 1_500)));
    expect(participationCapital).toEqual(value(12_900 / 2));
  });
  it('adds the square-root impact of the fills of each day, and finds the capital at which it is half of the growth', () => {
    const figures = capacityFigures(curve, [], [fill(3, 30), fill(3, 10), fill(25, 80)], [bars]);
    const years = (bars.closeTime[29]! - bars.closeTime[0]!) / (365.25 * 86_400_000);
    const range = Math.log(101 / 99) / Math.sqrt(4 * Math.log(2));
    const impact =
      ((4_000 / 10_300) * range * Math.sqrt(0.04) + (8_000 / 12_500) * range * Math.sqrt(0.04)) / years;
    expect(figures.annualImpact).toEqual(value(impact));
    const growth = 1.29 ** (1 / years) - 1;
    const capital = 11_450 * (growth / 2 / impact) ** 2;
    expect(figures.impactCapital).toEqual({ kind: 'value', value: expect.closeTo(capital, 0) });
  });
  it('is undefined with a reason where there is no volume, no fill or no growth', () => {
    const silent = { ...bars, volume: bars.volume.map(() => Number.NaN) };
    const none = capacityFigures(curve, [trade(4, 50)], [fill(3, 30)], [silent]);
    expect(none).toEqual({
      trades: 0,
      medianDays: { kind: 'undefined', reason: 'no trade is in an instrument with volumes' },
      longestDays: { kind: 'undefined', reason: 'no trade is in an instrument with volumes' },
      participationCapital: { kind: 'undefined', reason: 'no trade is in an instrument with volumes' },
      annualImpact: { kind: 'undefined', reason: 'no fill is in an instrument with volumes' },
      impactCapital: { kind: 'undefined', reason: 'no fill is in an instrument with volumes' },
    });
    const falling = { ...curve, equity: curve.equity.toReversed() };
    expect(capacityFigures(falling, [], [fill(3, 30)], [bars]).impactCapital).toEqual({
      kind: 'undefined',
      reason: 'there is no growth that impact could eat',
    });
  });
  it('takes the bars inside a day together', () => {
    const first = bars.closeTime[0]!;
    const minutes = {
      ...bars,
      length: 2,
      closeTime: Float64Array.of(first - 60_000, first),
      high: Float64Array.of(101, 100),
      low: Float64Array.of(100, 99),
      volume: Float64Array.of(400, 600),
    };
    const whole = capacityFigures(curve, [trade(0, 50)], [fill(0, 40)], [minutes]);
    expect(whole.longestDays).toEqual(value(0.5));
    expect(whole).toEqual(capacityFigures(curve, [trade(0, 50)], [fill(0, 40)], [bars]));
  });
});
