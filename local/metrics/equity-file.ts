import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { dateCell, millisCell, numberCell } from '#adapters/market-data/cell-values.ts';
import type { BadCell } from '#adapters/market-data/market-file.ts';
import type { EquityCurve } from '#core/analytics/series.ts';
import {
  NEW_YORK_FIRST_YEAR,
  NEW_YORK_LAST_YEAR,
  newYorkInstant,
  newYorkOffset,
  OutsideNewYorkRangeError,
} from '#core/market/new-york-time.ts';

/** A file that cannot be read as marks of an account: where, what stands there, what was expected. */
export class EquityFileError extends Error {
  readonly code = 'EquityFile';
  readonly retryable = false;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EquityFileError';
  }
}

/** Marks from a file, and of a benchmark where the file has it. */
export interface EquityFile {
  readonly marks: EquityCurve;
  readonly benchmark: EquityCurve | null;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
}

const NAMES = {
  time: ['time', 'date', 'datetime', 'timestamp', 'day'],
  equity: ['equity', 'nav', 'netliquidation', 'balance'],
  benchmark: ['benchmark'],
} as const;
type Column = keyof typeof NAMES;

/** Hour in New York that a mark with nothing but a date is taken at: the close of the US market. */
const CLOSE_HOUR = 16;

interface Line {
  readonly number: number;
  readonly cells: readonly string[];
}

/**
 * Reads marks from a CSV file with the columns `time` (a date, an ISO instant, epoch digits, or a New York time without
 * offset), `equity` and, where there is one, `benchmark`; others are passed over.
 * @throws EquityFileError naming file, line, column, value and what was expected
 */
export function readEquityFile(file: string): EquityFile {
  const content = contentOf(file);
  const [header, ...lines] = linesOf(file, content);
  if (header === undefined || lines.length === 0)
    throw new EquityFileError(
      `${file} has no marks; expected a header line such as time,equity and a line for each mark`,
    );
  const places = placesOf(file, header.cells);
  const columns = { time: [] as number[], equity: [] as number[], benchmark: [] as number[] };
  lines.forEach((line, index) => {
    const refuse = (column: string, value: string, expected: string): never => {
      throw new EquityFileError(
        `${file}, line ${line.number}, column ${column}: ${JSON.stringify(value)} cannot be used; expected ${expected}. Mend the file, nothing was measured`,
      );
    };
    if (line.cells.length !== header.cells.length)
      refuse(
        header.cells[line.cells.length] ?? String(line.cells.length),
        line.cells.at(-1) ?? '',
        `${header.cells.length} cells, as in the header; the line has ${line.cells.length}`,
      );
    const read = (column: Column, of: (text: string) => number | BadCell): number => {
      const text = line.cells[places[column]] ?? '';
      const value = of(text);
      return typeof value === 'number'
        ? value
        : refuse(header.cells[places[column]] ?? column, text, value.expected);
    };
    columns.time.push(read('time', (text) => markTime(text, columns.time.at(-1))));
    columns.equity.push(read('equity', (text) => amount(text, index === lines.length - 1)));
    if (places.benchmark >= 0) columns.benchmark.push(read('benchmark', (text) => amount(text, false)));
  });
  const time = Float64Array.from(columns.time);
  return {
    marks: { time, equity: Float64Array.from(columns.equity) },
    benchmark: places.benchmark < 0 ? null : { time, equity: Float64Array.from(columns.benchmark) },
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new EquityFileError(
      `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); give the path of a CSV file with the columns time and equity`,
      { cause },
    );
  }
}

function linesOf(file: string, content: Buffer): readonly Line[] {
  const lines: Line[] = [];
  try {
    parse(content, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      on_record(cells: string[], { lines: number }) {
        lines.push({ number, cells });
        return null;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new EquityFileError(
      `${file} is not CSV: ${cause.message}; expected cells whose quotes open and close`,
      { cause },
    );
  }
  return lines;
}

function placesOf(file: string, names: readonly string[]): Readonly<Record<Column, number>> {
  const plain = names.map((name) => name.toLowerCase().replace(/[^a-z]/g, ''));
  const placeOf = (column: Column): number => {
    const accepted: readonly string[] = NAMES[column];
    const places = plain.flatMap((name, index) => (accepted.includes(name) ? [index] : []));
    if (places.length > 1)
      throw new EquityFileError(
        `${file}, line 1: more than one column could be the ${column}: ${places.map((place) => names[place]).join(', ')}; leave one`,
      );
    if (places.length === 0 && column !== 'benchmark')
      throw new EquityFileError(
        `${file}, line 1: no column for the ${column} among ${JSON.stringify(names.join(','))}; expected one named ${accepted.join(', ')}`,
      );
    return places[0] ?? -1;
  };
  return { time: placeOf('time'), equity: placeOf('equity'), benchmark: placeOf('benchmark') };
}

const DATE_ALONE = /^\d{4}-?\d{2}-?\d{2}$/;

/** An instant after the one before. A date alone is the close of the US market that day. */
function markTime(text: string, before: number | undefined): number | BadCell {
  const at = instantOf(text);
  if (typeof at === 'number' && before !== undefined && at <= before)
    return {
      expected: `a time after ${new Date(before).toISOString()} of the line before; sort the lines, one for each time`,
    };
  return at;
}

function instantOf(text: string): number | BadCell {
  try {
    if (DATE_ALONE.test(text)) {
      const date = dateCell(text);
      return typeof date === 'string' ? newYorkInstant(date, CLOSE_HOUR, 0) : date;
    }
    const at = millisCell(text, { timeZone: 'America/New_York' });
    // Days are those of New York, so its clock must be known there.
    if (typeof at === 'number') newYorkOffset(at);
    return at;
  } catch (fault) {
    if (!(fault instanceof OutsideNewYorkRangeError)) throw fault;
    return { expected: `a time from ${NEW_YORK_FIRST_YEAR} to ${NEW_YORK_LAST_YEAR}` };
  }
}

/** An amount above zero; a curve may end at or below zero, and then it ends. */
function amount(text: string, last: boolean): number | BadCell {
  const value = numberCell(text, false, '101250.50');
  if (typeof value === 'object') return value;
  if (!Number.isFinite(value)) return { expected: 'a finite number such as 101250.50' };
  return value > 0 || last ? value : { expected: 'a number above zero, as marks follow' };
}
