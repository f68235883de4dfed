/** A line that is not what the file should hold. */
export interface MalformedLine {
  readonly file: string;
  /** The line of a text file (the header is 1), or the row of a table (the first is 1). */
  readonly line: number;
  readonly column: string;
  readonly value: string;
  readonly expected: string;
}

/** One sentence for people. */
export function malformedText(malformed: MalformedLine): string {
  const { file, line, column, value, expected } = malformed;
  return `${file}:${line}: column ${column} is ${JSON.stringify(value)}; expected ${expected}`;
}

/** A file that can't be read as market data at all. */
export class MarketFileError extends Error {
  readonly code = 'MarketFile';
  readonly retryable = false;
  readonly file: string;
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.name = 'MarketFileError';
    this.file = file;
  }
}

/** A column that a kind of file has: the names it usually goes by, and whether a file may lack it. */
export interface ColumnRule {
  readonly names: readonly string[];
  readonly optional?: boolean;
}

export type ColumnRules<Column extends string> = Readonly<Record<Column, ColumnRule>>;
/** Where each column stands in a file, −1 for none. */
export type ColumnPlaces<Column extends string> = Readonly<Record<Column, number>>;

/** What became of a file: lines that could not be read; the rest is the inspector's. */
export interface FileFindings {
  readonly file: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
  readonly malformed: readonly MalformedLine[];
}

/** Batches of what was accepted, in order; the report at the end is the generator's return value. */
export type MarketStream<Series, Report> = AsyncGenerator<Series, Report & FileFindings, undefined>;

/** A cell that can't be read: what would have been right. */
export interface BadCell {
  readonly expected: string;
}

/** A row read from its cells, or the first cell that is wrong. `cell` gives the value of a column. */
export type RowReader<Column extends string, Row> = (
  line: number,
  cell: (column: Column) => unknown,
) => (Row & { readonly source: number }) | ({ readonly column: Column } & BadCell);

/** What judges rows once they can be read: for bars, quotes or trades. */
export interface RowInspector<Row, Series, Report> {
  /** Rows quarantined so far. */
  readonly quarantined: number;
  observe(row: Row & { readonly source: number }): void;
  take(): Series;
  finish(): { readonly series: Series; readonly report: Report };
}

/** A kind of market data in files, and how one file of it is to be read. */
export interface FileKind<Column extends string, Row, Series, Report> {
  readonly columns: ColumnRules<Column>;
  readonly read: RowReader<Column, Row>;
  inspector(): RowInspector<Row, Series, Report>;
}

/** What the reader of any market data file may be told. */
export interface FileOptions<Column extends string> {
  /** Names of columns in the file where they are not the usual ones. Case and punctuation don't matter. */
  readonly columns?: Partial<Readonly<Record<Column, string>>>;
  /** Rows a batch, for streaming. */
  readonly batchSize?: number;
  /** Malformed lines, or quarantined rows, after which the file is given up as not being what was asked for. */
  readonly largestFindings?: number;
}

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Places of the columns whose name is among those expected. */
export function placesOf(names: readonly string[], expected: readonly string[]): readonly number[] {
  return names.flatMap((name, index) => (expected.includes(plain(name)) ? [index] : []));
}

/**
 * Where each column stands among the names of a file.
 * @throws MarketFileError naming the column that is missing or there twice
 */
export function findColumns<Column extends string>(
  file: string,
  names: readonly string[],
  rules: ColumnRules<Column>,
  chosen: FileOptions<Column>['columns'] = {},
): ColumnPlaces<Column> {
  const place = (column: Column): number => {
    const wanted = chosen[column];
    const expected = wanted === undefined ? rules[column].names : [plain(wanted)];
    const places = placesOf(names, expected);
    if (places.length > 1) {
      const twice = places.map((index) => names[index]).join(', ');
      throw new MarketFileError(
        file,
        `more than one column could be the ${column}: ${twice}; say which with the columns option`,
      );
    }
    if (places.length === 0 && (rules[column].optional !== true || wanted !== undefined)) {
      throw new MarketFileError(
        file,
        `no column for the ${column} among ${JSON.stringify(names.join(', '))}; expected one named ${expected.join(', ')}`,
      );
    }
    return places[0] ?? -1;
  };
  const columns = Object.keys(rules) as Column[];
  return Object.fromEntries(columns.map((column) => [column, place(column)])) as Record<Column, number>;
}
