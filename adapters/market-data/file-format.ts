import { extname } from 'node:path';
import { type CsvOptions, streamCsv } from './csv-file.ts';
import { type FileKind, type FileOptions, MarketFileError, type MarketStream } from './market-file.ts';
import { streamParquet } from './parquet-table.ts';

/** How a file is stored, by its ending. */
export type FileFormat = { readonly kind: 'text'; readonly delimiter: string } | { readonly kind: 'parquet' };

/** The format of a file by its ending: `.csv`, `.tsv`, `.txt` as text, `.parquet`, `.pq` as Parquet. @throws MarketFileError */
export function formatOf(file: string): FileFormat {
  switch (extname(file).toLowerCase()) {
    case '.csv':
    case '.txt':
      return { kind: 'text', delimiter: ',' };
    case '.tsv':
      return { kind: 'text', delimiter: '\t' };
    case '.parquet':
    case '.pq':
      return { kind: 'parquet' };
  }
  throw new MarketFileError(
    file,
    'the ending says nothing of its format; expected .csv, .tsv, .txt, .parquet or .pq',
  );
}

/** Streams a file of any kind of market data by its ending. @throws MarketFileError */
export function streamFile<Column extends string, Row, Series extends { readonly length: number }, Report>(
  file: string,
  kind: FileKind<Column, Row, Series, Report>,
  options: FileOptions<Column> & CsvOptions,
): MarketStream<Series, Report> {
  const format = formatOf(file);
  switch (format.kind) {
    case 'text':
      return streamCsv(file, kind, { delimiter: format.delimiter, ...options });
    case 'parquet':
      return streamParquet(file, kind, options);
  }
}
