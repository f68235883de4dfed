import { extname } from 'node:path';
import { BarFileError } from './bar-cells.ts';
import type { BarStream, LoadedBars } from './bar-file.ts';
import { collectBars } from './bar-file.ts';
import { type CsvBarOptions, streamCsvBars } from './csv-bars.ts';
import { streamParquetBars } from './parquet-bars.ts';

/** Streams a file of bars by its ending: `.csv`, `.tsv`, `.txt` as text, `.parquet`, `.pq` as Parquet. @throws BarFileError */
export function streamBars(file: string, options: CsvBarOptions): BarStream {
  switch (extname(file).toLowerCase()) {
    case '.csv':
    case '.txt':
      return streamCsvBars(file, options);
    case '.tsv':
      return streamCsvBars(file, { delimiter: '\t', ...options });
    case '.parquet':
    case '.pq':
      return streamParquetBars(file, options);
  }
  throw new BarFileError(
    file,
    'the ending says nothing of its format; expected .csv, .tsv, .txt, .parquet or .pq',
  );
}

/** Reads a whole file of bars by its ending. See {@link streamBars}. @throws BarFileError */
export async function loadBars(file: string, options: CsvBarOptions): Promise<LoadedBars> {
  return collectBars(streamBars(file, { ...options, batchSize: Number.POSITIVE_INFINITY }));
}
