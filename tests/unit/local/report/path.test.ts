import { describe, expect, it } from 'vitest';
import { areaPath, linePath, place, thinned } from '#local/report/path.ts';

const same = (value: number) => value;

describe('lines', () => {
  it('break where a value is missing', () => {
    expect(linePath({ time: [0, 1, 2, 3], values: [1, 2, null, 4] }, same, same)).toBe('M0 1L1 2M3 4');
  });
  it('close their area on its level', () => {
    expect(areaPath({ time: [0, 1], values: [5, 7] }, same, same, 2)).toBe('M0 2L0 5L1 7L1 2Z');
    expect(areaPath({ time: [], values: [] }, same, same, 2)).toBe('');
  });
  it('refuse what is no place', () => {
    expect(() => place(Number.NaN)).toThrow('NaN is no place in a plot');
  });
});

describe('thinning', () => {
  it('leaves few points as they are', () => {
    const points = { time: [1, 2], values: [1, 2] };
    expect(thinned(points)).toEqual(points);
  });
  it('keeps both ends, every extreme and the order', () => {
    const count = 100_000;
    const values = Float64Array.from({ length: count }, (_, index) => Math.sin(index / 3_000));
    values[51_234] = 9;
    values[51_235] = -9;
    const thin = thinned({ time: Float64Array.from(values.keys()), values });
    const times = Array.from(thin.time);
    expect(times.length).toBeLessThan(1_500);
    expect([times[0], times.at(-1)]).toEqual([0, count - 1]);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(Array.from(thin.values)).toEqual(expect.arrayContaining([9, -9]));
  });
});
