import type { BarInterval, BarSeries } from '#core/market/bars.ts';
import { OutsideCalendarError, sessionAt } from '#core/market/calendar.ts';
import type { CivilDate } from '#core/market/civil-date.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { barInspector, type ObservedBar, type QualityReport } from '#core/market/quality.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { dateCell, type LocalTimeOptions, millisCell, numberCell } from './cell-values.ts';
import type {
  BadCell,
  ColumnRules,
  FileFindings,
  FileKind,
  FileOptions,
  MarketStream,
} from './market-file.ts';

/** The columns a bar is read from. `time` holds the date of session bars, the instant of minute bars. */
export type BarColumn = 'time' | 'open' | 'high' | 'low' | 'close' | 'volume';

/** What the reader of a bar file has to be told. */
export interface BarFileOptions extends FileOptions<BarColumn>, LocalTimeOptions {
  readonly instrument: Instrument;
  readonly interval: BarInterval;
  /** Whether a minute bar carries the time of its open (the default) or of its close. */
  readonly stamp?: 'open' | 'close';
  /** Splits and dividends that explain moves in the file's prices; leave out those it is adjusted for. */
  readonly actions?: readonly CorporateAction[];
}

/** What became of a file of bars. */
export type BarFileReport = QualityReport & FileFindings;
export interface LoadedBars {
  readonly series: BarSeries;
  readonly report: BarFileReport;
}
/** Batches of accepted bars, in order; the report at the end is the generator's return value. */
export type BarStream = MarketStream<BarSeries, QualityReport>;

export const BAR_COLUMNS: ColumnRules<BarColumn> = {
  time: { names: ['time', 'date', 'datetime', 'timestamp', 'day', 'opentime'] },
  open: { names: ['open', 'o', 'openprice'] },
  high: { names: ['high', 'h', 'highprice'] },
  low: { names: ['low', 'l', 'lowprice'] },
  close: { names: ['close', 'c', 'closeprice', 'last'] },
  volume: { names: ['volume', 'vol', 'v'], optional: true },
};

/** From the time a bar closes to the time it opens, on the grid that starts at its session's open. */
function openOf(closeStamp: EpochMillis, options: BarFileOptions, width: number): EpochMillis {
  try {
    const session = sessionAt(options.instrument.sessionTemplate, closeStamp - 1);
    if (session !== null) {
      return session.open + Math.floor((closeStamp - 1 - session.open) / width) * width;
    }
  } catch (fault) {
    // Outside the calendar: the inspector will say so of the bar.
    if (!(fault instanceof OutsideCalendarError)) throw fault;
  }
  return closeStamp - width;
}

/** The time of a bar from its cell: a date for session bars, the open for minute bars. */
function timeCell(value: unknown, options: BarFileOptions): CivilDate | EpochMillis | BadCell {
  if (options.interval.unit === 'session') return dateCell(value);
  const instant = millisCell(value, options);
  return typeof instant === 'number' && options.stamp === 'close'
    ? openOf(instant, options, options.interval.count * 60_000)
    : instant;
}

/** Bars in files: their columns, and how a row of them is read and judged. */
export function barFiles(
  options: BarFileOptions,
): FileKind<BarColumn, ObservedBar, BarSeries, QualityReport> {
  return {
    columns: BAR_COLUMNS,
    inspector: () => barInspector(options.instrument, options.interval, options.actions),
    read(line, cell) {
      const time = timeCell(cell('time'), options);
      if (typeof time === 'object') return { column: 'time', expected: time.expected };
      const numbers = { open: 0, high: 0, low: 0, close: 0, volume: 0 };
      for (const column of ['open', 'high', 'low', 'close', 'volume'] as const) {
        const value = numberCell(cell(column), column === 'volume', column === 'volume' ? '1200' : '123.45');
        if (typeof value === 'object') return { column, expected: value.expected };
        numbers[column] = value;
      }
      return { source: line, time, ...numbers };
    },
  };
}
