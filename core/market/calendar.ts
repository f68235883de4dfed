import type { EpochMillis } from '#core/values/clock.ts';
import {
  type CivilDate,
  civilOf,
  DAY_MILLIS,
  type DayNumber,
  dateOfDay,
  dayNumber,
  weekdayOf,
} from './civil-date.ts';
import { exchangeClosures, exchangeEarlyCloses, exchangeNoonOpens } from './exchange-holidays.ts';
import type { SessionTemplate } from './instrument.ts';
import { newYorkInstant } from './new-york-time.ts';

export { type CivilDate, NotADateError } from './civil-date.ts';
export { type NewYorkTime, newYorkDate, newYorkInstant, newYorkTime } from './new-york-time.ts';

/** The first and last dates for which sessions are known. */
export const CALENDAR_FIRST_DATE: CivilDate = '1998-01-01';
export const CALENDAR_LAST_DATE: CivilDate = '2028-12-31';

/**
 * One trading session: open from `open` (inclusive) to `close` (exclusive).
 * - `us-equity`: the regular session, 09:30–16:00 New York (13:00 on early closes; noon open on 2002-09-11).
 * - `forex`: 17:00 New York of the day before to 17:00 of `date`, Monday to Friday, so the week runs without a break
 *   from Sunday 17:00 to Friday 17:00. Bank holidays are not taken out: trading is thin then, not closed.
 * - `crypto`: the UTC day, every day.
 */
export interface Session {
  readonly date: CivilDate;
  readonly open: EpochMillis;
  readonly close: EpochMillis;
  readonly earlyClose: boolean;
}

/** A question about a time for which no calendar is kept. */
export class OutsideCalendarError extends Error {
  readonly code = 'OutsideCalendar';
  readonly retryable = false;
  constructor(template: SessionTemplate, what: string) {
    super(
      `${what} is outside the ${template} calendar, which is kept from ${CALENDAR_FIRST_DATE} to ${CALENDAR_LAST_DATE}; use a time inside, or extend the calendar`,
    );
    this.name = 'OutsideCalendarError';
  }
}

const FIRST_DAY = dayNumber(CALENDAR_FIRST_DATE);
const LAST_DAY = dayNumber(CALENDAR_LAST_DATE);

interface Table {
  readonly sessions: readonly Session[];
  /** By day since {@link FIRST_DAY}: how many sessions have an earlier date. One entry more than there are days. */
  readonly before: Int32Array;
}

function usEquitySessions(): Session[] {
  const sessions: Session[] = [];
  let year = 0;
  let closures: ReadonlyMap<DayNumber, string> = new Map();
  let earlyCloses: ReadonlyMap<DayNumber, string> = new Map();
  let noonOpens: ReadonlyMap<DayNumber, string> = new Map();
  for (let day = FIRST_DAY; day <= LAST_DAY; day++) {
    const weekday = weekdayOf(day);
    if (weekday === 0 || weekday === 6) continue;
    const dayYear = civilOf(day).year;
    if (dayYear !== year) {
      year = dayYear;
      closures = exchangeClosures(year);
      earlyCloses = exchangeEarlyCloses(year);
      noonOpens = exchangeNoonOpens(year);
    }
    if (closures.has(day)) continue;
    const date = dateOfDay(day);
    const earlyClose = earlyCloses.has(day);
    const open = noonOpens.has(day) ? newYorkInstant(date, 12, 0) : newYorkInstant(date, 9, 30);
    sessions.push(
      Object.freeze({ date, open, close: newYorkInstant(date, earlyClose ? 13 : 16, 0), earlyClose }),
    );
  }
  return sessions;
}

function forexSessions(): Session[] {
  const sessions: Session[] = [];
  for (let day = FIRST_DAY; day <= LAST_DAY; day++) {
    const weekday = weekdayOf(day);
    if (weekday === 0 || weekday === 6) continue;
    const date = dateOfDay(day);
    const open = newYorkInstant(dateOfDay(day - 1), 17, 0);
    sessions.push(Object.freeze({ date, open, close: newYorkInstant(date, 17, 0), earlyClose: false }));
  }
  return sessions;
}

function cryptoSessions(): Session[] {
  const sessions: Session[] = [];
  for (let day = FIRST_DAY; day <= LAST_DAY; day++) {
    const open = day * DAY_MILLIS;
    sessions.push(Object.freeze({ date: dateOfDay(day), open, close: open + DAY_MILLIS, earlyClose: false }));
  }
  return sessions;
}

function sessionsOf(template: SessionTemplate): Session[] {
  switch (template) {
    case 'us-equity':
      return usEquitySessions();
    case 'forex':
      return forexSessions();
    case 'crypto':
      return cryptoSessions();
  }
}

const tables = new Map<SessionTemplate, Table>();

/** Built on first use (a few milliseconds), then only read. */
function tableOf(template: SessionTemplate): Table {
  const known = tables.get(template);
  if (known !== undefined) return known;
  const sessions = sessionsOf(template);
  const before = new Int32Array(LAST_DAY - FIRST_DAY + 2);
  let count = 0;
  for (let day = FIRST_DAY; day <= LAST_DAY; day++) {
    before[day - FIRST_DAY] = count;
    const next = sessions[count];
    if (next !== undefined && next.date === dateOfDay(day)) count++;
  }
  before[before.length - 1] = count;
  const table = { sessions, before };
  tables.set(template, table);
  return table;
}

