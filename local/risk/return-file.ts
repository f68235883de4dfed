import { beta, pairedReturns } from '#core/analytics/performance/benchmark.ts';
import { dailyCurve, simpleReturns } from '#core/analytics/performance/equity-curve.ts';
import type { Figure } from '#core/analytics/series.ts';
import { EQUITY_NAMES, equityOf } from '#local/metrics/equity-file.ts';
import { CsvTable, CsvTableError, returnCell, TIME_NAMES } from '#local/tables/csv-table.ts';

/** Returns of one account or position, oldest first. */
export interface ReturnFile {
  readonly returns: Float64Array;
  /** Instant at which each return ends. */
  readonly time: Float64Array;
  /** Value at the end: the last mark; 1 where the file has returns alone. */
  readonly value: number;
  /** To the benchmark of the file; null where it has none. */
  readonly beta: Figure | null;
  readonly sha256: string;
}

const RETURN_NAMES = ['return', 'returns', 'change'];

/**
 * Reads marks (`time,equity`, and `benchmark` where there is one), of which daily returns are made, or returns
 * (`time,return`) as they are.
 * @throws CsvTableError naming file, line, column, value and what was expected
 */
export function readReturnFile(file: string): ReturnFile {
  const read = readAny(file);
  if (read.returns.length < 2)
    throw new CsvTableError(
      `${file} gives ${read.returns.length} daily returns; expected at least 2, so marks of 3 days`,
    );
  return read;
}

function readAny(file: string): ReturnFile {
  const table = new CsvTable(file, { lines: 'marks or returns', header: 'time,equity' });
  const equity = table.placeOf('equity', EQUITY_NAMES);
  const place = table.placeOf('return', RETURN_NAMES);
  if (equity !== undefined && place !== undefined)
    throw new CsvTableError(
      `${file}, line 1: both ${table.header[equity]} and ${table.header[place]} could be measured; leave one`,
    );
  if (place === undefined) return marksOf(table);
  return {
    returns: table.column(place, returnCell),
    time: table.times(table.requirePlace('time', TIME_NAMES)),
    value: 1,
    beta: null,
    sha256: table.sha256,
  };
}

function marksOf(table: CsvTable): ReturnFile {
  const { marks, benchmark, sha256 } = equityOf(table);
  const daily = dailyCurve(marks);
  const last = daily.equity.at(-1)!;
  if (!(last > 0))
    throw new CsvTableError(
      `${table.file} ends with an equity of ${last}; expected one above zero, as an account that is gone has no risk left`,
    );
  return {
    returns: simpleReturns(daily.equity),
    time: daily.time.subarray(1),
    value: last,
    beta: benchmark === null ? null : beta(pairedReturns(marks, benchmark)),
    sha256,
  };
}
