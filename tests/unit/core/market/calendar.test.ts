import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  CALENDAR_FIRST_DATE,
  CALENDAR_LAST_DATE,
  isOpen,
  lastClosedSession,
  nextClose,
  nextOpen,
  nextSession,
  OutsideCalendarError,
  previousSession,
  sessionAt,
  sessionCount,
  sessionMinutes,
  sessionOn,
  sessionsBetween,
} from '#core/market/calendar.ts';
import { dateOfDay, dayNumber, NotADateError, weekdayOf } from '#core/market/civil-date.ts';

const at = (text: string) => Date.parse(text);
const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

function weekdayClosures(year: number): string[] {
  const closures: string[] = [];
  for (let day = dayNumber(`${year}-01-01`); day <= dayNumber(`${year}-12-31`); day++) {
    const weekday = weekdayOf(day);
    if (weekday === 0 || weekday === 6) continue;
    if (sessionOn('us-equity', dateOfDay(day)) === null) closures.push(dateOfDay(day).slice(5));
  }
  return closures;
}

/** As the exchanges published (and, for the one-off closures, decided) them; written out, not computed. */
const CLOSURES: Record<number, string> = {
  1998: '01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25',
  1999: '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24',
  2000: '01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25',
  2001: '01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25',
  2002: '01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25',
  2003: '01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25',
  2004: '01-01 01-19 02-16 04-09 05-31 06-11 07-05 09-06 11-25 12-24',
  2005: '01-17 02-21 03-25 05-30 07-04 09-05 11-24 12-26',
  2006: '01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25',
  2007: '01-01 01-02 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25',
  2008: '01-01 01-21 02-18 03-21 05-26 07-04 09-01 11-27 12-25',
  2009: '01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25',
  2010: '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24',
  2011: '01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26',
  2012: '01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25',
  2013: '01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25',
  2014: '01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25',
  2015: '01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25',
  2016: '01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26',
  2017: '01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25',
  2018: '01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25',
  2019: '01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25',
  2020: '01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25',
  2021: '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24',
  2022: '01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26',
  2023: '01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25',
  2024: '01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25',
  2025: '01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25',
  2026: '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25',
  2027: '01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24',
  2028: '01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25',
};

const EARLY_CLOSES = `
1998-11-27 1998-12-24 1999-11-26 1999-12-31 2000-07-03 2000-11-24 2001-07-03 2001-11-23 2001-12-24
2002-07-05 2002-11-29 2002-12-24 2003-07-03 2003-11-28 2003-12-24 2003-12-26 2004-11-26 2005-11-25
2006-07-03 2006-11-24 2007-07-03 2007-11-23 2007-12-24 2008-07-03 2008-11-28 2008-12-24 2009-11-27
2009-12-24 2010-11-26 2011-11-25 2012-07-03 2012-11-23 2012-12-24 2013-07-03 2013-11-29 2013-12-24
2014-07-03 2014-11-28 2014-12-24 2015-11-27 2015-12-24 2016-11-25 2017-07-03 2017-11-24 2018-07-03
2018-11-23 2018-12-24 2019-07-03 2019-11-29 2019-12-24 2020-11-27 2020-12-24 2021-11-26 2022-11-25
2023-07-03 2023-11-24 2024-07-03 2024-11-29 2024-12-24 2025-07-03 2025-11-28 2025-12-24 2026-11-27
2026-12-24 2027-11-26 2028-07-03 2028-11-24`
  .trim()
  .split(/\s+/);

// biome-ignore format: a table
const SESSIONS_PER_YEAR: Record<number, number> = {
  1998: 252, 1999: 252, 2000: 252, 2001: 248, 2002: 252, 2003: 252, 2004: 252, 2005: 252, 2006: 251, 2007: 251,
  2008: 253, 2009: 252, 2010: 252, 2011: 252, 2012: 250, 2013: 252, 2014: 252, 2015: 252, 2016: 252, 2017: 251,
  2018: 251, 2019: 252, 2020: 253, 2021: 252, 2022: 251, 2023: 250, 2024: 252, 2025: 250, 2026: 251, 2027: 251,
  2028: 251,
};

