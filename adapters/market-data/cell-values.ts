import { type CivilDate, dateOfDay, dayNumber, NotADateError } from '#core/market/civil-date.ts';
import { newYorkInstants, OutsideNewYorkRangeError } from '#core/market/new-york-time.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { type EpochNanos, millisOf, nanosOf } from '#core/values/nanoseconds.ts';
import type { BadCell } from './market-file.ts';

/** An instant as a table stores it, to the nanosecond. */
export class StoredInstant {
  readonly nanos: EpochNanos;
  constructor(nanos: EpochNanos) {
    this.nanos = nanos;
  }

  toString(): string {
    const millis = millisOf(this.nanos);
    const below = String(this.nanos - nanosOf(millis)).padStart(6, '0');
    return Math.abs(millis) <= 8.64e15
      ? new Date(millis).toISOString().replace('Z', `${below}Z`)
      : `${this.nanos}`;
  }
}

/** How times without an offset are read. */
export interface LocalTimeOptions {
  /** Where the clock hangs that times without an offset were read from. Without it such times are errors. */
  readonly timeZone?: 'UTC' | 'America/New_York';
  /** Which instant is meant by a time that clocks show twice, when daylight saving ends. Without it such times are errors. */
  readonly ambiguousTime?: 'earlier' | 'later';
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number cell. Text such as `NaN` or `1,234.5` is not a number. An empty one is unknown where it may be. */
export function numberCell(value: unknown, mayBeEmpty: boolean, example: string): number | BadCell {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if ((value === null || value === undefined || value === '') && mayBeEmpty) return Number.NaN;
  if (typeof value === 'string' && NUMBER.test(value)) return Number(value);
  return { expected: `a number such as ${example}${mayBeEmpty ? ', or nothing' : ''}` };
}

const DATE_LEAD = /^(\d{4})-?(\d{2})-?(\d{2})/;
const MIDNIGHT = /^(?:[T ]00:00(?::00(?:\.0+)?)?)?(?:Z|[+-]00:?00)?$/;
const CLOCK = /^[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?$/;
const NANOS_PER_DAY = 86_400_000_000_000n;

/** The date of a session bar: `2018-02-05`, `20180205`, or such a date at midnight. */
export function dateCell(value: unknown): CivilDate | BadCell {
  const bad = { expected: 'a date such as 2018-02-05' };
  if (value instanceof StoredInstant)
    return value.nanos % NANOS_PER_DAY === 0n ? dateOfDay(Number(value.nanos / NANOS_PER_DAY)) : bad;
  const text = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  if (typeof text !== 'string') return bad;
  const match = DATE_LEAD.exec(text);
  if (match === null || !MIDNIGHT.test(text.slice(match[0].length))) return bad;
  const date = `${match[1]}-${match[2]}-${match[3]}`;
  try {
    dayNumber(date);
    return date;
  } catch (fault) {
    if (fault instanceof NotADateError) return bad;
    throw fault;
  }
}

/** Epoch seconds, milliseconds, microseconds or nanoseconds, told apart by their digits (years 2001 to 2286). */
function epochCell(text: string): EpochNanos | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  switch (text.length) {
    case 10:
      return BigInt(text) * 1_000_000_000n;
    case 13:
      return BigInt(text) * 1_000_000n;
    case 16:
      return BigInt(text) * 1_000n;
    case 19:
      return BigInt(text);
  }
  return undefined;
}

function offsetMillis(text: string): number {
  if (text === 'Z') return 0;
  const digits = text.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

const NOT_AN_INSTANT = { expected: 'a time such as 2018-02-05T14:30:00Z, or epoch milliseconds' };
const NEEDS_OFFSET = {
  expected: 'a time with its offset, such as 2018-02-05T09:30:00-05:00; or say the time zone of the file',
};
const NO_SUCH_TIME = {
  expected:
    'a time that exists in New York; clocks skip 02:00 to 03:00 that day, so give the offset, or the time zone the file really has',
};
const AMBIGUOUS = {
  expected:
    'a time that comes once in New York; clocks show 01:00 to 02:00 twice that day, so give the offset, or say whether the earlier or the later is meant',
};

/** An instant, as given, to the nanosecond. */
export function instantCell(value: unknown, options: LocalTimeOptions): EpochNanos | BadCell {
  const nanos = readInstant(value, options);
  return typeof nanos === 'bigint' && BigInt.asIntN(64, nanos) !== nanos
    ? { expected: 'a time from 1678 to 2262' }
    : nanos;
}

/** An instant, as given, in milliseconds; what is below one is cut off. */
export function millisCell(value: unknown, options: LocalTimeOptions): EpochMillis | BadCell {
  const nanos = instantCell(value, options);
  return typeof nanos === 'bigint' ? millisOf(nanos) : nanos;
}

function readInstant(value: unknown, options: LocalTimeOptions): EpochNanos | BadCell {
  if (value instanceof StoredInstant) return value.nanos;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? NOT_AN_INSTANT : nanosOf(value.getTime());
  const text = typeof value === 'bigint' || typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return NOT_AN_INSTANT;
  const epoch = epochCell(text);
  if (epoch !== undefined) return epoch;
  const lead = DATE_LEAD.exec(text);
  const clock = lead === null ? null : CLOCK.exec(text.slice(lead[0].length));
  if (lead === null || clock === null) return NOT_AN_INSTANT;
  const [hour, minute, second] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return NOT_AN_INSTANT;
  const date = `${lead[1]}-${lead[2]}-${lead[3]}`;
  const start = minuteOf(date, hour, minute, clock[5], options);
  if (typeof start === 'object') return start;
  return nanosOf(start + second * 1_000) + BigInt((clock[4] ?? '').padEnd(9, '0'));
}

/** The instant of a minute by its offset, or by the zone of the file. */
function minuteOf(
  date: CivilDate,
  hour: number,
  minute: number,
  offset: string | undefined,
  { timeZone, ambiguousTime }: LocalTimeOptions,
): number | BadCell {
  if (offset === undefined && timeZone === undefined) return NEEDS_OFFSET;
  try {
    if (offset !== undefined || timeZone !== 'America/New_York')
      return dayNumber(date) * 86_400_000 + (hour * 60 + minute) * 60_000 - offsetMillis(offset ?? 'Z');
    const [first, second] = newYorkInstants(date, hour, minute);
    if (first === undefined) return NO_SUCH_TIME;
    if (second === undefined) return first;
    if (ambiguousTime === undefined) return AMBIGUOUS;
    return ambiguousTime === 'earlier' ? first : second;
  } catch (fault) {
    if (fault instanceof NotADateError || fault instanceof OutsideNewYorkRangeError) return NOT_AN_INSTANT;
    throw fault;
  }
}

/** The text of a cell, for an error about it. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString();
  return String(value);
}
