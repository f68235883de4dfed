import { DateTime } from 'luxon';
import { newYorkDate } from '#core/market/calendar.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/** Names that TWS uses for zones; others go out as IANA writes them. */
const TWS_ZONES: Readonly<Record<string, string>> = {
  'America/New_York': 'US/Eastern',
  'America/Chicago': 'US/Central',
  'America/Los_Angeles': 'US/Pacific',
};
/** Zone of the account: days of executions and profit begin at its midnight. */
export const ACCOUNT_ZONE = 'America/New_York';

export const twsZone = (zone: string): string => TWS_ZONES[zone] ?? zone;
const ianaZone = (zone: string): string =>
  Object.entries(TWS_ZONES).find(([, tws]) => tws === zone)?.[0] ??
  (zone === 'EST' ? 'America/New_York' : zone);

/** `20180205 09:31:00 US/Eastern`. */
export function zonedText(at: EpochMillis, zone: string): string {
  return `${DateTime.fromMillis(at, { zone }).toFormat('yyyyMMdd HH:mm:ss')} ${twsZone(zone)}`;
}

/** `20180205`, the date of an instant in a zone. */
export const dateText = (at: EpochMillis, zone: string): string =>
  // A history is thousands of dates of one zone, for which the calendar has a table.
  zone === ACCOUNT_ZONE
    ? newYorkDate(at).replaceAll('-', '')
    : DateTime.fromMillis(at, { zone }).toFormat('yyyyMMdd');

/** `20180205-14:31:00`, always UTC. */
export const utcText = (at: EpochMillis): string =>
  DateTime.fromMillis(at, { zone: 'utc' }).toFormat('yyyyMMdd-HH:mm:ss');

/** The latest midnight of the account's zone at or before an instant. */
export const midnightBefore = (at: EpochMillis): EpochMillis =>
  DateTime.fromMillis(at, { zone: ACCOUNT_ZONE }).startOf('day').toMillis();

/** `09:31`, the account's zone. */
export const clockText = (at: EpochMillis): string =>
  DateTime.fromMillis(at, { zone: ACCOUNT_ZONE }).toFormat('HH:mm');

const INSTANT = /^(\d{8})(?:(?:-| +)(\d{2}:\d{2}:\d{2}))?(?: +(\S+))?$/;

/**
 * Reads the instants that requests carry: `yyyymmdd-hh:mm:ss` (UTC), `yyyymmdd hh:mm:ss [zone]`, `yyyymmdd`.
 * @param zone what an instant without a zone means
 * @returns NaN where the text is none of these
 */
export function parseRequestInstant(written: string, zone: string): EpochMillis {
  const match = INSTANT.exec(written.trim());
  if (match === null) return Number.NaN;
  const [, date = '', time = '23:59:59', named] = match;
  const utc = written.trim()[8] === '-';
  const parsed = DateTime.fromFormat(`${date} ${time}`, 'yyyyMMdd HH:mm:ss', {
    zone: utc ? 'utc' : named === undefined ? zone : ianaZone(named),
  });
  return parsed.isValid ? parsed.toMillis() : Number.NaN;
}
