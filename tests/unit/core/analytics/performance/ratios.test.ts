import { describe, expect, it } from 'vitest';
import {
  dailyCurve,
  InvalidEquityError,
  logarithmicReturns,
  periodsPerYear,
  simpleReturns,
} from '#core/analytics/performance/equity-curve.ts';
import { excessKurtosis, skewness } from '#core/analytics/performance/moments.ts';
import {
  annualVolatility,
  calmarRatio,
  compoundAnnualGrowth,
  excessReturns,
  omegaRatio,
  sharpeRatio,
  sortinoRatio,
  totalReturn,
} from '#core/analytics/performance/ratios.ts';
import type { Figure } from '#core/analytics/series.ts';

const DAY = 86_400_000;
const START = Date.UTC(2018, 0, 2, 21);
const daily = (equity: readonly number[], step = DAY) => ({
  time: Float64Array.from(equity, (_, index) => START + index * step),
  equity: Float64Array.from(equity),
});
const numberOf = (figure: Figure): number => (figure.kind === 'value' ? figure.value : Number.NaN);
const RETURNS = Float64Array.of(0.02, -0.01, 0.03, -0.02, 0.01);

describe('returns', () => {
  it('are ratios of neighbouring marks', () => {
    expect(Array.from(simpleReturns(Float64Array.of(100, 110, 99)))).toEqual([
      expect.closeTo(0.1, 12),
      expect.closeTo(-0.1, 12),
    ]);
    expect(Array.from(logarithmicReturns(Float64Array.of(1, Math.E)))).toEqual([expect.closeTo(1, 12)]);
  });
  it('have no logarithm where equity reaches zero', () => {
    expect(() => logarithmicReturns(Float64Array.of(100, 0))).toThrow('equity 0 of mark 1 has no log return');
  });
  it('take the last mark of each New York date, not of each UTC date', () => {
    // given 23:00 and 01:00 UTC, which are 18:00 and 20:00 of one evening in New York
    const time = Float64Array.of(Date.UTC(2018, 0, 2, 23), Date.UTC(2018, 0, 3, 1), Date.UTC(2018, 0, 3, 21));
    const { equity } = dailyCurve({ time, equity: Float64Array.of(1, 2, 3) });
    expect(Array.from(equity)).toEqual([2, 3]);
  });
  it('are annualised by the spacing of the marks', () => {
    expect(periodsPerYear(daily([1, 2, 3]).time)).toBeCloseTo(365.25, 9);
    expect(periodsPerYear(daily([1, 2, 3], 7 * DAY).time)).toBeCloseTo(365.25 / 7, 9);
    expect(periodsPerYear(daily([1]).time)).toBe(0);
  });
});

describe('marks that cannot be measured', () => {
  it.each([
    ['equity NaN of mark 1 is not finite', daily([1, Number.NaN, 2])],
    ['equity Infinity of mark 0 is not finite', daily([Number.POSITIVE_INFINITY, 2])],
    ['equity 0 of mark 1 is not above zero', daily([1, 0, 2])],
    ['of mark 1 is not after', daily([1, 2], 0)],
    ['of mark 1 is not after', daily([1, 2], -DAY)],
    ['time NaN of mark 0 is not finite', { time: Float64Array.of(Number.NaN), equity: Float64Array.of(1) }],
    ['1 times for 2 equity marks', { time: Float64Array.of(1), equity: Float64Array.of(1, 2) }],
  ])('are refused: %s', (message, curve) => {
    expect(() => dailyCurve(curve)).toThrow(InvalidEquityError);
    expect(() => dailyCurve(curve)).toThrow(message);
  });
  it('do not include a ruin at the very end', () => {
    expect(dailyCurve(daily([1, 0])).equity).toHaveLength(2);
  });
});

