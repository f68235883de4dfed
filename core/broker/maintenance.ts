import { newYorkDate, newYorkInstant } from '#core/market/calendar.ts';
import { dateOfDay, dayNumber, weekdayOf } from '#core/market/civil-date.ts';
import { newYorkInstants } from '#core/market/new-york-time.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/** The gateway's planned absences, New York time. Null: none. */
export interface MaintenancePlan {
  /** The gateway restarts itself daily; a soft restart keeps its login. */
  readonly dailyRestart: { readonly hour: number; readonly minute: number; readonly minutes: number } | null;
  /** On Sunday the credentials die and a person logs in; until then there is no point in trying. */
  readonly sundayLogin: { readonly hour: number; readonly minute: number; readonly minutes: number } | null;
}

export interface MaintenanceWindow {
  readonly kind: 'daily-restart' | 'sunday-login';
  readonly from: EpochMillis;
  readonly to: EpochMillis;
}

/** The window that `now` lies in, or else the next one to come; null where none is planned. */
export function nextMaintenance(plan: MaintenancePlan, now: EpochMillis): MaintenanceWindow | null {
  const today = dayNumber(newYorkDate(now));
  const windows: MaintenanceWindow[] = [];
  // A window may have begun yesterday; the next Sunday is at most seven days away.
  for (let day = today - 1; day <= today + 7; day++) {
    const sunday = weekdayOf(day) === 0;
    if (plan.dailyRestart !== null) windows.push(windowOn('daily-restart', plan.dailyRestart, day));
    if (plan.sundayLogin !== null && sunday) windows.push(windowOn('sunday-login', plan.sundayLogin, day));
  }
  const ahead = windows.filter((window) => window.to > now);
  const running = ahead.filter((window) => window.from <= now).sort((a, b) => b.to - a.to)[0];
  return running ?? ahead.sort((a, b) => a.from - b.from || b.to - a.to)[0] ?? null;
}

/** By the wall clock at both ends: minutes added over a change of the clocks would end an hour beside what people are told. */
function windowOn(
  kind: MaintenanceWindow['kind'],
  time: { readonly hour: number; readonly minute: number; readonly minutes: number },
  day: number,
): MaintenanceWindow {
  const from = time.hour * 60 + time.minute;
  return { kind, from: wallClock(day, from), to: wallClock(day, from + time.minutes) };
}

const MINUTES_A_DAY = 1_440;
/** What the clocks show after the hour that is missing when daylight saving begins. */
const AFTER_THE_MISSING_HOUR = 3;

/** The instant so many minutes of the clock after a midnight in New York. In the hour that comes twice the first one. */
function wallClock(midnight: number, minutes: number): EpochMillis {
  const date = dateOfDay(midnight + Math.floor(minutes / MINUTES_A_DAY));
  const minute = minutes % MINUTES_A_DAY;
  const [first] = newYorkInstants(date, Math.floor(minute / 60), minute % 60);
  return first ?? newYorkInstant(date, AFTER_THE_MISSING_HOUR, 0);
}
