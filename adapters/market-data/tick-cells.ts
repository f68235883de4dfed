import type { CorporateAction } from '#core/market/corporate-actions.ts';
import type { Instrument } from '#core/market/instrument.ts';
import {
  type QuoteReport,
  quoteInspector,
  type TickReport,
  tradeInspector,
} from '#core/market/tick-quality.ts';
import type { Quote, QuoteSeries, Trade, TradeSeries } from '#core/market/ticks.ts';
import { instantCell, type LocalTimeOptions, numberCell } from './cell-values.ts';
import type { ColumnRules, FileKind, FileOptions } from './market-file.ts';

export type TradeColumn = 'time' | 'price' | 'size';
export type QuoteColumn = 'time' | 'bid' | 'bidSize' | 'ask' | 'askSize';

/** What the reader of a file of quotes or trades has to be told. */
export interface TickFileOptions<Column extends string> extends FileOptions<Column>, LocalTimeOptions {
  readonly instrument: Instrument;
  /** Splits and dividends that explain moves in the file's prices; leave out those it is adjusted for. */
  readonly actions?: readonly CorporateAction[];
}

const TIME = { names: ['time', 'timestamp', 'datetime', 'date', 'ts', 'tsevent'] };

export const TRADE_COLUMNS: ColumnRules<TradeColumn> = {
  time: TIME,
  price: { names: ['price', 'p', 'tradeprice', 'last'] },
  size: { names: ['size', 's', 'qty', 'quantity', 'amount', 'volume', 'vol'] },
};

export const QUOTE_COLUMNS: ColumnRules<QuoteColumn> = {
  time: TIME,
  bid: { names: ['bid', 'bidprice', 'bestbid', 'bidpx'] },
  bidSize: { names: ['bidsize', 'bidqty', 'bidvolume', 'bidsz'], optional: true },
  ask: { names: ['ask', 'askprice', 'bestask', 'askpx', 'offer', 'offerprice'] },
  askSize: { names: ['asksize', 'askqty', 'askvolume', 'asksz', 'offersize'], optional: true },
};

/** Trades in files. Every cell is needed. */
export function tradeFiles(
  options: TickFileOptions<TradeColumn>,
): FileKind<TradeColumn, Trade, TradeSeries, TickReport<Trade>> {
  return {
    columns: TRADE_COLUMNS,
    inspector: () => tradeInspector(options.instrument, options.actions),
    read(line, cell) {
      const time = instantCell(cell('time'), options);
      if (typeof time === 'object') return { column: 'time', expected: time.expected };
      const price = numberCell(cell('price'), false, '123.45');
      if (typeof price === 'object') return { column: 'price', expected: price.expected };
      const size = numberCell(cell('size'), false, '100');
      if (typeof size === 'object') return { column: 'size', expected: size.expected };
      return { source: line, time, price, size };
    },
  };
}

/** Quotes in files. An empty price is an empty side; an empty size, or none at all, is not known. */
export function quoteFiles(
  options: TickFileOptions<QuoteColumn>,
): FileKind<QuoteColumn, Quote, QuoteSeries, QuoteReport> {
  return {
    columns: QUOTE_COLUMNS,
    inspector: () => quoteInspector(options.instrument, options.actions),
    read(line, cell) {
      const time = instantCell(cell('time'), options);
      if (typeof time === 'object') return { column: 'time', expected: time.expected };
      const numbers = { bid: 0, bidSize: 0, ask: 0, askSize: 0 };
      for (const column of ['bid', 'bidSize', 'ask', 'askSize'] as const) {
        const example = column === 'bid' || column === 'ask' ? '123.45' : '100';
        const value = numberCell(cell(column), true, example);
        if (typeof value === 'object') return { column, expected: value.expected };
        numbers[column] = value;
      }
      return { source: line, time, ...numbers };
    },
  };
}
