import { describe, expect, it } from 'vitest';
import { barBuilder } from '#core/market/bar-builder.ts';
import { type Bar, barAt, barSeries, closedBy, sliceBars } from '#core/market/bars.ts';

const rows: readonly Bar[] = [0, 1, 2, 3].map((i) => ({
  openTime: i * 100,
  closeTime: i * 100 + 90,
  open: i,
  high: i + 2,
  low: i - 1,
  close: i + 1,
  volume: i * 10,
}));
const series = barSeries('AAPL', { unit: 'session' }, rows);

describe('bars as columns', () => {
  it('give back the rows they were built from', () => {
    expect(rows.map((_, i) => barAt(series, i))).toEqual(rows);
    expect(series.length).toBe(4);
  });

  it('refuse a row that is not there, saying how many are', () => {
    for (const index of [-1, 4, 0.5, Number.NaN]) {
      expect(() => barAt(series, index)).toThrow(/bar .* of AAPL does not exist; the series has 4 bars/);
    }
  });

  it('cut views without copying, within their ends', () => {
    const view = sliceBars(series, 1, 3);
    expect([...view.close]).toEqual([2, 3]);
    expect(view.close.buffer).toBe(series.close.buffer);
    expect(sliceBars(series, -5, 99).length).toBe(4);
    expect(sliceBars(series, 3, 1).length).toBe(0);
  });

  it('show a decision only what has closed by then, the closing instant included', () => {
    const seen = [-1, 89, 90, 99, 189, 190, 390, 1e9].map((asOf) => closedBy(series, asOf).length);
    expect(seen).toEqual([0, 0, 1, 1, 1, 2, 4, 4]);
  });
});

describe('a bar builder', () => {
  it('grows, hands over and starts again', () => {
    const builder = barBuilder('AAPL', { unit: 'session' }, 1);
    for (const bar of rows) {
      builder.push(bar.openTime, bar.closeTime, bar.open, bar.high, bar.low, bar.close, bar.volume);
    }
    expect(builder.length).toBe(4);
    const first = builder.take();
    expect(first).toEqual(series);
    expect(builder.length).toBe(0);
    builder.push(1, 2, 3, 4, 5, 6, 7);
    expect([...first.open]).toEqual([0, 1, 2, 3]);
    expect([...builder.take().open]).toEqual([3]);
  });
});
