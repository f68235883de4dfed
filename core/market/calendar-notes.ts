import { sessionsBetween } from './calendar.ts';
import { type CivilDate, civilOf, type DayNumber, dateOfDay, dayNumber, weekdayOf } from './civil-date.ts';
import { exchangeClosures, exchangeEarlyCloses, exchangeNoonOpens } from './exchange-holidays.ts';
import type { SessionTemplate } from './instrument.ts';

/** A day on which a market's hours are not the usual ones, and why. */
export interface CalendarNote {
  readonly date: CivilDate;
  readonly kind: 'closed' | 'early-close' | 'late-open';
  readonly reason: string;
}

/**
 * What is unusual from `from` to `to`, both inclusive, oldest first: closures of days that are usually open (weekends
 * are not among them), early closes, late opens. Forex and crypto have none here.
 * @throws OutsideCalendarError, NotADateError
 */
export function calendarNotes(
  template: SessionTemplate,
  from: CivilDate,
  to: CivilDate,
): readonly CalendarNote[] {
  // Refuses what is outside the calendar.
  sessionsBetween(template, from, to);
  switch (template) {
    case 'us-equity':
      return exchangeNotes(dayNumber(from), dayNumber(to));
    case 'forex':
    case 'crypto':
      return [];
  }
}

function exchangeNotes(from: DayNumber, to: DayNumber): readonly CalendarNote[] {
  const notes: { readonly day: DayNumber; readonly note: CalendarNote }[] = [];
  for (let year = civilOf(from).year; year <= civilOf(to).year; year++) {
    for (const [kind, days] of [
      ['closed', exchangeClosures(year)],
      ['early-close', exchangeEarlyCloses(year)],
      ['late-open', exchangeNoonOpens(year)],
    ] as const) {
      for (const [day, reason] of days) {
        if (day < from || day > to || weekdayOf(day) === 0 || weekdayOf(day) === 6) continue;
        notes.push({ day, note: { date: dateOfDay(day), kind, reason } });
      }
    }
  }
  return notes.sort((a, b) => a.day - b.day).map(({ note }) => note);
}
