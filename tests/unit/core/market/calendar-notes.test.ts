import { describe, expect, it } from 'vitest';
import {
  CALENDAR_FIRST_DATE,
  CALENDAR_LAST_DATE,
  sessionOn,
  sessionsBetween,
} from '#core/market/calendar.ts';
import { calendarNotes } from '#core/market/calendar-notes.ts';

const text = (from: string, to: string) =>
  calendarNotes('us-equity', from, to).map(({ date, kind, reason }) => `${date} ${kind}: ${reason}`);

describe('the notes of the exchange calendar', () => {
  it('name every closure and early close of a year', () => {
    expect(text('2018-01-01', '2018-12-31')).toEqual([
      "2018-01-01 closed: New Year's Day",
      '2018-01-15 closed: Martin Luther King Jr. Day',
      "2018-02-19 closed: Washington's Birthday",
      '2018-03-30 closed: Good Friday',
      '2018-05-28 closed: Memorial Day',
      '2018-07-03 early-close: day before Independence Day',
      '2018-07-04 closed: Independence Day',
      '2018-09-03 closed: Labor Day',
      '2018-11-22 closed: Thanksgiving Day',
      '2018-11-23 early-close: day after Thanksgiving',
      '2018-12-05 closed: day of mourning for President George H. W. Bush',
      '2018-12-24 early-close: Christmas Eve',
      '2018-12-25 closed: Christmas Day',
    ]);
  });

  it.each([
    ['2001-09-11', 'closed: attack on the World Trade Center'],
    ['2001-09-14', 'closed: attack on the World Trade Center'],
    ['2002-07-05', 'early-close: day after Independence Day'],
    ['2002-09-11', 'late-open: first anniversary of 2001-09-11'],
    ['2003-12-26', 'early-close: day after Christmas'],
    ['2004-06-11', 'closed: day of mourning for President Reagan'],
    ['2007-01-02', 'closed: day of mourning for President Ford'],
    ['2012-10-29', 'closed: Hurricane Sandy'],
    ['2012-10-30', 'closed: Hurricane Sandy'],
    ['2021-07-05', 'closed: Independence Day (observed)'],
    ['2022-06-20', 'closed: Juneteenth (observed)'],
    ['2025-01-09', 'closed: day of mourning for President Carter'],
    ['2027-12-24', 'closed: Christmas Day (observed)'],
  ])('say of %s: %s', (date, note) => {
    expect(text(date, date)).toEqual([`${date} ${note}`]);
  });

  it('agree with the sessions on every day of the calendar', () => {
    const notes = calendarNotes('us-equity', CALENDAR_FIRST_DATE, CALENDAR_LAST_DATE);
    const closed = notes.filter(({ kind }) => kind === 'closed');
    for (const { date } of closed) expect(sessionOn('us-equity', date), date).toBeNull();
    const weekdays = sessionsBetween('forex', CALENDAR_FIRST_DATE, CALENDAR_LAST_DATE).length;
    const sessions = sessionsBetween('us-equity', CALENDAR_FIRST_DATE, CALENDAR_LAST_DATE);
    expect(sessions.length + closed.length).toBe(weekdays);
    expect(notes.filter(({ kind }) => kind === 'early-close').map(({ date }) => date)).toEqual(
      sessions.filter(({ earlyClose }) => earlyClose).map(({ date }) => date),
    );
  });

  it('are none for forex and crypto, and refuse dates outside the calendar', () => {
    expect(calendarNotes('forex', '2018-12-24', '2018-12-26')).toEqual([]);
    expect(calendarNotes('crypto', '2018-12-24', '2018-12-26')).toEqual([]);
    expect(() => calendarNotes('us-equity', '1997-12-25', '1998-01-01')).toThrow(/1997-12-25 is outside/);
    expect(() => calendarNotes('forex', '2018-12-24', '2018-12-32')).toThrow(/2018-12-32/);
  });
});
