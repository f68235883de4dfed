import { describe, expect, it } from 'vitest';
import { instrumentOf } from '#core/market/catalog.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { futureInstrument, optionInstrument } from '#core/market/instrument-contracts.ts';
import { barInspector, inspectBars, largestMove, type ObservedBar } from '#core/market/quality.ts';

const aapl = instrumentOf('AAPL');
const oil = futureInstrument({
  underlying: 'CL',
  expiry: '2020-04-21',
  name: 'WTI crude oil, May 2020',
  currency: 'USD',
  tick: '0.01',
  multiplier: '1000',
  sessionTemplate: 'us-equity',
});
const SESSION = { unit: 'session' } as const;

/** A flat bar around `close`, consistent by construction. */
function bar(
  source: number,
  time: string | number,
  close = 100,
  changes: Partial<ObservedBar> = {},
): ObservedBar {
  return {
    source,
    time,
    open: close,
    high: close * 1.01,
    low: close * 0.99,
    close,
    volume: 1_000,
    ...changes,
  };
}

const week = ['2018-02-05', '2018-02-06', '2018-02-07', '2018-02-08', '2018-02-09'];
const reasons = (bars: readonly ObservedBar[], instrument: Instrument = aapl) =>
  inspectBars(instrument, SESSION, bars).report.quarantined.map((q) => [q.bar.source, q.reason]);

