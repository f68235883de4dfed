import type { BarInterval } from '#core/market/bars.ts';
import { sessionAt } from '#core/market/calendar.ts';
import { type CivilDate, dayNumber, NotADateError } from '#core/market/civil-date.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import type { Instrument } from '#core/market/instrument.ts';
import {
  NoSuchLocalTimeError,
  newYorkInstant,
  OutsideNewYorkRangeError,
} from '#core/market/new-york-time.ts';
import type { ObservedBar } from '#core/market/quality.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/** The columns a bar is read from. `time` holds the date of session bars, the instant of minute bars. */
export const BAR_COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
export type BarColumn = (typeof BAR_COLUMNS)[number];

/** What the reader of a bar file has to be told. */
export interface BarFileOptions {
  readonly instrument: Instrument;
  readonly interval: BarInterval;
  /** Names of columns in the file where they are not the usual ones. Case and punctuation don't matter. */
  readonly columns?: Partial<Readonly<Record<BarColumn, string>>>;
  /** Where the clock hangs that times without an offset were read from. Without it such times are errors. */
  readonly timeZone?: 'UTC' | 'America/New_York';
  /** Whether a minute bar carries the time of its open (the default) or of its close. */
  readonly stamp?: 'open' | 'close';
  /** Splits and dividends that explain moves in the file's prices; leave out those it is adjusted for. */
  readonly actions?: readonly CorporateAction[];
  /** Bars a batch, for streaming. */
  readonly batchSize?: number;
  /** Malformed lines and quarantined bars after which the file is given up as not being what was asked for. */
  readonly largestFindings?: number;
}

/** A line that is not a bar. */
export interface MalformedLine {
  readonly file: string;
  /** The line of a text file (the header is 1), or the row of a table (the first is 1). */
  readonly line: number;
  readonly column: string;
  readonly value: string;
  readonly expected: string;
}

/** One sentence for people. */
export function malformedText(malformed: MalformedLine): string {
  const { file, line, column, value, expected } = malformed;
  return `${file}:${line}: column ${column} is ${JSON.stringify(value)}; expected ${expected}`;
}

/** A file that can't be read as bars at all. */
export class BarFileError extends Error {
  readonly code = 'BarFile';
  readonly retryable = false;
  readonly file: string;
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.name = 'BarFileError';
    this.file = file;
  }
}

const USUAL_NAMES: Readonly<Record<BarColumn, readonly string[]>> = {
  time: ['time', 'date', 'datetime', 'timestamp', 'day', 'opentime'],
  open: ['open', 'o', 'openprice'],
  high: ['high', 'h', 'highprice'],
  low: ['low', 'l', 'lowprice'],
  close: ['close', 'c', 'closeprice', 'last'],
  volume: ['volume', 'vol', 'v'],
};

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * Where each column stands among the names of a file. Volume may be missing (−1: unknown throughout).
 * @throws BarFileError naming the column that is missing or there twice
 */
export function findColumns(
  file: string,
  names: readonly string[],
  chosen: BarFileOptions['columns'] = {},
): Readonly<Record<BarColumn, number>> {
  const plainNames = names.map(plain);
  const found = { time: -1, open: -1, high: -1, low: -1, close: -1, volume: -1 };
  for (const column of BAR_COLUMNS) {
    const wanted = chosen[column];
    const accepted = wanted === undefined ? USUAL_NAMES[column] : [plain(wanted)];
    const places = plainNames.flatMap((name, index) => (accepted.includes(name) ? [index] : []));
    if (places.length > 1) {
      const twice = places.map((place) => names[place]).join(', ');
      throw new BarFileError(
        file,
        `more than one column could be the ${column}: ${twice}; say which with the columns option`,
      );
    }
    if (places.length === 0 && (column !== 'volume' || wanted !== undefined)) {
      throw new BarFileError(
        file,
        `no column for the ${column} among ${JSON.stringify(names.join(', '))}; expected one named ${accepted.join(', ')}`,
      );
    }
    found[column] = places[0] ?? -1;
  }
  return found;
}

