import { periodsPerYear, simpleReturns } from '#core/analytics/performance/equity-curve.ts';
import { CsvTable, CsvTableError, priceCell, returnCell, TIME_NAMES } from './csv-table.ts';

/** Simple returns of several names over the same periods, oldest first. */
export interface ReturnTable {
  readonly names: readonly string[];
  /** One column a name. */
  readonly columns: readonly Float64Array[];
  /** Instant at which each return ends, epoch milliseconds. */
  readonly time: Float64Array;
  /** By the spacing of the lines: about 252 for sessions. */
  readonly periodsPerYear: number;
  readonly sha256: string;
}

/**
 * Reads a CSV file with a column of times and one for each name: prices, of which returns are made, or returns as fractions.
 * Every cell must hold a number: a line on which a name has none is to be left out.
 * @throws CsvTableError naming file, line, column, value and what was expected
 */
export function readReturnTable(file: string, content: 'prices' | 'returns'): ReturnTable {
  const table = new CsvTable(file, { lines: content, header: 'date,AAPL,MSFT' });
  const timePlace = table.requirePlace('time', TIME_NAMES);
  const places = [...table.header.keys()].filter((place) => place !== timePlace);
  const names = places.map((place) => table.header[place] ?? '');
  checkNames(table, names);
  const time = table.times(timePlace);
  const numbers = places.map((place) =>
    table.column(place, content === 'prices' ? (text) => priceCell(text, '101.25') : returnCell),
  );
  const least = content === 'prices' ? 3 : 2;
  if (time.length < least)
    throw new CsvTableError(
      `${file} has ${time.length} lines of ${content}; expected at least ${least}, as two returns are the least that vary`,
    );
  return {
    names,
    columns: content === 'prices' ? numbers.map(simpleReturns) : numbers,
    time: content === 'prices' ? time.subarray(1) : time,
    periodsPerYear: periodsPerYear(time),
    sha256: table.sha256,
  };
}

function checkNames({ file, header }: CsvTable, names: readonly string[]): void {
  if (names.length === 0)
    throw new CsvTableError(
      `${file}, line 1: ${JSON.stringify(header.join(','))} has no column beside the time; expected one for each name`,
    );
  const bad = names.find((name, index) => name === '' || names.indexOf(name) !== index);
  if (bad !== undefined)
    throw new CsvTableError(
      `${file}, line 1: ${bad === '' ? 'a column has no name' : `${bad} is there twice`}; expected a name of its own for each column`,
    );
}