function dayInside(template: SessionTemplate, date: CivilDate): DayNumber {
  const day = dayNumber(date);
  if (day < FIRST_DAY || day > LAST_DAY) throw new OutsideCalendarError(template, date);
  return day;
}

function required(template: SessionTemplate, session: Session | undefined, what: () => string): Session {
  if (session === undefined) throw new OutsideCalendarError(template, what());
  return session;
}

function instantWords(instant: EpochMillis): string {
  return Math.abs(instant) <= 8.64e15 ? new Date(instant).toISOString() : String(instant);
}

/** How many sessions opened at or before `instant`. @throws OutsideCalendarError before the first open and at the end */
function openedBy(template: SessionTemplate, instant: EpochMillis): number {
  const { sessions } = tableOf(template);
  const first = sessions[0] as Session;
  const afterLast = (LAST_DAY + 1) * DAY_MILLIS;
  if (!(instant >= Math.min(first.open, FIRST_DAY * DAY_MILLIS) && instant < afterLast)) {
    throw new OutsideCalendarError(template, instantWords(instant));
  }
  let low = 0;
  let high = sessions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sessions[middle] as Session).open <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The session of a date, or null where there is none. @throws OutsideCalendarError, NotADateError */
export function sessionOn(template: SessionTemplate, date: CivilDate): Session | null {
  const day = dayInside(template, date);
  const { sessions, before } = tableOf(template);
  const session = sessions[before[day - FIRST_DAY] as number];
  return session !== undefined && session.date === date ? session : null;
}

/** Sessions dated `from` to `to`, both inclusive, oldest first. @throws OutsideCalendarError, NotADateError */
export function sessionsBetween(
  template: SessionTemplate,
  from: CivilDate,
  to: CivilDate,
): readonly Session[] {
  const fromDay = dayInside(template, from);
  const toDay = dayInside(template, to);
  const { sessions, before } = tableOf(template);
  return sessions.slice(before[fromDay - FIRST_DAY] as number, before[toDay - FIRST_DAY + 1] as number);
}

/** How many sessions lie from `from` to `to`, both inclusive. @throws OutsideCalendarError, NotADateError */
export function sessionCount(template: SessionTemplate, from: CivilDate, to: CivilDate): number {
  const fromDay = dayInside(template, from);
  const toDay = dayInside(template, to);
  const { before } = tableOf(template);
  return Math.max(0, (before[toDay - FIRST_DAY + 1] as number) - (before[fromDay - FIRST_DAY] as number));
}

/** The session in progress at an instant (`open` ≤ instant < `close`), or null. @throws OutsideCalendarError */
export function sessionAt(template: SessionTemplate, instant: EpochMillis): Session | null {
  const session = tableOf(template).sessions[openedBy(template, instant) - 1];
  return session !== undefined && instant < session.close ? session : null;
}

/** True where a session is in progress. @throws OutsideCalendarError */
export function isOpen(template: SessionTemplate, instant: EpochMillis): boolean {
  return sessionAt(template, instant) !== null;
}

/** The first open strictly after an instant. @throws OutsideCalendarError where the calendar ends before it */
export function nextOpen(template: SessionTemplate, instant: EpochMillis): EpochMillis {
  const session = tableOf(template).sessions[openedBy(template, instant)];
  return required(template, session, () => `the next open after ${instantWords(instant)}`).open;
}

/** The first close strictly after an instant. @throws OutsideCalendarError where the calendar ends before it */
export function nextClose(template: SessionTemplate, instant: EpochMillis): EpochMillis {
  const { sessions } = tableOf(template);
  const opened = openedBy(template, instant);
  const current = sessions[opened - 1];
  if (current !== undefined && instant < current.close) return current.close;
  return required(template, sessions[opened], () => `the next close after ${instantWords(instant)}`).close;
}

/** The last session dated strictly before `date`. @throws OutsideCalendarError where there is none */
export function previousSession(template: SessionTemplate, date: CivilDate): Session {
  const day = dayInside(template, date);
  const { sessions, before } = tableOf(template);
  return required(
    template,
    sessions[(before[day - FIRST_DAY] as number) - 1],
    () => `the session before ${date}`,
  );
}

/** The first session dated strictly after `date`. @throws OutsideCalendarError where there is none */
export function nextSession(template: SessionTemplate, date: CivilDate): Session {
  const day = dayInside(template, date);
  const { sessions, before } = tableOf(template);
  return required(
    template,
    sessions[before[day - FIRST_DAY + 1] as number],
    () => `the session after ${date}`,
  );
}

/** The last session that has closed by an instant (`close` ≤ instant). @throws OutsideCalendarError where there is none */
export function lastClosedSession(template: SessionTemplate, instant: EpochMillis): Session {
  const { sessions } = tableOf(template);
  const opened = openedBy(template, instant);
  const current = sessions[opened - 1];
  const session = current !== undefined && current.close <= instant ? current : sessions[opened - 2];
  return required(template, session, () => `the last session closed by ${instantWords(instant)}`);
}

/** Whole minutes from open to close: 390 for a full US equity session, 210 for an early close. */
export function sessionMinutes(session: Session): number {
  return Math.round((session.close - session.open) / 60_000);
}
