import { describe, expect, it } from 'vitest';
import {
  drawdowns,
  longestDrawdown,
  maximumDrawdown,
  ulcerIndex,
  underwater,
  worstDrawdowns,
} from '#core/analytics/performance/drawdowns.ts';

const curve = (...equity: number[]) => ({
  time: Float64Array.from(equity, (_, index) => index),
  equity: Float64Array.from(equity),
});

describe('drawdowns', () => {
  it('run from the last mark at the peak to the first that reaches it again', () => {
    expect(drawdowns(curve(90, 100, 100, 80, 75, 90, 100, 110, 99))).toEqual([
      { depth: 0.25, peakTime: 2, troughTime: 4, recoveryTime: 6, duration: 4 },
      { depth: 0.1, peakTime: 7, troughTime: 8, recoveryTime: undefined, duration: 1 },
    ]);
  });
  it('rank by depth and by duration apart', () => {
    const marks = curve(100, 50, 100, 99, 98, 99, 100);
    expect(maximumDrawdown(marks)?.peakTime).toBe(0);
    expect(longestDrawdown(marks)?.peakTime).toBe(2);
    expect(worstDrawdowns(marks, 5).map(({ depth }) => depth)).toEqual([0.5, 0.02]);
  });
  it('do not exist where equity never falls', () => {
    expect(maximumDrawdown(curve(1, 1, 2))).toBeUndefined();
    expect(longestDrawdown(curve())).toBeUndefined();
  });
  it('are zero under water at each new high, and the ulcer index is their root mean square', () => {
    expect(Array.from(underwater(Float64Array.of(100, 80, 100, 40)))).toEqual([0, 0.2, 0, 0.6]);
    expect(ulcerIndex(Float64Array.of(100, 80, 100, 40))).toEqual({
      kind: 'value',
      value: expect.closeTo(Math.sqrt(0.1), 12),
    });
    expect(ulcerIndex(new Float64Array())).toEqual({ kind: 'undefined', reason: 'there are no marks' });
  });
});
