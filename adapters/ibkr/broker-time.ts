import { DateTime } from 'luxon';
import type { EpochMillis } from '#core/values/clock.ts';

/** A time on a wall somewhere, with the name of the zone where one is written. */
interface Written {
  readonly wall: string;
  readonly isUtc: boolean;
  readonly zone: string;
}

/** `20180205 10:31:00 America/New_York`, `20180205 10:31:00` (where the gateway stands) or `20180205-15:31:00` (UTC). */
function written(text: string): Written | null {
  const [, date, separator, time, zone = ''] =
    /^(\d{8})(-| {1,2})(\d{2}:\d{2}:\d{2})(?: +(\S.*))?$/.exec(text.trim()) ?? [];
  return date === undefined ? null : { wall: `${date} ${time}`, isUtc: separator === '-', zone };
}

function instantIn(wall: string, zone: string): EpochMillis | null {
  const parsed = DateTime.fromFormat(wall, 'yyyyMMdd HH:mm:ss', { zone });
  return parsed.isValid ? parsed.toMillis() : null;
}

/** Names of zones, in Java's long words, that are the same in summer and in winter to those who write them. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  'Eastern Standard Time': 'America/New_York',
  'Eastern Daylight Time': 'America/New_York',
  'Central Daylight Time': 'America/Chicago',
  'Mountain Daylight Time': 'America/Denver',
  'Pacific Standard Time': 'America/Los_Angeles',
  'Pacific Daylight Time': 'America/Los_Angeles',
  'Central European Time': 'Europe/Berlin',
  'Central European Standard Time': 'Europe/Berlin',
  'Central European Summer Time': 'Europe/Berlin',
  'Greenwich Mean Time': 'UTC',
  'Coordinated Universal Time': 'UTC',
};

/**
 * What a short name may stand for: the clocks of its region, or for ever so many hours from UTC. It is read where both are
 * the same. Names that several regions use for their own (CST, IST, BST) are not here.
 */
const SHORT_NAMES: Readonly<Record<string, readonly [string, string]>> = {
  EST: ['America/New_York', 'UTC-5'],
  EDT: ['America/New_York', 'UTC-4'],
  PST: ['America/Los_Angeles', 'UTC-8'],
  PDT: ['America/Los_Angeles', 'UTC-7'],
  CET: ['Europe/Berlin', 'UTC+1'],
  MET: ['Europe/Berlin', 'UTC+1'],
  CEST: ['Europe/Berlin', 'UTC+2'],
};

/** Names of the time zone database that mean one thing. */
const UNAMBIGUOUS = /^(?:[A-Z]\w+(?:\/[\w+-]+)+|UTC|GMT|[A-Z]{3}\d[A-Z]{3})$/;

function zonesOf(name: string): readonly string[] {
  if (UNAMBIGUOUS.test(name)) return [name];
  const long = LONG_NAMES[name];
  return long === undefined ? (SHORT_NAMES[name] ?? []) : [long];
}

const QUARTER_HOUR_MS = 900_000;

/**
 * Reads the times of a gateway. It writes them as the clocks show that it was set to, under a name of its own or none: how
 * they differ from UTC is learned from the time that it greets with and the true one that it tells a moment later.
 */
export class GatewayTime {
  #greeting: Written | null = null;
  #offset: number | null = null;

  /** The gateway's first words have its own time in them. */
  greeted(text: string): void {
    this.#greeting = written(text);
    this.#offset = null;
  }

  /** The gateway has told the true time. */
  told(now: EpochMillis): void {
    if (this.#greeting === null || this.#offset !== null) return;
    const wall = instantIn(this.#greeting.wall, 'utc');
    if (wall !== null) this.#offset = Math.round((wall - now) / QUARTER_HOUR_MS) * QUARTER_HOUR_MS;
  }

  /** The instant that a text of the gateway's means; null where that is not known. */
  instant(text: string): EpochMillis | null {
    const time = written(text);
    if (time === null) return null;
    const utc = instantIn(time.wall, 'utc');
    if (utc === null || time.isUtc) return utc;
    const isOwn = time.zone === '' || time.zone === this.#greeting?.zone;
    if (isOwn && !UNAMBIGUOUS.test(time.zone) && this.#offset !== null) return utc - this.#offset;
    const instants = new Set(zonesOf(time.zone).map((zone) => instantIn(time.wall, zone)));
    const [instant = null] = instants;
    return instants.size === 1 ? instant : null;
  }
}
