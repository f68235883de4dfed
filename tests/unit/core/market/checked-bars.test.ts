import { describe, expect, it } from 'vitest';
import { type BarSeries, barSeries } from '#core/market/bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { checkedBars, InvalidBarsError } from '#core/market/checked-bars.ts';
import { futureInstrument } from '#core/market/instrument-contracts.ts';

const aapl = instrumentOf('AAPL');
const MINUTE = { unit: 'minute', count: 1 } as const;
const columns = (changes: Partial<BarSeries> = {}): BarSeries => ({
  ...barSeries(
    'AAPL',
    MINUTE,
    [0, 1, 2].map((i) => ({
      openTime: i * 60_000,
      closeTime: (i + 1) * 60_000,
      open: 10,
      high: 12,
      low: 9,
      close: 11,
      volume: 5,
    })),
  ),
  ...changes,
});
const three = (...values: readonly number[]) => Float64Array.from(values);

describe('bars from columns', () => {
  it('are taken over, not copied', () => {
    const given = columns({ volume: three(1, Number.NaN, 0) });
    const bars = checkedBars(aapl, MINUTE, given);
    expect(bars).toEqual({ ...given, instrument: 'AAPL', interval: MINUTE, length: 3 });
    expect(bars.close).toBe(given.close);
    expect(checkedBars(aapl, MINUTE, barSeries('AAPL', MINUTE, [])).length).toBe(0);
  });

  it.each<[Partial<BarSeries>, RegExp]>([
    [{ close: three(11, 11) }, /bars of AAPL: the close column has 2 values, openTime 3/],
    [{ close: three(11, Number.NaN, 11) }, /row 1: close is NaN/],
    [{ high: three(12, 12, Number.POSITIVE_INFINITY) }, /row 2: high is Infinity/],
    [{ low: three(0, 9, 9) }, /row 0: low is 0; expected more than 0/],
    [{ low: three(9, 10.5, 9) }, /row 1: low 10.5 ≤ open 10, close 11 ≤ high 12 does not hold/],
    [{ volume: three(1, 1, -1) }, /row 2: volume is -1; expected 0 or more/],
    [{ openTime: three(0, Number.NaN, 120_000) }, /row 1: opens at NaN/],
    [{ closeTime: three(60_000, 60_000, 180_000) }, /row 1: opens at 60000 and closes at 60000/],
    [{ openTime: three(0, 59_999, 120_000) }, /row 1: opens at 59999, before the bar before it closes/],
    [{ openTime: three(0, 60_000, 60_000) }, /row 2: opens at 60000, before/],
  ])('are refused with %j', (changes, message) => {
    expect(() => checkedBars(aapl, MINUTE, columns(changes))).toThrow(InvalidBarsError);
    expect(() => checkedBars(aapl, MINUTE, columns(changes))).toThrow(message);
  });

  it('may be below zero for a future', () => {
    const oil = futureInstrument({
      underlying: 'CL',
      expiry: '2020-04-21',
      name: 'oil',
      currency: 'USD',
      tick: '0.01',
      multiplier: '1000',
      sessionTemplate: 'us-equity',
    });
    expect(checkedBars(oil, MINUTE, columns({ low: three(-40, 9, 9) })).low[0]).toBe(-40);
  });
});
