import type { BadCell } from '#adapters/market-data/market-file.ts';
import type { EquityCurve } from '#core/analytics/series.ts';
import { CsvTable, finiteCell, TIME_NAMES } from '#local/tables/csv-table.ts';

/** Marks from a file, and of a benchmark where the file has it. */
export interface EquityFile {
  readonly marks: EquityCurve;
  readonly benchmark: EquityCurve | null;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
}

export const EQUITY_NAMES = ['equity', 'nav', 'netliquidation', 'balance'] as const;

/**
 * Reads marks from a CSV file with the columns `time` (a date, an ISO instant, epoch digits, or a New York time without
 * offset), `equity` and, where there is one, `benchmark`; others are passed over.
 * @throws CsvTableError naming file, line, column, value and what was expected
 */
export const readEquityFile = (file: string): EquityFile =>
  equityOf(new CsvTable(file, { lines: 'marks', header: 'time,equity' }));

/** The same from a table that was read before. @throws CsvTableError */
export function equityOf(table: CsvTable): EquityFile {
  const [timePlace, equityPlace] = [
    table.requirePlace('time', TIME_NAMES),
    table.requirePlace('equity', EQUITY_NAMES),
  ];
  const benchmarkPlace = table.placeOf('benchmark', ['benchmark']);
  const time = table.times(timePlace);
  return {
    marks: { time, equity: table.column(equityPlace, amount) },
    benchmark:
      benchmarkPlace === undefined
        ? null
        : { time, equity: table.column(benchmarkPlace, (text) => amount(text, false)) },
    sha256: table.sha256,
  };
}

/** An amount above zero; a curve may end at or below zero, and then it ends. */
function amount(text: string, last: boolean): number | BadCell {
  const value = finiteCell(text, '101250.50');
  return typeof value === 'object' || value > 0 || last
    ? value
    : { expected: 'a number above zero, as marks follow' };
}
