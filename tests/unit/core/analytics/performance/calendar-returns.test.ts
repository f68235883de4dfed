import { describe, expect, it } from 'vitest';
import { monthlyReturns, yearlyReturns } from '#core/analytics/performance/calendar-returns.ts';

const curve = (marks: readonly (readonly [string, number])[]) => ({
  time: Float64Array.from(marks, ([at]) => Date.parse(at)),
  equity: Float64Array.from(marks, ([, equity]) => equity),
});
const of = (period: string, move: number) => ({ period, return: expect.closeTo(move, 12) });

describe('calendar returns', () => {
  const marks = curve([
    ['2019-11-15T21:00Z', 100],
    ['2019-11-29T18:00Z', 110],
    ['2019-12-31T21:00Z', 99],
    ['2020-02-03T21:00Z', 198],
    ['2020-02-04T21:00Z', 99],
  ]);
  it('run from the last mark of the month before; a month without marks moves into the next', () => {
    expect(monthlyReturns(marks)).toEqual([of('2019-11', 0.1), of('2019-12', -0.1), of('2020-02', 0)]);
    expect(yearlyReturns(marks)).toEqual([of('2019', -0.01), of('2020', 0)]);
  });
  it('go by the date in New York, not in Greenwich', () => {
    const late = curve([
      ['2020-01-31T21:00Z', 100],
      ['2020-02-01T02:00Z', 120],
      ['2020-02-03T21:00Z', 150],
    ]);
    expect(monthlyReturns(late)).toEqual([of('2020-02', 0.25)]);
  });
  it('are none without two days', () => {
    expect(monthlyReturns(curve([]))).toEqual([]);
    expect(yearlyReturns(curve([['2020-01-31T21:00Z', 1]]))).toEqual([]);
  });
});
