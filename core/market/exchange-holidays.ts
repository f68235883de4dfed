import { type DayNumber, dayNumber, dayNumberOf, nthWeekday, weekdayOf } from './civil-date.ts';

/**
 * Closures and special hours of the New York Stock Exchange and Nasdaq, by rule and by list. Sources: NYSE Rule 7.2
 * (formerly Rule 51), the NYSE's “Special Closings” history, the exchanges' yearly holiday notices up to 2028.
 * Not modelled: pauses of minutes (moments of silence, halts), and closes forced by a fault (2005-06-01, 15:56).
 */

const SUNDAY = 0;
const MONDAY = 1;
const THURSDAY = 4;
const SATURDAY = 6;

/** Closures outside the rules. A closure announced after this was written belongs here. */
const ONE_OFF_CLOSURES: readonly (readonly [date: string, reason: string])[] = [
  ['2001-09-11', 'attack on the World Trade Center'],
  ['2001-09-12', 'attack on the World Trade Center'],
  ['2001-09-13', 'attack on the World Trade Center'],
  ['2001-09-14', 'attack on the World Trade Center'],
  ['2004-06-11', 'day of mourning for President Reagan'],
  ['2007-01-02', 'day of mourning for President Ford'],
  ['2012-10-29', 'Hurricane Sandy'],
  ['2012-10-30', 'Hurricane Sandy'],
  ['2018-12-05', 'day of mourning for President George H. W. Bush'],
  ['2025-01-09', 'day of mourning for President Carter'],
];

/** 13:00 closes outside the rules. */
const ONE_OFF_EARLY_CLOSES: readonly (readonly [date: string, reason: string])[] = [
  ['1999-12-31', 'eve of the year 2000'],
  ['2003-12-26', 'day after Christmas'],
];

/** Opens at noon. */
const ONE_OFF_NOON_OPENS: readonly (readonly [date: string, reason: string])[] = [
  ['2002-09-11', 'first anniversary of 2001-09-11'],
];

/** Easter Sunday of the Gregorian calendar (the “anonymous” computus, Nature, 20 April 1876). */
export function easterSunday(year: number): DayNumber {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayNumberOf(year, Math.floor(n / 31), (n % 31) + 1);
}

/** A fixed date moves from Saturday to the Friday before and from Sunday to the Monday after. */
function observed(day: DayNumber): DayNumber {
  const weekday = weekdayOf(day);
  if (weekday === SATURDAY) return day - 1;
  if (weekday === SUNDAY) return day + 1;
  return day;
}

type NamedDay = readonly [day: DayNumber, reason: string];

function inYear(dates: readonly (readonly [string, string])[], year: number): NamedDay[] {
  return dates
    .filter(([date]) => date.startsWith(`${year}-`))
    .map(([date, reason]) => [dayNumber(date), reason]);
}

/** `(observed)` where a holiday moved. */
function moved(day: DayNumber, name: string): NamedDay {
  const on = observed(day);
  return [on, on === day ? name : `${name} (observed)`];
}

/**
 * Days of a year, weekends aside, on which the exchanges don't open, with the reason. Valid from 1998 (the first Martin
 * Luther King Day).
 */
export function exchangeClosures(year: number): ReadonlyMap<DayNumber, string> {
  const newYear = dayNumberOf(year, 1, 1);
  const days: NamedDay[] = [
    [nthWeekday(year, 1, MONDAY, 3), 'Martin Luther King Jr. Day'],
    [nthWeekday(year, 2, MONDAY, 3), "Washington's Birthday"],
    [easterSunday(year) - 2, 'Good Friday'],
    [nthWeekday(year, 5, MONDAY, 'last'), 'Memorial Day'],
    moved(dayNumberOf(year, 7, 4), 'Independence Day'),
    [nthWeekday(year, 9, MONDAY, 1), 'Labor Day'],
    [nthWeekday(year, 11, THURSDAY, 4), 'Thanksgiving Day'],
    moved(dayNumberOf(year, 12, 25), 'Christmas Day'),
    ...inYear(ONE_OFF_CLOSURES, year),
  ];
  // A New Year's Day on a Saturday is not made up: Rule 7.2 keeps the last business day of the year open.
  if (weekdayOf(newYear) !== SATURDAY) days.push(moved(newYear, "New Year's Day"));
  if (year >= 2022) days.push(moved(dayNumberOf(year, 6, 19), 'Juneteenth'));
  return new Map(days);
}

/** Days of a year on which the exchanges close at 13:00 New York time, with the reason. */
export function exchangeEarlyCloses(year: number): ReadonlyMap<DayNumber, string> {
  const closed = exchangeClosures(year);
  const fourth = dayNumberOf(year, 7, 4);
  const days: NamedDay[] = [
    [nthWeekday(year, 11, THURSDAY, 4) + 1, 'day after Thanksgiving'],
    [dayNumberOf(year, 12, 24), 'Christmas Eve'],
    // July 4 on a Thursday: until 2012 the Friday after was short. Else, and since 2013 always, the day before, if it trades.
    weekdayOf(fourth) === THURSDAY && year < 2013
      ? [fourth + 1, 'day after Independence Day']
      : [fourth - 1, 'day before Independence Day'],
    ...inYear(ONE_OFF_EARLY_CLOSES, year),
  ];
  return new Map(
    days.filter(([day]) => !closed.has(day) && weekdayOf(day) !== SATURDAY && weekdayOf(day) !== SUNDAY),
  );
}

/** Days of a year on which the exchanges open at noon, with the reason. */
export function exchangeNoonOpens(year: number): ReadonlyMap<DayNumber, string> {
  return new Map(inYear(ONE_OFF_NOON_OPENS, year));
}
