import { type BarStream, barFiles, type LoadedBars } from './bar-cells.ts';
import type { CsvBarOptions } from './csv-bars.ts';
import { streamFile } from './file-format.ts';
import { collect, whole } from './file-intake.ts';

/** Streams a file of bars by its ending: `.csv`, `.tsv`, `.txt` as text, `.parquet`, `.pq` as Parquet. @throws MarketFileError */
export function streamBars(file: string, options: CsvBarOptions): BarStream {
  return streamFile(file, barFiles(options), options);
}

/** Reads a whole file of bars by its ending. See {@link streamBars}. @throws MarketFileError */
export async function loadBars(file: string, options: CsvBarOptions): Promise<LoadedBars> {
  return collect(streamBars(file, whole(options)));
}
