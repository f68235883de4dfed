import { createHash } from 'node:crypto';
import { CsvError, parse } from 'csv-parse/sync';
import { type FileIntake, fileIntake } from './file-intake.ts';
import {
  type ColumnPlaces,
  type FileKind,
  type FileOptions,
  findColumns,
  MarketFileError,
  type MarketStream,
} from './market-file.ts';
import { textLines } from './text-lines.ts';

/** What the reader of a text file may be told. */
export interface CsvOptions {
  /** Between cells; a comma unless told. */
  readonly delimiter?: string;
}

/** A line longer than this is not one of market data. */
const LONGEST_LINE = 65_536;
/** Of a line that makes no sense, this much is shown. */
const SHOWN = 80;

/**
 * The cells of one line, or the code of what is wrong with its quotes. Each line stands alone: market data have no line
 * ends in their cells, and so a stray quote costs its own line and not those after it.
 */
export function cellsOf(line: string, delimiter: string): readonly string[] | { readonly fault: string } {
  if (!line.includes('"')) {
    const cells = line.split(delimiter);
    for (let i = 0; i < cells.length; i++) cells[i] = (cells[i] as string).trim();
    return cells;
  }
  try {
    const [cells] = parse(line, { delimiter, trim: true, relax_column_count: true });
    return cells ?? [];
  } catch (fault) {
    if (fault instanceof CsvError) return { fault: fault.code };
    throw fault;
  }
}

/** What the header has settled. */
interface Layout<Column extends string, Series, Report> {
  readonly header: readonly string[];
  readonly places: ColumnPlaces<Column>;
  readonly intake: FileIntake<Column, Series, Report>;
}

function readLine<Column extends string, Series, Report>(
  { header, places, intake }: Layout<Column, Series, Report>,
  number: number,
  line: string,
  delimiter: string,
): void {
  if (line.length > LONGEST_LINE) {
    intake.malformed(number, 'the whole line', line.slice(0, SHOWN), `at most ${LONGEST_LINE} characters`);
    return;
  }
  const cells = cellsOf(line, delimiter);
  if ('fault' in cells) {
    intake.malformed(
      number,
      'the whole line',
      line.slice(0, SHOWN),
      `cells whose quotes open and close (${cells.fault})`,
    );
  } else if (cells.length !== header.length) {
    const at = Math.min(cells.length, header.length);
    const expected = `${header.length} cells, as in the header; the line has ${cells.length}`;
    intake.malformed(number, header[at] ?? `${at + 1}`, cells[at] ?? '', expected);
  } else {
    intake.line(number, (column) => (places[column] < 0 ? undefined : cells[places[column]]));
  }
}

/**
 * Reads a CSV file with a header line in batches of what is accepted, so that the file may be larger than memory. Every
 * line that can't be read is in the report with file, line, column, value and what was expected; every row that breaks a
 * rule of data quality is quarantined there. Empty lines are passed over. Lines must be in order of time.
 *
 * @throws MarketFileError where the file can't be read, has no header for the needed columns, or is nothing but errors
 */
export async function* streamCsv<
  Column extends string,
  Row,
  Series extends { readonly length: number },
  Report,
>(
  file: string,
  kind: FileKind<Column, Row, Series, Report>,
  options: FileOptions<Column> & CsvOptions,
): MarketStream<Series, Report> {
  const hash = createHash('sha256');
  const delimiter = options.delimiter ?? ',';
  let layout: Layout<Column, Series, Report> | undefined;
  let number = 0;

  const layoutOf = (line: string): Layout<Column, Series, Report> => {
    const header = cellsOf(line, delimiter);
    if ('fault' in header)
      throw new MarketFileError(file, `the header's quotes don't open and close (${header.fault})`);
    const places = findColumns(file, header, kind.columns, options.columns);
    const intake = fileIntake(file, kind, options, (column) => header[places[column]] ?? column);
    return { header, places, intake };
  };

  try {
    for await (const lines of textLines(file, hash, LONGEST_LINE)) {
      for (const line of lines) {
        number++;
        if (line.trim() === '') continue;
        if (layout === undefined) layout = layoutOf(line);
        else readLine(layout, number, line, delimiter);
        const batch = layout.intake.batch();
        if (batch !== undefined) yield batch;
      }
    }
  } catch (cause) {
    // The project's own errors say more than a wrapper would.
    if (cause instanceof Error && 'retryable' in cause) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new MarketFileError(file, `can't be read: ${message}`, { cause });
  }
  if (layout === undefined) {
    throw new MarketFileError(file, 'is empty; expected a header line, and a line for each row of data');
  }
  const { series, report } = layout.intake.finish(hash.digest('hex'));
  yield series;
  return report;
}
