import { describe, expect, it } from 'vitest';
import { rollingBeta, rollingSharpe, rollingVolatility } from '#core/analytics/performance/rolling.ts';

const returns = Float64Array.of(0.01, -0.02, 0.03, 0.01, 0.01, 0.01);
const times = Float64Array.of(1, 2, 3, 4, 5, 6);

/** numpy: std of each three values with ddof=1, mean over it; times sqrt(252). */
describe('rolling figures', () => {
  it('have a point for each whole window, at the time its last return ends', () => {
    const points = rollingVolatility(times, returns, 252, 3);
    expect(points.map(({ time }) => time)).toEqual([3, 4, 5, 6]);
    expect(points[0]?.figure).toEqual({
      kind: 'value',
      value: expect.closeTo(0.025166114784235832 * Math.sqrt(252), 12),
    });
  });
  it('stay undefined where a window has no spread', () => {
    const points = rollingSharpe(times, returns, 0, 252, 3);
    expect(points[0]?.figure).toEqual({
      kind: 'value',
      value: expect.closeTo((0.02 / 3 / 0.025166114784235832) * Math.sqrt(252), 12),
    });
    expect(points[3]?.figure).toEqual({ kind: 'undefined', reason: 'the returns are constant' });
  });
  it('measure beta against the benchmark of the same days', () => {
    const benchmark = returns.map((move) => move / 2);
    const points = rollingBeta(times, { account: returns, benchmark }, 3);
    expect(points[1]?.figure).toEqual({ kind: 'value', value: expect.closeTo(2, 12) });
    expect(points[3]?.figure.kind).toBe('undefined');
  });
  it('are none below one window, and refuse a window that is none', () => {
    expect(rollingSharpe(times, returns, 0, 252, 7)).toEqual([]);
    expect(() => rollingSharpe(times, returns, 0, 252, 1)).toThrow('a window of 1 returns');
  });
});
