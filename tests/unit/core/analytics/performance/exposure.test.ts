import { describe, expect, it } from 'vitest';
import { annualTurnover, exposureFigures } from '#core/analytics/performance/exposure.ts';
import type { SimulatedFill } from '#core/simulation/simulation-result.ts';

const value = (number: number) => ({ kind: 'value', value: expect.closeTo(number, 12) });
const YEAR = 365.25 * 86_400_000;
const marks = (equity: number[], gross: number[], net: number[]) => ({
  time: Float64Array.from(equity, (_, index) => index * YEAR),
  equity: Float64Array.from(equity),
  grossExposure: Float64Array.from(gross),
  netExposure: Float64Array.from(net),
});
const fill = (side: 'buy' | 'sell', worth: number): SimulatedFill => ({
  time: 0,
  orderId: 1,
  instrument: 'AAPL',
  side,
  quantity: 1,
  price: 1,
  value: worth,
  fee: 0,
});

describe('exposure', () => {
  it('is the mean over all marks as a fraction of the equity, shorts against longs', () => {
    expect(exposureFigures(marks([100, 200, 400], [0, 300, 200], [0, -100, 200]))).toEqual({
      averageGross: value((0 + 1.5 + 0.5) / 3),
      averageNet: value((0 - 0.5 + 0.5) / 3),
      highestGross: value(1.5),
      timeInMarket: value(2 / 3),
    });
  });
  it('leaves out a last mark at zero, of which nothing is a fraction', () => {
    expect(exposureFigures(marks([100, 0], [50, 80], [50, 80]))).toEqual({
      averageGross: value(0.5),
      averageNet: value(0.5),
      highestGross: value(0.5),
      timeInMarket: value(1),
    });
  });
  it('is undefined without marks', () => {
    expect(exposureFigures(marks([], [], [])).averageGross.kind).toBe('undefined');
    expect(exposureFigures(marks([], [], [])).timeInMarket).toEqual({
      kind: 'undefined',
      reason: 'there are no marks',
    });
  });
});

describe('turnover a year', () => {
  it('is half of what was bought and sold over the mean equity and the years', () => {
    const curve = marks([100, 300, 200], [0, 0, 0], [0, 0, 0]);
    expect(annualTurnover(curve, [fill('buy', 600), fill('sell', 200)])).toEqual(value(800 / 2 / 200 / 2));
  });
  it('is zero where nothing was traded, undefined where no time passed', () => {
    expect(annualTurnover(marks([100, 100], [0, 0], [0, 0]), [])).toEqual(value(0));
    expect(annualTurnover(marks([100], [0], [0]), [fill('buy', 100)]).kind).toBe('undefined');
  });
});
