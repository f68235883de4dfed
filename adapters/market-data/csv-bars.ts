import { createHash } from 'node:crypto';
import { CsvError, parse } from 'csv-parse/sync';
import { type BarColumn, BarFileError, type BarFileOptions, findColumns } from './bar-cells.ts';
import { type BarIntake, type BarStream, barIntake, collectBars, type LoadedBars } from './bar-file.ts';
import { textLines } from './text-lines.ts';

export interface CsvBarOptions extends BarFileOptions {
  /** Between cells; a comma unless told. */
  readonly delimiter?: string;
}

/** A line longer than this is not one of bars. */
const LONGEST_LINE = 65_536;
/** Of a line that makes no sense, this much is shown. */
const SHOWN = 80;

/**
 * The cells of one line, or the code of what is wrong with its quotes. Each line stands alone: a bar has no line ends
 * in its cells, and so a stray quote costs its own line and not those after it.
 */
function cellsOf(line: string, delimiter: string): readonly string[] | { readonly fault: string } {
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
interface Layout {
  readonly header: readonly string[];
  readonly places: Readonly<Record<BarColumn, number>>;
  readonly intake: BarIntake;
}

function layoutOf(file: string, line: string, options: CsvBarOptions): Layout {
  const header = cellsOf(line, options.delimiter ?? ',');
  if ('fault' in header)
    throw new BarFileError(file, `the header's quotes don't open and close (${header.fault})`);
  const places = findColumns(file, header, options.columns);
  return { header, places, intake: barIntake(file, options, (column) => header[places[column]] ?? column) };
}

function readLine(layout: Layout, number: number, line: string, delimiter: string): void {
  const { header, places, intake } = layout;
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
 * Reads a CSV file of bars with a header line, in batches of accepted bars, so that the file may be larger than
 * memory. Every line that is not a bar is in the report with file, line, column, value and what was expected; every bar
 * that breaks a rule of data quality is quarantined there. Empty lines are passed over. The file's lines must be in order
 * of time.
 *
 * @throws BarFileError where the file can't be read, has no header for the needed columns, or is nothing but errors
 */
export async function* streamCsvBars(file: string, options: CsvBarOptions): BarStream {
  const hash = createHash('sha256');
  const delimiter = options.delimiter ?? ',';
  let layout: Layout | undefined;
  let number = 0;
  try {
    for await (const lines of textLines(file, hash, LONGEST_LINE)) {
      for (const line of lines) {
        number++;
        if (line.trim() === '') continue;
        if (layout === undefined) layout = layoutOf(file, line, options);
        else readLine(layout, number, line, delimiter);
        const batch = layout.intake.batch();
        if (batch !== undefined) yield batch;
      }
    }
  } catch (cause) {
    // The project's own errors say more than a wrapper would.
    if (cause instanceof Error && 'retryable' in cause) throw cause;
    throw new BarFileError(file, `can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  if (layout === undefined) {
    throw new BarFileError(file, 'is empty; expected a header line and a line for each bar');
  }
  const { series, report } = layout.intake.finish(hash.digest('hex'));
  yield series;
  return report;
}

/** Reads a whole CSV file of bars. See {@link streamCsvBars}. @throws BarFileError */
export function loadCsvBars(file: string, options: CsvBarOptions): Promise<LoadedBars> {
  return collectBars(streamCsvBars(file, { ...options, batchSize: Number.POSITIVE_INFINITY }));
}
