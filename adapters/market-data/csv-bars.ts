import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type CsvError, parse } from 'csv-parse';
import { type BarColumn, BarFileError, type BarFileOptions, findColumns } from './bar-cells.ts';
import { type BarIntake, type BarStream, barIntake, collectBars, type LoadedBars } from './bar-file.ts';

export interface CsvBarOptions extends BarFileOptions {
  /** Between cells; a comma unless told. */
  readonly delimiter?: string;
}

/** A line longer than this is not one of bars: usually a quote that never closes. */
const LONGEST_LINE = 65_536;

interface CsvLine {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a CSV file of bars with a header line, in batches of accepted bars, so that the file may be larger than
 * memory. Every line that is not a bar is in the report with file, line, column, value and what was expected; every bar
 * that breaks a rule of data quality is quarantined there. The file's lines must be in order of time.
 *
 * @throws BarFileError where the file can't be read, has no header for the needed columns, or is nothing but errors
 */
export async function* streamCsvBars(file: string, options: CsvBarOptions): BarStream {
  const hash = createHash('sha256');
  const bytes = createReadStream(file);
  const skipped: CsvError[] = [];
  const parser = parse({
    bom: true,
    delimiter: options.delimiter ?? ',',
    info: true,
    max_record_size: LONGEST_LINE,
    on_skip: (fault) => void (fault !== undefined && skipped.push(fault)),
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    trim: true,
  });
  bytes.on('data', (chunk) => void hash.update(chunk));
  bytes.on('error', (cause) => parser.destroy(cause));
  bytes.pipe(parser);

  let intake: BarIntake | undefined;
  let width = 0;
  let header: readonly string[] = [];
  let places: Readonly<Record<BarColumn, number>> | undefined;
  let lastLine = 0;
  try {
    for await (const item of parser) {
      const { record, info } = item as CsvLine;
      if (intake === undefined || places === undefined) {
        const found = findColumns(file, record, options.columns);
        places = found;
        header = record;
        width = record.length;
        intake = barIntake(file, options, (column) => header[found[column]] ?? column);
      } else if (record.length !== width) {
        const at = Math.min(record.length, width);
        const name = header[at] ?? `${at + 1}`;
        intake.malformed(
          info.lines,
          name,
          record[at] ?? '',
          `${width} cells, as in the header; the line has ${record.length}`,
        );
      } else {
        const current = places;
        intake.line(info.lines, (column) => (current[column] < 0 ? undefined : record[current[column]]));
        const batch = intake.batch();
        if (batch !== undefined) yield batch;
      }
      noteSkipped(intake, skipped, lastLine);
      lastLine = info.lines;
    }
  } catch (cause) {
    // The project's own errors say more than a wrapper would.
    if (cause instanceof Error && 'retryable' in cause) throw cause;
    throw new BarFileError(
      file,
      `can't be read as CSV: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  } finally {
    bytes.destroy();
  }
  if (intake === undefined)
    throw new BarFileError(file, 'is empty; expected a header line and a line for each bar');
  noteSkipped(intake, skipped, lastLine);
  const { series, report } = intake.finish(hash.digest('hex'));
  yield series;
  return report;
}

/** Lines the parser could not split. A quote left open is reported where it opened, not where the file ended. */
function noteSkipped(intake: BarIntake, skipped: CsvError[], lastLine: number): void {
  for (const fault of skipped.splice(0)) {
    const atEnd = fault.code === 'CSV_QUOTE_NOT_CLOSED' || fault.code === 'CSV_MAX_RECORD_SIZE';
    const line = atEnd || typeof fault['lines'] !== 'number' ? lastLine + 1 : fault['lines'];
    intake.malformed(line, 'the whole line', '', `cells whose quotes open and close (${fault.code})`);
  }
}

/** Reads a whole CSV file of bars. See {@link streamCsvBars}. @throws BarFileError */
export function loadCsvBars(file: string, options: CsvBarOptions): Promise<LoadedBars> {
  return collectBars(streamCsvBars(file, { ...options, batchSize: Number.POSITIVE_INFINITY }));
}