describe('the NYSE and Nasdaq calendar', () => {
  it.each(Object.entries(SESSIONS_PER_YEAR))('has the known number of sessions in %s', (year, sessions) => {
    expect(sessionsBetween('us-equity', `${year}-01-01`, `${year}-12-31`)).toHaveLength(sessions);
    expect(sessionCount('us-equity', `${year}-01-01`, `${year}-12-31`)).toBe(sessions);
  });

  it.each(Object.entries(CLOSURES))('is closed on exactly the published days of %s', (year, days) => {
    expect(weekdayClosures(Number(year)).join(' ')).toBe(days);
  });

  it('closes early on exactly the published days of 1998–2028, at 13:00', () => {
    const early = sessionsBetween('us-equity', CALENDAR_FIRST_DATE, CALENDAR_LAST_DATE).filter(
      (s) => s.earlyClose,
    );
    expect(early.map((session) => session.date)).toEqual(EARLY_CLOSES);
    expect(new Set(early.map(sessionMinutes))).toEqual(new Set([210]));
  });

  it.each([
    ['S&P 500', 'vega-datasets/data/sp500-2000.csv', '2000-01-03', '2020-04-17', 5_105],
    ['AAPL', '@observablehq/sample-datasets/aapl.csv', '2013-05-13', '2018-05-11', 1_260],
  ])('has exactly the dates on which %s has prices', (_name, file, from, to, count) => {
    const lines = readFileSync(join(MODULES, file), 'utf8').trim().split('\n').slice(1);
    const dates = sessionsBetween('us-equity', from, to).map((session) => session.date);
    expect(dates).toHaveLength(count);
    expect(dates).toEqual(lines.map((line) => line.slice(0, 10)));
  });

  it('opens at noon on the first anniversary of 2001-09-11 and nowhere else', () => {
    const late = sessionsBetween('us-equity', CALENDAR_FIRST_DATE, CALENDAR_LAST_DATE).filter(
      (session) => sessionMinutes(session) !== 390 && !session.earlyClose,
    );
    expect(late).toEqual([
      {
        date: '2002-09-11',
        open: at('2002-09-11T16:00:00Z'),
        close: at('2002-09-11T20:00:00Z'),
        earlyClose: false,
      },
    ]);
  });

  it('moves its UTC hours with daylight saving, under the old rule and the new', () => {
    const open = (date: string) => new Date(sessionOn('us-equity', date)?.open ?? Number.NaN).toISOString();
    expect(open('2006-03-31')).toBe('2006-03-31T14:30:00.000Z');
    expect(open('2006-04-03')).toBe('2006-04-03T13:30:00.000Z');
    expect(open('2006-10-27')).toBe('2006-10-27T13:30:00.000Z');
    expect(open('2006-10-30')).toBe('2006-10-30T14:30:00.000Z');
    expect(open('2007-03-09')).toBe('2007-03-09T14:30:00.000Z');
    expect(open('2007-03-12')).toBe('2007-03-12T13:30:00.000Z');
    expect(open('2007-11-02')).toBe('2007-11-02T13:30:00.000Z');
    expect(open('2007-11-05')).toBe('2007-11-05T14:30:00.000Z');
  });

  it('is open from the opening instant up to, not including, the close', () => {
    expect(isOpen('us-equity', at('2018-02-05T14:29:59.999Z'))).toBe(false);
    expect(isOpen('us-equity', at('2018-02-05T14:30:00Z'))).toBe(true);
    expect(sessionAt('us-equity', at('2018-02-05T20:59:59.999Z'))?.date).toBe('2018-02-05');
    expect(sessionAt('us-equity', at('2018-02-05T21:00:00Z'))).toBeNull();
    expect(isOpen('us-equity', at('2018-12-05T16:00:00Z'))).toBe(false);
  });

  it('names the next open and close strictly after an instant, over a weekend and a closure', () => {
    expect(nextOpen('us-equity', at('2001-09-10T13:30:00Z'))).toBe(at('2001-09-17T13:30:00Z'));
    expect(nextOpen('us-equity', at('2001-09-10T13:29:59Z'))).toBe(at('2001-09-10T13:30:00Z'));
    expect(nextClose('us-equity', at('2001-09-10T15:00:00Z'))).toBe(at('2001-09-10T20:00:00Z'));
    expect(nextClose('us-equity', at('2001-09-10T20:00:00Z'))).toBe(at('2001-09-17T20:00:00Z'));
    expect(nextClose('us-equity', at('2018-11-23T12:00:00Z'))).toBe(at('2018-11-23T18:00:00Z'));
  });

  it('names the sessions beside a date and the last that has closed', () => {
    expect(previousSession('us-equity', '2001-09-17').date).toBe('2001-09-10');
    expect(previousSession('us-equity', '2001-09-16').date).toBe('2001-09-10');
    expect(nextSession('us-equity', '2001-09-10').date).toBe('2001-09-17');
    expect(lastClosedSession('us-equity', at('2001-09-17T19:59:59Z')).date).toBe('2001-09-10');
    expect(lastClosedSession('us-equity', at('2001-09-17T20:00:00Z')).date).toBe('2001-09-17');
  });

  it('takes both ends of a range, and an empty one as empty', () => {
    expect(sessionsBetween('us-equity', '2018-02-05', '2018-02-05').map((s) => s.date)).toEqual([
      '2018-02-05',
    ]);
    expect(sessionsBetween('us-equity', '2018-02-03', '2018-02-04')).toEqual([]);
    expect(sessionsBetween('us-equity', '2018-02-06', '2018-02-05')).toEqual([]);
    expect(sessionCount('us-equity', '2018-02-06', '2018-02-05')).toBe(0);
  });

  it('refuses a time outside its years, naming it', () => {
    expect(() => sessionOn('us-equity', '1997-12-31')).toThrow(OutsideCalendarError);
    expect(() => sessionOn('us-equity', '2029-01-02')).toThrow(
      /2029-01-02 is outside the us-equity calendar/,
    );
    expect(() => isOpen('us-equity', at('2031-01-01T00:00:00Z'))).toThrow(/2031-01-01T00:00:00.000Z/);
    expect(() => isOpen('us-equity', Number.NaN)).toThrow(OutsideCalendarError);
    expect(() => nextOpen('us-equity', at('2028-12-31T12:00:00Z'))).toThrow(/the next open after/);
    expect(() => previousSession('us-equity', '1998-01-02')).toThrow(/the session before 1998-01-02/);
    expect(() => lastClosedSession('us-equity', at('1998-01-02T15:00:00Z'))).toThrow(OutsideCalendarError);
  });

  it('refuses text that is not a date', () => {
    for (const text of ['2018-02-30', '2018-2-5', '20180205', '2019-02-29', '2018-13-01', '']) {
      expect(() => sessionOn('us-equity', text), text).toThrow(NotADateError);
    }
  });
});

