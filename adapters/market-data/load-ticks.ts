import type { QuoteReport, TickReport } from '#core/market/tick-quality.ts';
import type { QuoteSeries, Trade, TradeSeries } from '#core/market/ticks.ts';
import type { CsvOptions } from './csv-file.ts';
import { streamFile } from './file-format.ts';
import { collect, type Loaded, whole } from './file-intake.ts';
import type { MarketStream } from './market-file.ts';
import {
  type QuoteColumn,
  quoteFiles,
  type TickFileOptions,
  type TradeColumn,
  tradeFiles,
} from './tick-cells.ts';

export type TradeFileOptions = TickFileOptions<TradeColumn> & CsvOptions;
export type QuoteFileOptions = TickFileOptions<QuoteColumn> & CsvOptions;

/** Streams a file of trades by its ending (text or Parquet), times to the nanosecond. @throws MarketFileError */
export function streamTrades(
  file: string,
  options: TradeFileOptions,
): MarketStream<TradeSeries, TickReport<Trade>> {
  return streamFile(file, tradeFiles(options), options);
}

/** Reads a whole file of trades. See {@link streamTrades}. @throws MarketFileError */
export async function loadTrades(
  file: string,
  options: TradeFileOptions,
): Promise<Loaded<TradeSeries, TickReport<Trade>>> {
  return collect(streamTrades(file, whole(options)));
}

/** Streams a file of quotes by its ending (text or Parquet), times to the nanosecond. @throws MarketFileError */
export function streamQuotes(
  file: string,
  options: QuoteFileOptions,
): MarketStream<QuoteSeries, QuoteReport> {
  return streamFile(file, quoteFiles(options), options);
}

/** Reads a whole file of quotes. See {@link streamQuotes}. @throws MarketFileError */
export async function loadQuotes(
  file: string,
  options: QuoteFileOptions,
): Promise<Loaded<QuoteSeries, QuoteReport>> {
  return collect(streamQuotes(file, whole(options)));
}
