import { describe, expect, it } from 'vitest';
import { presentQuarterStart, quarterOf, quarterStarts } from '#core/agents/ml/refit-schedule.ts';
import { barSeries } from '#core/market/bars.ts';

const closingAt = (...instants: readonly string[]) =>
  barSeries(
    'AAPL',
    { unit: 'session' },
    instants.map((instant) => {
      const closeTime = Date.parse(instant);
      return { openTime: closeTime - 1, closeTime, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    }),
  );

describe('quarterOf', () => {
  it('counts a session that closes at the midnight which ends a quarter to that quarter', () => {
    const december = quarterOf(Date.parse('2017-12-29T21:00:00Z'));

    expect(quarterOf(Date.parse('2018-01-01T00:00:00Z'))).toBe(december);
    expect(quarterOf(Date.parse('2018-01-02T00:00:00Z'))).toBe(december + 1);
    expect(quarterOf(Date.parse('2018-12-31T21:00:00Z'))).toBe(december + 4);
  });
});

describe('quarterStarts and presentQuarterStart', () => {
  it('find where each whole quarter begins', () => {
    const bars = closingAt(
      '2017-09-28T20:00:00Z',
      '2017-09-29T20:00:00Z',
      '2017-10-02T20:00:00Z',
      '2017-12-29T21:00:00Z',
      '2018-01-02T21:00:00Z',
      '2018-01-03T21:00:00Z',
    );

    expect(quarterStarts(bars)).toEqual([2, 4]);
    expect(presentQuarterStart(bars)).toBe(4);
  });

  it('find none in no bars, and none before the first bar', () => {
    expect(quarterStarts(closingAt())).toEqual([]);
    expect(presentQuarterStart(closingAt())).toBe(0);
    expect(presentQuarterStart(closingAt('2018-01-02T21:00:00Z', '2018-01-03T21:00:00Z'))).toBe(0);
  });
});
