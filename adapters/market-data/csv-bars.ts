import { type BarFileOptions, type BarStream, barFiles, type LoadedBars } from './bar-cells.ts';
import { type CsvOptions, streamCsv } from './csv-file.ts';
import { collect, whole } from './file-intake.ts';

export interface CsvBarOptions extends BarFileOptions, CsvOptions {}

/** Streams a CSV file of bars. See {@link streamCsv}. @throws MarketFileError */
export function streamCsvBars(file: string, options: CsvBarOptions): BarStream {
  return streamCsv(file, barFiles(options), options);
}

/** Reads a whole CSV file of bars. See {@link streamCsv}. @throws MarketFileError */
export function loadCsvBars(file: string, options: CsvBarOptions): Promise<LoadedBars> {
  return collect(streamCsvBars(file, whole(options)));
}
