import { describe, expect, it } from 'vitest';
import { linearAxis, logarithmicAxis, timeTicks } from '#local/report/scale.ts';

const labels = (ticks: readonly { readonly label: string }[]) => ticks.map(({ label }) => label);
const at = (date: string) => Date.parse(`${date}T00:00Z`);

describe('a linear axis', () => {
  it('has round marks around its values, the highest on top', () => {
    const { scale, ticks } = linearAxis(48_000, 229_000, String);
    expect(labels(ticks)).toEqual(['0', '50000', '100000', '150000', '200000', '250000']);
    expect(scale(250_000)).toBe(0);
    expect(scale(0)).toBe(1000);
    expect(ticks[1]?.at).toBe(800);
  });
  it('has room where all values are the same', () => {
    const { scale, ticks } = linearAxis(7, 7, String);
    expect(ticks.length).toBeGreaterThan(1);
    expect(scale(7)).toBeGreaterThan(0);
    expect(scale(7)).toBeLessThan(1000);
  });
});

describe('a logarithmic axis', () => {
  it('marks 1, 2 and 5 of each power of ten where that is enough', () => {
    const { scale, ticks } = logarithmicAxis(90, 30_000, String);
    expect(labels(ticks)).toEqual(['100', '200', '500', '1000', '2000', '5000', '10000', '20000']);
    expect(scale(1_000) - scale(10_000)).toBeCloseTo(scale(100) - scale(1_000), 9);
  });
  it('marks finer where the values are close', () => {
    expect(logarithmicAxis(95, 210, String).ticks.length).toBeGreaterThanOrEqual(3);
  });
});

describe('marks of time', () => {
  it.each([
    [
      '2000-01-03',
      '2020-04-17',
      ['2002', '2004', '2006', '2008', '2010', '2012', '2014', '2016', '2018', '2020'],
    ],
    ['2018-01-02', '2018-12-31', ['Mar 2018', 'May 2018', 'Jul 2018', 'Sep 2018', 'Nov 2018']],
    ['2018-02-01', '2018-02-07', ['1 Feb', '2 Feb', '3 Feb', '4 Feb', '5 Feb', '6 Feb', '7 Feb']],
  ])('from %s to %s are readable', (from, to, expected) => {
    const ticks = timeTicks(at(from), at(to));
    expect(labels(ticks)).toEqual(expected);
    for (const tick of ticks) expect(tick.at >= 0 && tick.at <= 1000).toBe(true);
  });
  it('of an instant do not fail', () => {
    expect(timeTicks(at('2018-02-01'), at('2018-02-01')).length).toBeLessThanOrEqual(1);
  });
});
