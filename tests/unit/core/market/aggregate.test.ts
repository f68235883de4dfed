import { describe, expect, it } from 'vitest';
import { AggregationError, aggregateBars } from '#core/market/aggregate.ts';
import { type Bar, barAt, barSeries, sliceBars } from '#core/market/bars.ts';
import { type Session, sessionMinutes, sessionOn } from '#core/market/calendar.ts';

const MINUTE = { unit: 'minute', count: 1 } as const;

/** A session of minutes whose values tell their minute: open m, high m+2, low m−2, close m+1, volume m. */
function minutesOf(date: string): Bar[] {
  const session = sessionOn('us-equity', date) as Session;
  return Array.from({ length: sessionMinutes(session) }, (_, minute) => ({
    openTime: session.open + minute * 60_000,
    closeTime: session.open + (minute + 1) * 60_000,
    open: 1_000 + minute,
    high: 1_002 + minute,
    low: 998 + minute,
    close: 1_001 + minute,
    volume: minute,
  }));
}

const twoDays = barSeries('AAPL', MINUTE, [...minutesOf('2018-11-21'), ...minutesOf('2018-11-23')]);

describe('putting minute bars together', () => {
  it('counts buckets from the open and closes the last with the session', () => {
    const hours = aggregateBars(twoDays, { unit: 'minute', count: 60 }, 'us-equity');
    const times = Array.from({ length: hours.length }, (_, i) => {
      const bar = barAt(hours, i);
      return [new Date(bar.openTime).toISOString().slice(5, 16), (bar.closeTime - bar.openTime) / 60_000];
    });
    expect(times).toEqual([
      ['11-21T14:30', 60],
      ['11-21T15:30', 60],
      ['11-21T16:30', 60],
      ['11-21T17:30', 60],
      ['11-21T18:30', 60],
      ['11-21T19:30', 60],
      ['11-21T20:30', 30],
      ['11-23T14:30', 60],
      ['11-23T15:30', 60],
      ['11-23T16:30', 60],
      ['11-23T17:30', 30],
    ]);
    expect(hours.interval).toEqual({ unit: 'minute', count: 60 });
  });

  it.each([5, 15, 60])(
    'takes first open, highest high, lowest low, last close and the sum over %i minutes',
    (count) => {
      const bars = aggregateBars(twoDays, { unit: 'minute', count }, 'us-equity');
      const second = barAt(bars, 1);
      expect(second.open).toBe(1_000 + count);
      expect(second.high).toBe(1_002 + 2 * count - 1);
      expect(second.low).toBe(998 + count);
      expect(second.close).toBe(1_001 + 2 * count - 1);
      expect(second.volume).toBe((count * (3 * count - 1)) / 2);
    },
  );

  it('makes session bars with the times of the session', () => {
    const sessions = aggregateBars(twoDays, { unit: 'session' }, 'us-equity');
    const short = sessionOn('us-equity', '2018-11-23') as Session;
    expect(sessions.length).toBe(2);
    expect(barAt(sessions, 1)).toEqual({
      openTime: short.open,
      closeTime: short.close,
      open: 1_000,
      high: 1_211,
      low: 998,
      close: 1_210,
      volume: (209 * 210) / 2,
    });
  });

  it('gives the same session bars from minutes and from quarter hours', () => {
    const quarters = aggregateBars(twoDays, { unit: 'minute', count: 15 }, 'us-equity');
    expect(aggregateBars(quarters, { unit: 'session' }, 'us-equity')).toEqual(
      aggregateBars(twoDays, { unit: 'session' }, 'us-equity'),
    );
  });

  it('begins a new session bar at the very close of the last, where sessions touch', () => {
    const midnight = Date.parse('2018-02-06T00:00:00Z');
    const rows = [-2, -1, 0, 1].map((minute) => ({
      openTime: midnight + minute * 60_000,
      closeTime: midnight + (minute + 1) * 60_000,
      open: minute,
      high: minute,
      low: minute,
      close: minute,
      volume: 1,
    }));
    const days = aggregateBars(barSeries('BTC-USD', MINUTE, rows), { unit: 'session' }, 'crypto');
    expect([...days.open]).toEqual([-2, 0]);
    expect([...days.openTime]).toEqual([midnight - 86_400_000, midnight]);
  });

  it('leaves out buckets without bars and keeps an unknown volume unknown', () => {
    const rows = minutesOf('2018-11-21').filter((_, minute) => minute < 5 || minute >= 15);
    const holed = barSeries(
      'AAPL',
      MINUTE,
      rows.map((bar, i) => (i === 2 ? { ...bar, volume: Number.NaN } : bar)),
    );
    const bars = aggregateBars(holed, { unit: 'minute', count: 5 }, 'us-equity');
    expect(bars.length).toBe(76);
    expect(bars.volume[0]).toBeNaN();
    expect((bars.openTime[1] as number) - (bars.openTime[0] as number)).toBe(15 * 60_000);
  });

  it('gives an unfinished bucket its full close time', () => {
    const bars = aggregateBars(sliceBars(twoDays, 0, 7), { unit: 'minute', count: 5 }, 'us-equity');
    expect(bars.length).toBe(2);
    expect((bars.closeTime[1] as number) - (bars.openTime[1] as number)).toBe(5 * 60_000);
  });

  it('gives nothing for nothing', () => {
    expect(aggregateBars(sliceBars(twoDays, 0, 0), { unit: 'session' }, 'us-equity').length).toBe(0);
  });

  it('refuses what it cannot do, saying why', () => {
    const sessions = aggregateBars(twoDays, { unit: 'session' }, 'us-equity');
    expect(() => aggregateBars(sessions, { unit: 'session' }, 'us-equity')).toThrow(/only minute bars/);
    const fives = aggregateBars(twoDays, { unit: 'minute', count: 5 }, 'us-equity');
    expect(() => aggregateBars(fives, { unit: 'minute', count: 12 }, 'us-equity')).toThrow(AggregationError);
    const [first, second] = minutesOf('2018-11-21') as [Bar, Bar];
    const unsorted = barSeries('AAPL', MINUTE, [second, first]);
    expect(() => aggregateBars(unsorted, { unit: 'session' }, 'us-equity')).toThrow(
      /bar 1 does not open after bar 0/,
    );
    const night = { ...first, openTime: first.openTime - 3_600_000, closeTime: first.closeTime - 3_600_000 };
    expect(() => aggregateBars(barSeries('AAPL', MINUTE, [night]), { unit: 'session' }, 'us-equity')).toThrow(
      /outside the us-equity sessions/,
    );
    const long = { ...first, closeTime: first.openTime + 6 * 60_000 };
    expect(() =>
      aggregateBars(barSeries('AAPL', MINUTE, [long]), { unit: 'minute', count: 5 }, 'us-equity'),
    ).toThrow(/runs over the end/);
  });
});
