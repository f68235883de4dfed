/** A calendar date without a time or zone, `YYYY-MM-DD`. Such dates compare correctly as text. */
export type CivilDate = string;

/** Days since 1970-01-01 (day 0, a Thursday). */
export type DayNumber = number;

/** Text that is not a date of the Gregorian calendar, such as `2023-02-29`. */
export class NotADateError extends Error {
  readonly code = 'NotADate';
  readonly retryable = false;
  constructor(value: string) {
    super(`not a date: ${JSON.stringify(value)}; expected YYYY-MM-DD such as 2018-02-05`);
    this.name = 'NotADateError';
  }
}

const DATE_TEXT = /^(\d{4})-(\d{2})-(\d{2})$/;
export const DAY_MILLIS = 86_400_000;

/**
 * The day number of a year, month (1–12) and day of the proleptic Gregorian calendar. Not checked: a day beyond the
 * month's end runs on into the next month. Source: H. Hinnant, “chrono-Compatible Low-Level Date Algorithms”,
 * `days_from_civil`.
 */
export function dayNumberOf(year: number, month: number, day: number): DayNumber {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Year, month (1–12) and day of a day number (Hinnant, `civil_from_days`). */
export function civilOf(day: DayNumber): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
} {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

/** The day number of a date. @throws NotADateError for anything that is not a real date in the form `YYYY-MM-DD`. */
export function dayNumber(date: CivilDate): DayNumber {
  const match = DATE_TEXT.exec(date);
  if (match === null) throw new NotADateError(date);
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const result = dayNumberOf(year, month, day);
  const back = civilOf(result);
  if (back.year !== year || back.month !== month || back.day !== day) throw new NotADateError(date);
  return result;
}

/** The date of a day number. */
export function dateOfDay(day: DayNumber): CivilDate {
  const { year, month, day: dayOfMonth } = civilOf(day);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
}

/** 0 is Sunday, 6 Saturday. */
export function weekdayOf(day: DayNumber): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** The `nth` (1–5) `weekday` (0 Sunday) of a month; the last one where `nth` is `'last'`. */
export function nthWeekday(year: number, month: number, weekday: number, nth: number | 'last'): DayNumber {
  if (nth === 'last') {
    const last = month === 12 ? dayNumberOf(year + 1, 1, 1) - 1 : dayNumberOf(year, month + 1, 1) - 1;
    return last - ((weekdayOf(last) - weekday + 7) % 7);
  }
  const first = dayNumberOf(year, month, 1);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1);
}
