import type { EpochMillis } from '#core/values/clock.ts';
import {
  type CivilDate,
  civilOf,
  DAY_MILLIS,
  dateOfDay,
  dayNumber,
  nthWeekday,
  weekdayOf,
} from './civil-date.ts';

/** The years for which the daylight saving rule below is the law as it was (or now stands). */
export const NEW_YORK_FIRST_YEAR = 1987;
export const NEW_YORK_LAST_YEAR = 2037;

const HOUR = 3_600_000;
const MINUTE = 60_000;
const STANDARD_OFFSET = -5 * HOUR;
const DAYLIGHT_OFFSET = -4 * HOUR;

/** A wall clock reading in New York. `weekday`: 0 is Sunday. */
export interface NewYorkTime {
  readonly date: CivilDate;
  readonly hour: number;
  readonly minute: number;
  readonly weekday: number;
}

/** An instant or date for which the daylight saving rule is not known here. */
export class OutsideNewYorkRangeError extends Error {
  readonly code = 'OutsideNewYorkRange';
  readonly retryable = false;
  constructor(what: string) {
    super(
      `${what} is outside ${NEW_YORK_FIRST_YEAR}–${NEW_YORK_LAST_YEAR}, the years whose New York daylight saving rule is known; use a date inside`,
    );
    this.name = 'OutsideNewYorkRangeError';
  }
}

/** A wall clock reading that never happened: the hour skipped when daylight saving begins. */
export class NoSuchLocalTimeError extends Error {
  readonly code = 'NoSuchLocalTime';
  readonly retryable = false;
  constructor(date: CivilDate, hour: number, minute: number) {
    const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
    super(
      `${date} ${time} does not exist in New York: clocks go from 02:00 to 03:00 that day; give a time outside that hour`,
    );
    this.name = 'NoSuchLocalTimeError';
  }
}

interface DaylightYear {
  readonly startDay: number;
  readonly endDay: number;
  /** 02:00 standard time. */
  readonly start: EpochMillis;
  /** 02:00 daylight time. */
  readonly end: EpochMillis;
}

/**
 * Uniform Time Act: from 1987 the first Sunday of April to the last of October (Pub. L. 99-359); from 2007 the second
 * Sunday of March to the first of November (Energy Policy Act of 2005, sec. 110). Changes at 02:00 local time.
 */
const DAYLIGHT: readonly DaylightYear[] = Array.from(
  { length: NEW_YORK_LAST_YEAR - NEW_YORK_FIRST_YEAR + 1 },
  (_, index) => {
    const year = NEW_YORK_FIRST_YEAR + index;
    const startDay = year < 2007 ? nthWeekday(year, 4, 0, 1) : nthWeekday(year, 3, 0, 2);
    const endDay = year < 2007 ? nthWeekday(year, 10, 0, 'last') : nthWeekday(year, 11, 0, 1);
    return {
      startDay,
      endDay,
      start: startDay * DAY_MILLIS + 2 * HOUR - STANDARD_OFFSET,
      end: endDay * DAY_MILLIS + 2 * HOUR - DAYLIGHT_OFFSET,
    };
  },
);

function daylightOf(year: number, what: () => string): DaylightYear {
  const found = DAYLIGHT[year - NEW_YORK_FIRST_YEAR];
  if (found === undefined) throw new OutsideNewYorkRangeError(what());
  return found;
}

function describe(instant: EpochMillis): string {
  return Number.isFinite(instant) && Math.abs(instant) <= 8.64e15
    ? new Date(instant).toISOString()
    : String(instant);
}

/** New York's offset from UTC in milliseconds at an instant (negative). @throws OutsideNewYorkRangeError */
export function newYorkOffset(instant: EpochMillis): number {
  if (!Number.isFinite(instant)) throw new OutsideNewYorkRangeError(describe(instant));
  // The year in standard time: changes happen far from New Year, so it selects the right pair.
  const year = civilOf(Math.floor((instant + STANDARD_OFFSET) / DAY_MILLIS)).year;
  const daylight = daylightOf(year, () => describe(instant));
  return instant >= daylight.start && instant < daylight.end ? DAYLIGHT_OFFSET : STANDARD_OFFSET;
}

/** The date in New York at an instant. @throws OutsideNewYorkRangeError */
export function newYorkDate(instant: EpochMillis): CivilDate {
  return dateOfDay(Math.floor((instant + newYorkOffset(instant)) / DAY_MILLIS));
}

/** The wall clock in New York at an instant; seconds are cut off. @throws OutsideNewYorkRangeError */
export function newYorkTime(instant: EpochMillis): NewYorkTime {
  const local = instant + newYorkOffset(instant);
  const day = Math.floor(local / DAY_MILLIS);
  const inDay = local - day * DAY_MILLIS;
  return {
    date: dateOfDay(day),
    hour: Math.floor(inDay / HOUR),
    minute: Math.floor((inDay % HOUR) / MINUTE),
    weekday: weekdayOf(day),
  };
}

/**
 * All instants at which the clocks of New York show a reading: none in the hour that is skipped when daylight saving
 * begins, two (earlier first) in the hour that happens twice when it ends, else one. `hour` is 0–24; 24:00 is the next
 * midnight.
 * @throws OutsideNewYorkRangeError
 * @throws RangeError for an hour or minute that no clock shows
 */
export function newYorkInstants(date: CivilDate, hour: number, minute: number): readonly EpochMillis[] {
  const validHour = Number.isInteger(hour) && hour >= 0 && (hour < 24 || (hour === 24 && minute === 0));
  if (!validHour || !Number.isInteger(minute) || minute < 0 || minute > 59) {
    throw new RangeError(
      `not a time of day: ${hour}:${minute}; expected an hour of 0–23 and a minute of 0–59`,
    );
  }
  const day = dayNumber(date);
  const daylight = daylightOf(civilOf(day).year, () => date);
  const local = day * DAY_MILLIS + hour * HOUR + minute * MINUTE;
  const startLocal = daylight.startDay * DAY_MILLIS + 2 * HOUR;
  if (local >= startLocal && local < startLocal + HOUR) return [];
  const endLocal = daylight.endDay * DAY_MILLIS + 2 * HOUR;
  if (local >= endLocal - HOUR && local < endLocal) return [local - DAYLIGHT_OFFSET, local - STANDARD_OFFSET];
  return [local - (local >= startLocal && local < endLocal ? DAYLIGHT_OFFSET : STANDARD_OFFSET)];
}

/**
 * The instant of a New York wall clock reading; in the hour that happens twice the first, in daylight time. See
 * {@link newYorkInstants}.
 * @throws NoSuchLocalTimeError in the hour that is skipped
 * @throws OutsideNewYorkRangeError
 * @throws RangeError for an hour or minute that no clock shows
 */
export function newYorkInstant(date: CivilDate, hour: number, minute: number): EpochMillis {
  const [first] = newYorkInstants(date, hour, minute);
  if (first === undefined) throw new NoSuchLocalTimeError(date, hour, minute);
  return first;
}
