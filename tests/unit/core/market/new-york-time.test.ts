import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { civilOf, dateOfDay, dayNumber, dayNumberOf } from '#core/market/civil-date.ts';
import { easterSunday } from '#core/market/exchange-holidays.ts';
import {
  NoSuchLocalTimeError,
  newYorkDate,
  newYorkInstant,
  newYorkInstants,
  newYorkOffset,
  newYorkTime,
  OutsideNewYorkRangeError,
} from '#core/market/new-york-time.ts';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);

describe('civil dates', () => {
  it('count days as the platform does, there and back, over the leap rules', () => {
    for (const date of ['1970-01-01', '1900-02-28', '1900-03-01', '2000-02-29', '2024-02-29', '2028-12-31']) {
      expect(dayNumber(date) * 86_400_000).toBe(Date.parse(`${date}T00:00:00Z`));
      expect(dateOfDay(dayNumber(date))).toBe(date);
    }
    for (let day = dayNumberOf(1996, 1, 1); day < dayNumberOf(2030, 1, 1); day++) {
      const { year, month, day: dayOfMonth } = civilOf(day);
      expect(Date.UTC(year, month - 1, dayOfMonth)).toBe(day * 86_400_000);
    }
  });

  it('put Easter where it was', () => {
    const known = [
      '1998-04-12',
      '2000-04-23',
      '2008-03-23',
      '2011-04-24',
      '2019-04-21',
      '2024-03-31',
      '2025-04-20',
    ];
    for (const date of known) expect(dateOfDay(easterSunday(Number(date.slice(0, 4))))).toBe(date);
  });
});

describe('New York time', () => {
  it('agrees with the time zone database in every hour around every change and at midday of every day, 1987–2037', () => {
    for (
      let instant = at('1987-01-01T17:00:00Z');
      instant < at('2037-12-31T00:00:00Z');
      instant += 24 * HOUR
    ) {
      const reference = DateTime.fromMillis(instant, { zone: 'America/New_York' });
      const offset = newYorkOffset(instant);
      if (offset !== reference.offset * 60_000) throw new Error(`wrong offset at ${reference.toISO()}`);
      if (newYorkOffset(instant + 24 * HOUR) !== offset) {
        for (let near = instant - 24 * HOUR; near < instant + 48 * HOUR; near += HOUR / 2) {
          const expected = DateTime.fromMillis(near, { zone: 'America/New_York' });
          expect(newYorkOffset(near), expected.toISO() ?? '').toBe(expected.offset * 60_000);
          expect(newYorkTime(near)).toEqual({
            date: expected.toISODate(),
            hour: expected.hour,
            minute: expected.minute,
            weekday: expected.weekday % 7,
          });
        }
      }
    }
  });

  it('reads the date of New York, not of UTC', () => {
    expect(newYorkDate(at('2018-02-06T04:59:59Z'))).toBe('2018-02-05');
    expect(newYorkDate(at('2018-02-06T05:00:00Z'))).toBe('2018-02-06');
    expect(newYorkDate(at('2018-07-06T03:59:59Z'))).toBe('2018-07-05');
  });

  it('turns a wall clock reading into its instant', () => {
    expect(newYorkInstant('2018-02-05', 9, 30)).toBe(at('2018-02-05T14:30:00Z'));
    expect(newYorkInstant('2018-07-05', 16, 0)).toBe(at('2018-07-05T20:00:00Z'));
    expect(newYorkInstant('2018-07-05', 24, 0)).toBe(at('2018-07-06T04:00:00Z'));
  });

  it('refuses the hour that daylight saving skips', () => {
    expect(newYorkInstant('2018-03-11', 1, 59)).toBe(at('2018-03-11T06:59:00Z'));
    expect(() => newYorkInstant('2018-03-11', 2, 0)).toThrow(NoSuchLocalTimeError);
    expect(() => newYorkInstant('2018-03-11', 2, 59)).toThrow(/2018-03-11 02:59 does not exist/);
    expect(newYorkInstant('2018-03-11', 3, 0)).toBe(at('2018-03-11T07:00:00Z'));
  });

  it('takes the first of the two hours when clocks go back', () => {
    expect(newYorkInstant('2018-11-04', 1, 30)).toBe(at('2018-11-04T05:30:00Z'));
    expect(newYorkInstant('2018-11-04', 2, 0)).toBe(at('2018-11-04T07:00:00Z'));
  });

  it('refuses what no clock shows and years whose rule is not known', () => {
    expect(() => newYorkInstant('2018-02-05', 24, 1)).toThrow(RangeError);
    expect(() => newYorkInstant('2018-02-05', 9, 60)).toThrow(RangeError);
    expect(() => newYorkInstant('2018-02-05', 9.5, 0)).toThrow(RangeError);
    expect(() => newYorkInstant('1986-12-31', 9, 0)).toThrow(OutsideNewYorkRangeError);
    expect(() => newYorkDate(at('2038-06-01T00:00:00Z'))).toThrow(/2038-06-01/);
    expect(() => newYorkDate(Number.POSITIVE_INFINITY)).toThrow(OutsideNewYorkRangeError);
  });
});

describe('a reading of the clocks of New York', () => {
  it.each([
    ['2018-03-11', 1, 59, ['2018-03-11T06:59:00.000Z']],
    ['2018-03-11', 2, 0, []],
    ['2018-03-11', 2, 59, []],
    ['2018-03-11', 3, 0, ['2018-03-11T07:00:00.000Z']],
    ['2018-11-04', 0, 59, ['2018-11-04T04:59:00.000Z']],
    ['2018-11-04', 1, 0, ['2018-11-04T05:00:00.000Z', '2018-11-04T06:00:00.000Z']],
    ['2018-11-04', 1, 59, ['2018-11-04T05:59:00.000Z', '2018-11-04T06:59:00.000Z']],
    ['2018-11-04', 2, 0, ['2018-11-04T07:00:00.000Z']],
    ['2006-10-29', 1, 30, ['2006-10-29T05:30:00.000Z', '2006-10-29T06:30:00.000Z']],
    ['2018-07-04', 24, 0, ['2018-07-05T04:00:00.000Z']],
  ])('%s %i:%i stands for %j', (date, hour, minute, instants) => {
    expect(newYorkInstants(date, hour, minute).map((instant) => new Date(instant).toISOString())).toEqual(
      instants,
    );
  });

  it('is every instant that shows it, and no other', () => {
    for (const day of ['2018-03-11', '2018-11-04', '1999-04-04', '1999-10-31']) {
      const shown = new Map<string, number[]>();
      for (
        let instant = at(`${day}T04:00:00Z`) - HOUR;
        instant < at(`${day}T12:00:00Z`);
        instant += HOUR / 4
      ) {
        const { date, hour, minute } = newYorkTime(instant);
        if (date === day)
          shown.set(`${hour}:${minute}`, [...(shown.get(`${hour}:${minute}`) ?? []), instant]);
      }
      for (let quarter = 0; quarter < 24; quarter++) {
        const [hour, minute] = [Math.floor(quarter / 4), (quarter % 4) * 15];
        expect(newYorkInstants(day, hour, minute)).toEqual(shown.get(`${hour}:${minute}`) ?? []);
      }
    }
  });
});