/** A cell that can't be read: what would have been right. */
export interface BadCell {
  readonly expected: string;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number cell. Text such as `NaN` or `1,234.5` is not a number. An empty `volume` is unknown. */
export function numberCell(value: unknown, column: BarColumn): number | BadCell {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  const missing = value === null || value === undefined || value === '';
  if (missing && column === 'volume') return Number.NaN;
  if (typeof value === 'string' && NUMBER.test(value)) return Number(value);
  return { expected: column === 'volume' ? 'a number such as 1200, or nothing' : 'a number such as 123.45' };
}

const DATE_LEAD = /^(\d{4})-?(\d{2})-?(\d{2})/;
const MIDNIGHT = /^(?:[T ]00:00(?::00(?:\.0+)?)?)?(?:Z|[+-]00:?00)?$/;
const CLOCK = /^[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** The date of a session bar: `2018-02-05`, `20180205`, or such a date at midnight. */
export function dateCell(value: unknown): CivilDate | BadCell {
  const bad = { expected: 'a date such as 2018-02-05' };
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
function epochCell(text: string): EpochMillis | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  switch (text.length) {
    case 10:
      return Number(text) * 1_000;
    case 13:
      return Number(text);
    case 16:
      return Number(BigInt(text) / 1_000n);
    case 19:
      return Number(BigInt(text) / 1_000_000n);
  }
  return undefined;
}

function offsetMillis(text: string): number {
  if (text === 'Z') return 0;
  const digits = text.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** The instant of a minute bar, as given. */
export function instantCell(value: unknown, timeZone: BarFileOptions['timeZone']): EpochMillis | BadCell {
  const bad = { expected: 'a time such as 2018-02-05T14:30:00Z, or epoch milliseconds' };
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? bad : value.getTime();
  const text = typeof value === 'bigint' || typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return bad;
  const epoch = epochCell(text);
  if (epoch !== undefined) return epoch;
  const lead = DATE_LEAD.exec(text);
  const clock = lead === null ? null : CLOCK.exec(text.slice(lead[0].length));
  if (lead === null || clock === null) return bad;
  const date = `${lead[1]}-${lead[2]}-${lead[3]}`;
  const [hour, minute, second] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return bad;
  const millis = second * 1_000 + Math.floor(Number(`0.${clock[4] ?? 0}`) * 1_000);
  const offset = clock[5];
  try {
    if (offset === undefined && timeZone === undefined) {
      return {
        expected:
          'a time with its offset, such as 2018-02-05T09:30:00-05:00; or say the time zone of the file',
      };
    }
    if (offset === undefined && timeZone === 'America/New_York')
      return newYorkInstant(date, hour, minute) + millis;
    return (
      dayNumber(date) * 86_400_000 + (hour * 60 + minute) * 60_000 + millis - offsetMillis(offset ?? 'Z')
    );
  } catch (fault) {
    if (fault instanceof NoSuchLocalTimeError) {
      return { expected: 'a time that exists in New York; clocks skip 02:00 to 03:00 that day' };
    }
    if (fault instanceof NotADateError || fault instanceof OutsideNewYorkRangeError) return bad;
    throw fault;
  }
}

/** From the time a bar closes to the time it opens, on the grid that starts at its session's open. */
function openOf(closeStamp: EpochMillis, options: BarFileOptions, width: number): EpochMillis {
  try {
    const session = sessionAt(options.instrument.sessionTemplate, closeStamp - 1);
    if (session !== null) {
      return session.open + Math.floor((closeStamp - 1 - session.open) / width) * width;
    }
  } catch (fault) {
    // Outside the calendar: the inspector will say so of the bar.
    if (!(fault instanceof Error && 'code' in fault && fault.code === 'OutsideCalendar')) throw fault;
  }
  return closeStamp - width;
}

/** The time of a bar from its cell: a date for session bars, the open for minute bars. */
export function timeCell(value: unknown, options: BarFileOptions): CivilDate | EpochMillis | BadCell {
  if (options.interval.unit === 'session') return dateCell(value);
  const instant = instantCell(value, options.timeZone);
  if (typeof instant !== 'number' || options.stamp !== 'close') return instant;
  return openOf(instant, options, options.interval.count * 60_000);
}

/** The text of a cell, for an error about it. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString();
  return String(value);
}

/** A bar from the cells of a line, or the first cell that is wrong. `cell` gives the value of a column. */
export function barFromCells(
  line: number,
  cell: (column: BarColumn) => unknown,
  options: BarFileOptions,
): ObservedBar | ({ readonly column: BarColumn } & BadCell) {
  const time = timeCell(cell('time'), options);
  if (typeof time === 'object') return { column: 'time', expected: time.expected };
  const numbers = { open: 0, high: 0, low: 0, close: 0, volume: 0 };
  for (const column of ['open', 'high', 'low', 'close', 'volume'] as const) {
    const value = numberCell(cell(column), column);
    if (typeof value === 'object') return { column, expected: value.expected };
    numbers[column] = value;
  }
  return { source: line, time, ...numbers };
}
