import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { BarFileError, type BarFileOptions, findColumns } from './bar-cells.ts';
import { type BarStream, barIntake, collectBars, type LoadedBars } from './bar-file.ts';

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Reads a Parquet file of bars, a row group at a time, in batches of accepted bars. Columns are found by name and may
 * be numbers, dates, timestamps or text; only those of bars are read. Uncompressed and Snappy files. Findings carry the
 * row (from 1) as their line; otherwise as for CSV.
 *
 * @throws BarFileError where the file can't be read or lacks a needed column
 */
export async function* streamParquetBars(file: string, options: BarFileOptions): BarStream {
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const names = parquetSchema(metadata).children.map((child) => child.element.name);
    const places = findColumns(file, names, options.columns);
    const nameOf = (place: number) => names[place] ?? '';
    const columns = Object.values(places)
      .filter((place) => place >= 0)
      .map(nameOf);
    const intake = barIntake(file, options, (column) =>
      places[column] < 0 ? column : nameOf(places[column]),
    );
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      const rows = await parquetReadObjects({
        file: buffer,
        metadata,
        columns,
        rowStart: start,
        rowEnd: end,
      });
      for (let index = 0; index < rows.length; index++) {
        const row = rows[index] as Readonly<Record<string, unknown>>;
        intake.line(start + index + 1, (column) =>
          places[column] < 0 ? undefined : row[nameOf(places[column])],
        );
        const batch = intake.batch();
        if (batch !== undefined) yield batch;
      }
      start = end;
    }
    const { series, report } = intake.finish(await sha256Of(file));
    yield series;
    return report;
  } catch (cause) {
    // The project's own errors say more than a wrapper would.
    if (cause instanceof Error && 'retryable' in cause) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new BarFileError(file, `can't be read as Parquet: ${message}`, { cause });
  }
}

/** Reads a whole Parquet file of bars. See {@link streamParquetBars}. @throws BarFileError */
export function loadParquetBars(file: string, options: BarFileOptions): Promise<LoadedBars> {
  return collectBars(streamParquetBars(file, { ...options, batchSize: Number.POSITIVE_INFINITY }));
}
