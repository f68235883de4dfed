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
const ONE_OFF_CLOSURES: readonly string[] = [
  // Attack on the World Trade Center
  '2001-09-11',
  '2001-09-12',
  '2001-09-13',
  '2001-09-14',
  // Days of mourning: Reagan, Ford, G. H. W. Bush, Carter
  '2004-06-11',
  '2007-01-02',
  '2018-12-05',
  '2025-01-09',
  // Hurricane Sandy
  '2012-10-29',
  '2012-10-30',
];

/** 13:00 closes outside the rules: before the turn of the millennium; the Friday after Christmas 2003. */
const ONE_OFF_EARLY_CLOSES: readonly string[] = ['1999-12-31', '2003-12-26'];

/** Opens at noon: the first anniversary of 2001-09-11. */
const ONE_OFF_NOON_OPENS: readonly string[] = ['2002-09-11'];

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

function inYear(dates: readonly string[], year: number): DayNumber[] {
  return dates.filter((date) => date.startsWith(`${year}-`)).map(dayNumber);
}

/** Days of a year, weekends aside, on which the exchanges don't open. Valid from 1998 (the first Martin Luther King Day). */
export function exchangeClosures(year: number): ReadonlySet<DayNumber> {
  const newYear = dayNumberOf(year, 1, 1);
  const days = [
    nthWeekday(year, 1, MONDAY, 3), // Martin Luther King Day
    nthWeekday(year, 2, MONDAY, 3), // Washington's Birthday
    easterSunday(year) - 2, // Good Friday
    nthWeekday(year, 5, MONDAY, 'last'), // Memorial Day
    observed(dayNumberOf(year, 7, 4)),
    nthWeekday(year, 9, MONDAY, 1), // Labor Day
    nthWeekday(year, 11, THURSDAY, 4), // Thanksgiving
    observed(dayNumberOf(year, 12, 25)),
    ...inYear(ONE_OFF_CLOSURES, year),
  ];
  // A New Year's Day on a Saturday is not made up: Rule 7.2 keeps the last business day of the year open.
  if (weekdayOf(newYear) !== SATURDAY) days.push(observed(newYear));
  if (year >= 2022) days.push(observed(dayNumberOf(year, 6, 19))); // Juneteenth
  return new Set(days);
}

/** Days of a year on which the exchanges close at 13:00 New York time. */
export function exchangeEarlyCloses(year: number): ReadonlySet<DayNumber> {
  const closed = exchangeClosures(year);
  const days = [
    nthWeekday(year, 11, THURSDAY, 4) + 1,
    dayNumberOf(year, 12, 24),
    ...inYear(ONE_OFF_EARLY_CLOSES, year),
  ];
  const fourth = dayNumberOf(year, 7, 4);
  // July 4 on a Thursday: until 2012 the Friday after was short. Else, and since 2013 always, the day before, if it trades.
  days.push(weekdayOf(fourth) === THURSDAY && year < 2013 ? fourth + 1 : fourth - 1);
  return new Set(
    days.filter((day) => !closed.has(day) && weekdayOf(day) !== SATURDAY && weekdayOf(day) !== SUNDAY),
  );
}

/** Days of a year on which the exchanges open at noon. */
export function exchangeNoonOpens(year: number): ReadonlySet<DayNumber> {
  return new Set(inYear(ONE_OFF_NOON_OPENS, year));
}