describe('data quality', () => {
  it('accepts good bars as they are, timed by their sessions', () => {
    const { series, report } = inspectBars(
      aapl,
      SESSION,
      week.map((date, i) => bar(i + 2, date, 100 + i)),
    );
    expect(report).toEqual({
      instrument: 'AAPL',
      observed: 5,
      accepted: 5,
      quarantined: [],
      gaps: [],
      incompleteSessions: [],
      levelShifts: [],
    });
    expect([...series.close]).toEqual([100, 101, 102, 103, 104]);
    expect(series.closeTime[0]).toBe(Date.parse('2018-02-05T21:00:00Z'));
  });

  it.each([
    [{ close: Number.NaN }, 'not-finite', 'close is NaN'],
    [{ high: Number.POSITIVE_INFINITY }, 'not-finite', 'high is Infinity'],
    [{ volume: Number.POSITIVE_INFINITY }, 'not-finite', 'volume is Infinity'],
    [{ low: 0 }, 'not-positive', 'low is 0; expected more than 0'],
    [{ open: -1 }, 'not-positive', 'open is -1; expected more than 0'],
    [{ volume: -5 }, 'negative-volume', 'volume is -5; expected 0 or more'],
    [{ high: 99 }, 'inconsistent-range', 'low 99 ≤ open 100, close 100 ≤ high 99 does not hold'],
    [{ low: 100.5 }, 'inconsistent-range', 'low 100.5 ≤ open 100, close 100 ≤ high 101 does not hold'],
  ])('quarantines %o with the reason', (changes, reason, detail) => {
    const bad = bar(3, '2018-02-06', 100, changes);
    const { series, report } = inspectBars(aapl, SESSION, [bar(2, '2018-02-05'), bad, bar(4, '2018-02-07')]);
    expect(report.quarantined).toEqual([{ bar: bad, reason, detail }]);
    expect(report.gaps).toEqual([{ from: '2018-02-06', to: '2018-02-06', sessions: 1 }]);
    expect(series.length).toBe(2);
  });

  it('takes an unknown volume as unknown', () => {
    const { series } = inspectBars(aapl, SESSION, [bar(2, '2018-02-05', 100, { volume: Number.NaN })]);
    expect(series.volume[0]).toBeNaN();
  });

  it('quarantines bars on days without a session, outside the calendar, and without a real date', () => {
    const bars = ['2018-02-03', '2018-12-05', '1990-01-02', '2018-02-30'].map((date, i) => bar(i, date));
    expect(reasons(bars)).toEqual([
      [0, 'no-session'],
      [1, 'no-session'],
      [2, 'outside-calendar'],
      [3, 'outside-calendar'],
    ]);
  });

  it('quarantines what is out of order and repeats, and both of what conflicts', () => {
    const bars = [
      bar(2, '2018-02-05'),
      bar(3, '2018-02-06'),
      bar(4, '2018-02-06'),
      bar(5, '2018-02-05'),
      bar(6, '2018-02-07'),
      bar(7, '2018-02-07', 101),
      bar(8, '2018-02-07', 102),
      bar(9, '2018-02-08'),
    ];
    expect(reasons(bars)).toEqual([
      [4, 'duplicate'],
      [5, 'out-of-order'],
      [6, 'conflicting-duplicate'],
      [7, 'conflicting-duplicate'],
      [8, 'conflicting-duplicate'],
    ]);
  });

  it('reports missing sessions by the calendar, not by the days between', () => {
    const bars = [bar(2, '2018-02-02'), bar(3, '2018-02-05'), bar(4, '2018-02-09'), bar(5, '2018-02-20')];
    expect(inspectBars(aapl, SESSION, bars).report.gaps).toEqual([
      { from: '2018-02-06', to: '2018-02-08', sessions: 3 },
      { from: '2018-02-12', to: '2018-02-16', sessions: 5 },
    ]);
  });

  it('quarantines a spike of more than half and believes the bar that returns', () => {
    const bars = week.map((date, i) => bar(i, date, i === 2 ? 1_000 : 100));
    expect(reasons(bars)).toEqual([[2, 'excessive-move']]);
    const wick = week.map((date, i) => bar(i, date, 100, i === 2 ? { low: 0.01 } : {}));
    expect(reasons(wick)).toEqual([[2, 'excessive-move']]);
  });

  it('sets the bound by asset class', () => {
    expect(largestMove(aapl)).toBe(0.5);
    expect(largestMove(instrumentOf('BTC-USD'))).toBe(0.8);
    expect(largestMove(instrumentOf('EUR.USD'))).toBe(0.1);
    expect(largestMove({ ...instrumentOf('EUR.USD'), id: 'USD.TRY' })).toBe(0.5);
    const call = optionInstrument({
      underlying: 'AAPL',
      expiry: '2018-06-15',
      strike: '170',
      right: 'call',
      currency: 'USD',
    });
    expect(largestMove(call)).toBeNull();
    const euro = instrumentOf('EUR.USD');
    expect(reasons([bar(1, '2015-01-14', 1.2), bar(2, '2015-01-15', 1.02)], euro)).toEqual([
      [2, 'excessive-move'],
    ]);
    expect(reasons([bar(1, '2015-01-14', 1.2), bar(2, '2015-01-15', 1.1)], euro)).toEqual([]);
  });

  it('lets futures fall below zero', () => {
    const bars = [bar(2, '2020-04-17', 18.27), bar(3, '2020-04-20', 17.73, { low: -40.32, close: -37.63 })];
    expect(reasons(bars, oil)).toEqual([]);
    expect(reasons(bars)).toEqual([[3, 'not-positive']]);
  });

  it('takes a move of exactly the bound as believable, whatever the rounding', () => {
    for (const [instrument, from, to] of [
      [instrumentOf('EUR.USD'), 1, 1.1],
      [instrumentOf('EUR.USD'), 1.3, 1.17],
      [aapl, 0.1, 0.15],
      [instrumentOf('BTC-USD'), 10.01, 18.018],
    ] as const) {
      const flat = { high: to, low: to };
      const exact = [bar(1, '2018-02-05', from), bar(2, '2018-02-06', to, flat)];
      expect(reasons(exact, instrument), `${from} to ${to}`).toEqual([]);
      const beyond = to + Math.sign(to - from) * from * 1e-6;
      const more = [
        bar(1, '2018-02-05', from),
        bar(2, '2018-02-06', beyond, { high: beyond, low: beyond, open: beyond }),
      ];
      expect(reasons(more, instrument), `${from} beyond ${to}`).toEqual([[2, 'excessive-move']]);
    }
  });

  it('keeps bars after the last day of a contract out', () => {
    const bars = ['2020-04-20', '2020-04-21', '2020-04-22'].map((date, i) => bar(i, date, 10));
    const { quarantined } = inspectBars(oil, SESSION, bars).report;
    expect(quarantined.map((q) => [q.bar.source, q.reason, q.detail])).toEqual([
      [2, 'expired', 'the last day of CL-20200421 was 2020-04-21; the bar is of another contract'],
    ]);
  });

  it('believes a split that the corporate actions explain, and not one they do not', () => {
    const split: CorporateAction = {
      kind: 'split',
      instrument: 'AAPL',
      exDate: '2018-02-07',
      newUnits: 7,
      oldUnits: 1,
    };
    const bars = week.map((date, i) => bar(i, date, i < 2 ? 700 : 100));
    expect(inspectBars(aapl, SESSION, bars, [split]).report.quarantined).toEqual([]);
    const without = inspectBars(aapl, SESSION, bars).report;
    expect(without.quarantined.map((q) => q.reason)).toEqual([
      'excessive-move',
      'excessive-move',
      'excessive-move',
    ]);
    expect(without.levelShifts).toEqual([{ source: 2, time: '2018-02-07', ratio: 100 / 700, bars: 3 }]);
    const adjustedAlready = week.map((date, i) => bar(i, date, 100));
    expect(inspectBars(aapl, SESSION, adjustedAlready, [split]).report.levelShifts).toHaveLength(1);
  });

  it('believes a fall that a special dividend explains', () => {
    const dividend: CorporateAction = {
      kind: 'cash-dividend',
      instrument: 'AAPL',
      exDate: '2018-02-07',
      amount: '60',
      currency: 'USD',
    };
    const bars = week.map((date, i) => bar(i, date, i < 2 ? 100 : 40));
    expect(inspectBars(aapl, SESSION, bars, [dividend]).report.quarantined).toEqual([]);
    expect(inspectBars(aapl, SESSION, bars).report.quarantined).toHaveLength(3);
  });

  it('quarantines bars from a delisting on: the id is another company’s then', () => {
    const gone: CorporateAction = {
      kind: 'delisting',
      instrument: 'AAPL',
      exDate: '2018-02-08',
      finalValue: null,
    };
    const { report } = inspectBars(
      aapl,
      SESSION,
      week.map((date, i) => bar(i, date)),
      [gone],
    );
    expect(report.quarantined.map((q) => [q.bar.source, q.reason])).toEqual([
      [3, 'delisted'],
      [4, 'delisted'],
    ]);
  });

  it('holds minute bars to the grid of their session and counts what is missing', () => {
    const open = Date.parse('2018-02-05T14:30:00Z');
    const minutes = [0, 5, 7, 10, 390].map((minute, i) => bar(i, open + minute * 60_000));
    const { series, report } = inspectBars(aapl, { unit: 'minute', count: 5 }, minutes);
    expect(report.quarantined.map((q) => [q.bar.source, q.reason])).toEqual([
      [2, 'misaligned'],
      [4, 'no-session'],
    ]);
    expect(report.incompleteSessions).toEqual([{ date: '2018-02-05', expected: 78, found: 3 }]);
    expect(series.closeTime[0]).toBe(open + 300_000);
  });

  it('closes the last bar of a session with the session', () => {
    const hour = { unit: 'minute', count: 60 } as const;
    const { series } = inspectBars(aapl, hour, [bar(1, Date.parse('2018-02-05T20:30:00Z'))]);
    expect(series.closeTime[0]).toBe(Date.parse('2018-02-05T21:00:00Z'));
  });

  it('does not take a date for an instant or an instant for a date', () => {
    expect(
      inspectBars(aapl, { unit: 'minute', count: 1 }, [bar(1, '2018-02-05')]).report.quarantined[0]?.reason,
    ).toBe('misaligned');
    expect(reasons([bar(1, 1_517_841_000_000)])).toEqual([[1, 'misaligned']]);
  });

  it('hands bars over while they stream, the newest held back until its successor', () => {
    const inspector = barInspector(aapl, SESSION);
    inspector.observe(bar(1, '2018-02-05'));
    expect(inspector.take().length).toBe(0);
    inspector.observe(bar(2, '2018-02-06'));
    expect(inspector.take().length).toBe(1);
    const { series, report } = inspector.finish();
    expect(series.length).toBe(1);
    expect(report.accepted).toBe(2);
  });

  it('makes an empty series and an empty report of nothing', () => {
    const { series, report } = inspectBars(aapl, SESSION, []);
    expect(series.length).toBe(0);
    expect(report).toMatchObject({ observed: 0, accepted: 0, gaps: [] });
  });
});