describe('the forex calendar', () => {
  it('runs without a break from Sunday 17:00 to Friday 17:00 New York', () => {
    const week = sessionsBetween('forex', '2018-03-05', '2018-03-16');
    expect(week.map((session) => session.date)).toEqual([
      ...['2018-03-05', '2018-03-06', '2018-03-07', '2018-03-08', '2018-03-09'],
      ...['2018-03-12', '2018-03-13', '2018-03-14', '2018-03-15', '2018-03-16'],
    ]);
    for (let i = 1; i < 5; i++) expect(week[i]?.open).toBe(week[i - 1]?.close);
    expect(week[0]?.open).toBe(at('2018-03-04T22:00:00Z'));
    expect(week[4]?.close).toBe(at('2018-03-09T22:00:00Z'));
    // Daylight saving began that Sunday.
    expect(week[5]?.open).toBe(at('2018-03-11T21:00:00Z'));
  });

  it('is closed at the weekend', () => {
    expect(isOpen('forex', at('2018-03-09T21:59:59Z'))).toBe(true);
    expect(isOpen('forex', at('2018-03-09T22:00:00Z'))).toBe(false);
    expect(isOpen('forex', at('2018-03-11T20:59:59Z'))).toBe(false);
    expect(nextOpen('forex', at('2018-03-10T12:00:00Z'))).toBe(at('2018-03-11T21:00:00Z'));
    expect(sessionOn('forex', '2018-03-10')).toBeNull();
  });
});

describe('the crypto calendar', () => {
  it('is always open, in UTC days', () => {
    const days = sessionsBetween('crypto', '2018-12-24', '2018-12-26');
    expect(days.map((day) => [day.open, day.close])).toEqual([
      [at('2018-12-24T00:00:00Z'), at('2018-12-25T00:00:00Z')],
      [at('2018-12-25T00:00:00Z'), at('2018-12-26T00:00:00Z')],
      [at('2018-12-26T00:00:00Z'), at('2018-12-27T00:00:00Z')],
    ]);
    expect(sessionAt('crypto', at('2018-12-25T00:00:00Z'))?.date).toBe('2018-12-25');
    expect(sessionCount('crypto', CALENDAR_FIRST_DATE, CALENDAR_LAST_DATE)).toBe(11_323);
  });
});
