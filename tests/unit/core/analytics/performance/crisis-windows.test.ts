import { describe, expect, it } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { CRISIS_WINDOWS, crisisReturns } from '#core/analytics/performance/crisis-windows.ts';

const { series } = packagedBars('SPX');
const curve = { time: series.closeTime, equity: series.close };
const between = (from: string, to: string) => {
  const kept = Array.from(curve.time.keys()).filter((index) => {
    const date = new Date(curve.time[index]!).toISOString().slice(0, 10);
    return date >= from && date <= to;
  });
  return {
    time: Float64Array.from(kept, (index) => curve.time[index]!),
    equity: Float64Array.from(kept, (index) => curve.equity[index]!),
  };
};

describe('crisis windows', () => {
  it('show the falls of the S&P 500 as its published closes give them', () => {
    const closes = [
      [1527.46, 776.76],
      [1565.15, 676.53],
      [1165.87, 1110.88],
      [2102.44, 1867.61],
      [2872.87, 2581.0],
      [3386.15, 2237.4],
    ] as const;
    expect(crisisReturns(curve).map(({ return: move }) => move)).toEqual(
      closes.map(([before, after]) => expect.closeTo(after / before - 1, 9)),
    );
    for (const { return: move, maximumDrawdown } of crisisReturns(curve))
      expect(maximumDrawdown).toBeCloseTo(-move, 9);
  });
  it('are left out where the curve does not hold the whole of them', () => {
    const names = (from: string, to: string) => crisisReturns(between(from, to)).map((crisis) => crisis.from);
    expect(names('2007-10-09', '2009-03-09')).toEqual(['2007-10-09']);
    expect(names('2007-10-10', '2009-03-09')).toEqual([]);
    expect(names('2007-10-09', '2009-03-06')).toEqual([]);
    expect(crisisReturns({ time: new Float64Array(), equity: new Float64Array() })).toEqual([]);
  });
  it('are in order of time and all of them cover what the packaged index saw and saw not', () => {
    const starts = CRISIS_WINDOWS.map(({ from }) => from);
    expect(starts).toEqual(starts.toSorted());
    expect(starts.at(-1)).toBe('2025-04-02');
  });
});
