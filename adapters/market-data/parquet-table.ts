import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetScan, parquetSchema } from 'hyparquet';
import { StoredInstant } from './cell-values.ts';
import { fileIntake } from './file-intake.ts';
import {
  type FileKind,
  type FileOptions,
  findColumns,
  MarketFileError,
  type MarketStream,
} from './market-file.ts';

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Timestamps keep their nanoseconds. */
const PARSERS = {
  timestampFromMilliseconds: (millis: bigint) => new StoredInstant(BigInt(millis) * 1_000_000n),
  timestampFromMicroseconds: (micros: bigint) => new StoredInstant(BigInt(micros) * 1_000n),
  timestampFromNanoseconds: (nanos: bigint) => new StoredInstant(BigInt(nanos)),
};

/** Beside Snappy, which the reader has itself. A page that unpacks to more than it says is refused. */
const COMPRESSORS = {
  GZIP: (page: Uint8Array, maxOutputLength: number) => gunzipSync(page, { maxOutputLength }),
  BROTLI: (page: Uint8Array, maxOutputLength: number) => brotliDecompressSync(page, { maxOutputLength }),
  ZSTD: (page: Uint8Array, maxOutputLength: number) => zstdDecompressSync(page, { maxOutputLength }),
};

/** A file's own column names, and its rows column by column. */
interface ParquetTable {
  readonly names: readonly string[];
  /** Rows of each row group. */
  readonly groups: readonly number[];
  read(column: string, from: number, to: number): Promise<ArrayLike<unknown>>;
}

async function openTable(file: string): Promise<ParquetTable> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await parquetMetadataAsync(buffer);
  const scan = await parquetScan({ file: buffer, metadata, parsers: PARSERS, compressors: COMPRESSORS });
  return {
    names: parquetSchema(metadata).children.map((child) => child.element.name),
    groups: metadata.row_groups.map((group) => Number(group.num_rows)),
    read: (column, rowStart, rowEnd) => scan.readColumn({ column, rowStart, rowEnd }),
  };
}

/** The project's own errors as they are, others as an error of the file. */
function readFault(file: string, cause: unknown): unknown {
  if (cause instanceof Error && 'retryable' in cause) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new MarketFileError(
    file,
    `can't be read as Parquet: ${message}; expected a whole Parquet file, uncompressed or in Snappy, gzip, Brotli or Zstandard`,
    { cause },
  );
}

/** The column names of a Parquet file, and its first rows as text. @throws MarketFileError */
export async function parquetHead(
  file: string,
  rows: number,
): Promise<{ readonly names: readonly string[]; readonly rows: readonly (readonly unknown[])[] }> {
  try {
    const { names, groups, read } = await openTable(file);
    const end = Math.min(rows, groups[0] ?? 0);
    const columns = await Promise.all(names.map((name) => read(name, 0, end)));
    return { names, rows: Array.from({ length: end }, (_, row) => columns.map((column) => column[row])) };
  } catch (cause) {
    throw readFault(file, cause);
  }
}

/**
 * Reads a Parquet file, a row group at a time and of it only the needed columns, in batches of what is accepted; memory
 * is bounded by the largest row group. Columns are found by name and may be numbers, dates, timestamps (to the
 * nanosecond) or text. Uncompressed files and those in
 * Snappy, gzip, Brotli or Zstandard. Findings carry the row (from 1) as their line; otherwise as for CSV.
 *
 * @throws MarketFileError where the file can't be read or lacks a needed column
 */
export async function* streamParquet<
  Column extends string,
  Row,
  Series extends { readonly length: number },
  Report,
>(
  file: string,
  kind: FileKind<Column, Row, Series, Report>,
  options: FileOptions<Column>,
): MarketStream<Series, Report> {
  try {
    const { names, groups, read } = await openTable(file);
    const places = findColumns(file, names, kind.columns, options.columns);
    const nameOf = (column: Column) => names[places[column]];
    const intake = fileIntake(file, kind, options, (column) => nameOf(column) ?? column);
    const wanted = (Object.keys(places) as Column[]).flatMap((column) => {
      const name = nameOf(column);
      return name === undefined ? [] : [{ column, name }];
    });
    let start = 0;
    for (const length of groups) {
      const data = new Map<Column, ArrayLike<unknown>>();
      for (const { column, name } of wanted) data.set(column, await read(name, start, start + length));
      for (let row = 0; row < length; row++) {
        intake.line(start + row + 1, (column) => data.get(column)?.[row]);
        const batch = intake.batch();
        if (batch !== undefined) yield batch;
      }
      start += length;
    }
    const { series, report } = intake.finish(await sha256Of(file));
    yield series;
    return report;
  } catch (cause) {
    throw readFault(file, cause);
  }
}
