import { describe, expect, it } from 'vitest';
import {
  annualVolatility,
  averageTrueRange,
  averageVolume,
  correlation,
  drawdownFromHigh,
  logReturns,
  mean,
  median,
  percentileRank,
  realizedVolatility,
  returnOver,
  standardDeviation,
} from '#core/agents/bar-statistics.ts';
import { combineSignals, statedConfidence } from '#core/agents/stated-confidence.ts';
import { barSeries } from '#core/market/bars.ts';

const closes = (...values: number[]) => Float64Array.from(values);

describe('bar statistics', () => {
  it('average true range is seeded with the plain mean and then smoothed by Wilder', () => {
    const rows = [
      [10, 10, 10],
      [12, 10, 11],
      [12, 11, 12],
      [16, 13, 15],
      [15, 12, 12],
    ].map(([high, low, close], at) => ({
      openTime: at,
      closeTime: at + 1,
      open: close as number,
      high: high as number,
      low: low as number,
      close: close as number,
      volume: at,
    }));
    const bars = barSeries('A', { unit: 'session' }, rows);
    // True ranges 2, 1, 4 (16 − 12, from the close before), 3: seed (2 + 1) / 2, then (1.5 + 4) / 2, (2.75 + 3) / 2.
    expect(averageTrueRange(bars, 2)).toBeCloseTo(2.875, 12);
    expect(averageTrueRange(bars, 5)).toBeUndefined();
    expect(averageVolume(bars, 2)).toBe(3.5);
    expect(averageVolume(bars, 6)).toBeUndefined();
  });

  it('volatility is the sample deviation of log returns, annualised by √252', () => {
    const series = closes(100, 101, 99, 102);
    const returns = [...logReturns(series)];
    expect(annualVolatility(series, 3)).toBeCloseTo(
      (standardDeviation(returns) as number) * Math.sqrt(252),
      12,
    );
    expect(annualVolatility(series, 4)).toBeUndefined();
  });

  it('realised volatility counts a steady fall as a disturbance', () => {
    const falling = closes(...Array.from({ length: 6 }, (_, at) => Math.exp(-0.03 * at)));
    expect([...(realizedVolatility(falling, 3, 2) ?? [])]).toEqual([
      expect.closeTo(0.03, 12),
      expect.closeTo(0.03, 12),
    ]);
    expect(realizedVolatility(falling, 3, 4)).toBeUndefined();
  });

  it('is undefined, not zero or infinite, where it has no meaning', () => {
    expect([mean([]), standardDeviation([1]), median([]), percentileRank([], 1)]).toEqual(
      new Array(4).fill(undefined),
    );
    expect(correlation([1, 1, 1], [1, 2, 3])).toBeUndefined();
    expect(correlation([1, 2], [1, 2])).toBeUndefined();
    expect(returnOver(closes(0, 1), 1)).toBeUndefined();
    expect(drawdownFromHigh(closes(), 5)).toBeUndefined();
    expect(logReturns(closes(1, -1, 1))).toEqual(closes(Number.NaN, Number.NaN));
  });

  it('median, rank, correlation, drawdown', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect([percentileRank([1, 2, 3], 3), percentileRank([5, 5], 5)]).toEqual([2.5 / 3, 0.5]);
    expect(correlation([1, 2, 3], [-2, -4, -6])).toBe(-1);
    expect(drawdownFromHigh(closes(50, 100, 80), 2)).toBeCloseTo(0.2, 12);
    expect(drawdownFromHigh(closes(200, 100, 80), 2)).toBeCloseTo(0.2, 12);
  });
});

describe('stated confidence', () => {
  it('leaves out signals that are undefined instead of counting them as neutral', () => {
    const combined = combineSignals([
      { name: 'a', score: 0.8, weight: 0.6 },
      { name: 'b', score: null, weight: 0.4 },
    ]);
    expect(combined).toEqual({ direction: expect.closeTo(0.8), agreement: expect.closeTo(1), coverage: 0.6 });
  });

  it('is a coin where signals cancel or none is defined', () => {
    const split = combineSignals([
      { name: 'a', score: 0.8, weight: 0.5 },
      { name: 'b', score: -0.8, weight: 0.5 },
    ]);
    expect(statedConfidence(split, 1)).toBe(0.5);
    expect(statedConfidence(combineSignals([]), 1)).toBe(0.5);
  });

  it('is 0.5 + 0.15 × agreement × |direction| × coverage, never above the quality of the data', () => {
    expect(statedConfidence({ direction: -0.5, agreement: 0.8, coverage: 0.9 }, 1)).toBeCloseTo(0.554, 12);
    expect(statedConfidence({ direction: -1, agreement: 1, coverage: 1 }, 0.6)).toBe(0.6);
  });
});
