import { createHash } from 'node:crypto';
import { cellsOf } from './csv-file.ts';
import { formatOf } from './file-format.ts';
import { MarketFileError } from './market-file.ts';
import { parquetHead } from './parquet-table.ts';
import { textLines } from './text-lines.ts';

/** The names of a file's columns and its first rows, as cells: enough to tell what kind of data it holds. */
export interface FileHead {
  readonly names: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

const LONGEST_LINE = 65_536;

/** The first `rows` rows of a file, by its ending. Lines whose quotes don't open and close are left out. @throws MarketFileError */
export async function fileHead(file: string, rows: number, delimiter?: string): Promise<FileHead> {
  const format = formatOf(file);
  switch (format.kind) {
    case 'parquet':
      return parquetHead(file, rows);
    case 'text':
      return textHead(file, rows, delimiter ?? format.delimiter);
  }
}

async function textHead(file: string, most: number, delimiter: string): Promise<FileHead> {
  const rows: (readonly string[])[] = [];
  try {
    for await (const lines of textLines(file, createHash('sha256'), LONGEST_LINE)) {
      for (const line of lines) {
        const cells = line.trim() === '' ? [] : cellsOf(line, delimiter);
        if (!('fault' in cells) && cells.length > 0) rows.push(cells);
        if (rows.length > most) break;
      }
      if (rows.length > most) break;
    }
  } catch (cause) {
    throw new MarketFileError(
      file,
      `can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  const [names, ...rest] = rows;
  if (names === undefined)
    throw new MarketFileError(file, 'is empty; expected a header line, and a line for each row of data');
  return { names, rows: rest };
}
