import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { dateCell, millisCell, numberCell } from '#adapters/market-data/cell-values.ts';
import type { BadCell } from '#adapters/market-data/market-file.ts';
import {
  NEW_YORK_FIRST_YEAR,
  NEW_YORK_LAST_YEAR,
  newYorkInstant,
  newYorkOffset,
  OutsideNewYorkRangeError,
} from '#core/market/new-york-time.ts';

/** A file that cannot be read as the table that was asked for: where, what stands there, what was expected. */
export class CsvTableError extends Error {
  readonly code = 'CsvTable';
  readonly retryable = false;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CsvTableError';
  }
}

export interface CsvLine {
  /** Line of the file, from 1. */
  readonly number: number;
  /** As many as the header has. */
  readonly cells: readonly string[];
}

/** Names that stand in the header for one column. */
export const TIME_NAMES = ['time', 'date', 'datetime', 'timestamp', 'day'] as const;

/** What a table is to hold, for messages. */
export interface TableWish {
  /** What a line is: `marks`. */
  readonly lines: string;
  /** A header: `time,equity`. */
  readonly header: string;
}

/** A CSV file with a header and lines of as many cells. */
export class CsvTable {
  readonly file: string;
  readonly header: readonly string[];
  readonly lines: readonly CsvLine[];
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;

  /** @throws CsvTableError for a file that is not there, no CSV, empty, or has a line of another length */
  constructor(file: string, { lines: what, header: example }: TableWish) {
    const content = contentOf(file, example);
    const [header, ...lines] = linesOf(file, content);
    if (header === undefined || lines.length === 0)
      throw new CsvTableError(
        `${file} has no ${what}; expected a header line such as ${example} and a line for each of them`,
      );
    this.file = file;
    this.header = header.cells;
    this.lines = lines;
    this.sha256 = createHash('sha256').update(content).digest('hex');
  }

  /** @throws CsvTableError naming file, line, column and value, with what was expected */
  refuse(line: CsvLine, column: string, value: string, expected: string): never {
    throw new CsvTableError(
      `${this.file}, line ${line.number}, column ${column}: ${JSON.stringify(value)} cannot be used; expected ${expected}. Mend the file, nothing was measured`,
    );
  }

  /**
   * The place of the one column with one of the names (letters only, any case); undefined where there is none.
   * @throws CsvTableError where more than one could be meant
   */
  placeOf(what: string, accepted: readonly string[]): number | undefined {
    const places = this.header.flatMap((name, place) =>
      accepted.includes(name.toLowerCase().replace(/[^a-z]/g, '')) ? [place] : [],
    );
    if (places.length > 1)
      throw new CsvTableError(
        `${this.file}, line 1: more than one column could be the ${what}: ${places.map((place) => this.header[place]).join(', ')}; leave one`,
      );
    return places[0];
  }

  /** The same, of a column that must be there. @throws CsvTableError */
  requirePlace(what: string, accepted: readonly string[]): number {
    const place = this.placeOf(what, accepted);
    if (place === undefined)
      throw new CsvTableError(
        `${this.file}, line 1: no column for the ${what} among ${JSON.stringify(this.header.join(','))}; expected one named ${accepted.join(', ')}`,
      );
    return place;
  }

  /**
   * The numbers of a column, top to bottom.
   * @param read the number of a cell, told whether the line is the last, or what was expected
   * @throws CsvTableError naming the first cell that is none
   */
  column(
    place: number,
    read: (text: string, last: boolean, before: number | undefined) => number | BadCell,
  ): Float64Array {
    const column = new Float64Array(this.lines.length);
    this.lines.forEach((line, index) => {
      this.checkWidth(line);
      const text = line.cells[place] ?? '';
      const value = read(text, index === this.lines.length - 1, index === 0 ? undefined : column[index - 1]);
      if (typeof value === 'object')
        this.refuse(line, this.header[place] ?? String(place), text, value.expected);
      column[index] = value;
    });
    return column;
  }

  /** Rising instants, epoch milliseconds: {@link markTime}. @throws CsvTableError */
  times(place: number): Float64Array {
    return this.column(place, (text, _, before) => markTime(text, before));
  }

  private checkWidth(line: CsvLine): void {
    const { header } = this;
    if (line.cells.length !== header.length)
      this.refuse(
        line,
        header[line.cells.length] ?? String(line.cells.length),
        line.cells.at(-1) ?? '',
        `${header.length} cells, as in the header; the line has ${line.cells.length}`,
      );
  }
}

function contentOf(file: string, example: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CsvTableError(
      `${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); give the path of a CSV file with a header such as ${example}`,
      { cause },
    );
  }
}

function linesOf(file: string, content: Buffer): readonly CsvLine[] {
  const lines: CsvLine[] = [];
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
    throw new CsvTableError(
      `${file} is not CSV: ${cause.message}; expected cells whose quotes open and close`,
      {
        cause,
      },
    );
  }
  return lines;
}

/** Hour in New York that a line with nothing but a date is taken at: the close of the US market. */
const CLOSE_HOUR = 16;
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

/** A finite number. */
export function finiteCell(text: string, example: string): number | BadCell {
  const value = numberCell(text, false, example);
  if (typeof value === 'object' || Number.isFinite(value)) return value;
  return { expected: `a finite number such as ${example}` };
}

/** A finite number above zero. */
export function priceCell(text: string, example: string): number | BadCell {
  const value = finiteCell(text, example);
  return typeof value === 'object' || value > 0
    ? value
    : { expected: `a number above zero such as ${example}` };
}

/** A return as a fraction: nothing loses more than all. */
export function returnCell(text: string): number | BadCell {
  const value = finiteCell(text, '-0.0125');
  return typeof value === 'object' || value >= -1
    ? value
    : { expected: 'a return as a fraction of at least -1, such as -0.0125' };
}