describe('ratios', () => {
  it('agree with a computation by hand', () => {
    // mean 0.006; squares of deviations 0.00172; downside squares 0.0005
    const deviation = Math.sqrt(0.00172 / 4);
    expect(numberOf(annualVolatility(RETURNS, 252))).toBeCloseTo(deviation * Math.sqrt(252), 12);
    expect(numberOf(sharpeRatio(RETURNS, 0, 252))).toBeCloseTo((0.006 / deviation) * Math.sqrt(252), 10);
    expect(numberOf(sortinoRatio(RETURNS, 0, 252))).toBeCloseTo(0.6 * Math.sqrt(252), 10);
    expect(numberOf(omegaRatio(RETURNS))).toBeCloseTo(2, 12);
  });
  it('bring the risk-free rate to a period geometrically', () => {
    const each = 1.05 ** (1 / 252) - 1;
    expect(excessReturns(Float64Array.of(0.01), 0.05, 252)[0]).toBeCloseTo(0.01 - each, 15);
    expect(numberOf(sharpeRatio(RETURNS, 0.05, 252))).toBeCloseTo(
      ((0.006 - each) / Math.sqrt(0.00172 / 4)) * Math.sqrt(252),
      10,
    );
    expect(() => excessReturns(RETURNS, -1, 252)).toThrow('risk-free rate -1 is not above -1');
    expect(() => excessReturns(RETURNS, 0, 0)).toThrow('0 returns a year');
  });
  it('compound growth over years of 365.25 days', () => {
    const curve = daily([100, 90, 121], 365.25 * DAY);
    expect(numberOf(totalReturn(curve.equity))).toBeCloseTo(0.21, 12);
    expect(numberOf(compoundAnnualGrowth(curve))).toBeCloseTo(0.1, 12);
    expect(numberOf(calmarRatio(curve))).toBeCloseTo(1, 12);
  });
  it('state skewness and excess kurtosis without correction', () => {
    // deviations −1, −1, −1, 3: m2 = 3, m3 = 6, m4 = 21
    const sample = Float64Array.of(0, 0, 0, 4);
    expect(numberOf(skewness(sample))).toBeCloseTo(6 / 3 ** 1.5, 12);
    expect(numberOf(excessKurtosis(sample))).toBeCloseTo(21 / 9 - 3, 12);
  });
  it.each<[string, Figure, string]>([
    ['constant returns', sharpeRatio(Float64Array.of(0.01, 0.01), 0, 252), 'the returns are constant'],
    ['one return', sharpeRatio(Float64Array.of(0.01), 0, 252), '1 returns; at least 2 are needed'],
    ['no loss', sortinoRatio(Float64Array.of(0.01, 0.02), 0, 252), 'no return is below the risk-free rate'],
    ['one return', sortinoRatio(Float64Array.of(0.01), 0, 252), '1 returns; at least 2 are needed'],
    ['one return', annualVolatility(Float64Array.of(0.01), 252), '1 returns; at least 2 are needed'],
    ['no return', omegaRatio(new Float64Array()), 'there are no returns'],
    ['no shortfall', omegaRatio(Float64Array.of(0.1)), 'no return is below the threshold'],
    ['a week', compoundAnnualGrowth(daily([1, 2], 7 * DAY)), 'the marks span less than a month'],
    ['one mark', compoundAnnualGrowth(daily([1])), '1 marks; at least 2 are needed'],
    ['one mark', calmarRatio(daily([1])), '1 marks; at least 2 are needed'],
    ['one mark', totalReturn(Float64Array.of(1)), '1 marks; at least 2 are needed'],
    ['ruin', compoundAnnualGrowth(daily([1, 0], 400 * DAY)), 'equity ended at or below zero'],
    ['no fall', calmarRatio(daily([1, 2], 400 * DAY)), 'there is no drawdown'],
    ['constant', skewness(Float64Array.of(1, 1)), 'the returns are constant'],
    ['constant', excessKurtosis(Float64Array.of(1, 1)), 'the returns are constant'],
  ])('stay undefined on %s', (_, figure, reason) => {
    expect(figure).toEqual({ kind: 'undefined', reason });
  });
});
