import { type BarFileOptions, type BarStream, barFiles, type LoadedBars } from './bar-cells.ts';
import { collect, whole } from './file-intake.ts';
import { streamParquet } from './parquet-table.ts';

/** Streams a Parquet file of bars. See {@link streamParquet}. @throws MarketFileError */
export function streamParquetBars(file: string, options: BarFileOptions): BarStream {
  return streamParquet(file, barFiles(options), options);
}

/** Reads a whole Parquet file of bars. See {@link streamParquet}. @throws MarketFileError */
export function loadParquetBars(file: string, options: BarFileOptions): Promise<LoadedBars> {
  return collect(streamParquetBars(file, whole(options)));
}
