/**
 * Features as columns of one length, a name for each; row i of every column is one observation. NaN is a missing value,
 * which every model here takes in training and in prediction alike.
 */
export interface FeatureTable {
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
}

/** Something a model cannot be trained, measured or asked with: the sentence names the value and the mend. */
export class InvalidModelInputError extends Error {
  readonly code = 'InvalidModelInput';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'InvalidModelInputError';
  }
}

/**
 * Checks names and columns: at least one, a distinct name for each, equal lengths, no infinities (NaN is allowed).
 * @returns the number of rows
 * @throws InvalidModelInputError naming the first value that is wrong
 */
export function checkTable({ names, columns }: FeatureTable): number {
  if (columns.length === 0)
    throw new InvalidModelInputError('the table has no columns; give at least one feature');
  if (names.length !== columns.length)
    throw new InvalidModelInputError(
      `${names.length} names for ${columns.length} columns; give one name for each`,
    );
  const seen = new Set<string>();
  const rows = columns[0]!.length;
  columns.forEach((column, at) => {
    const name = names[at]!;
    if (name === '' || seen.has(name))
      throw new InvalidModelInputError(
        `column ${at} is named ${JSON.stringify(name)}; give each feature a name of its own`,
      );
    seen.add(name);
    if (column.length !== rows)
      throw new InvalidModelInputError(
        `feature ${name} has ${column.length} rows, ${names[0]} ${rows}; give all columns one length`,
      );
    for (let row = 0; row < rows; row++) {
      const value = column[row]!;
      if (value - value !== 0 && !Number.isNaN(value))
        throw new InvalidModelInputError(
          `feature ${name} is ${value} in row ${row}; give a finite number, or NaN where it is missing`,
        );
    }
  });
  return rows;
}

/**
 * Checks that a table has the features of a model in the model's order, so that no column is read as another.
 * @throws InvalidModelInputError naming the first that differs
 */
export function checkFeatures(expected: readonly string[], table: FeatureTable): number {
  const rows = checkTable(table);
  const at = expected.findIndex((name, index) => table.names[index] !== name);
  if (at !== -1 || table.names.length !== expected.length) {
    const index = at === -1 ? expected.length : at;
    throw new InvalidModelInputError(
      `feature ${index} is ${table.names[index] ?? 'absent'} where the model has ${expected[index] ?? 'none'}; give the columns ${expected.join(', ')}`,
    );
  }
  return rows;
}

/** Checks labels of 0 and 1, one for each row, with both present. @throws InvalidModelInputError */
export function checkBinaryLabels(labels: ArrayLike<number>, rows: number): void {
  checkLabelCount(labels, rows);
  let ones = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (label !== 0 && label !== 1)
      throw new InvalidModelInputError(
        `the label of row ${row} is ${label}; give 0 or 1, and leave out rows whose outcome is unknown`,
      );
    ones += label;
  }
  if (ones === 0 || ones === rows)
    throw new InvalidModelInputError(
      `all ${rows} labels are ${ones === 0 ? 0 : 1}; give rows of both classes, one alone has no odds`,
    );
}

/** Checks finite labels, one for each row. @throws InvalidModelInputError */
export function checkFiniteLabels(labels: ArrayLike<number>, rows: number): void {
  checkLabelCount(labels, rows);
  for (let row = 0; row < rows; row++) {
    if (!Number.isFinite(labels[row]))
      throw new InvalidModelInputError(
        `the label of row ${row} is ${labels[row]}; give a finite number, and leave out rows whose outcome is unknown`,
      );
  }
}

function checkLabelCount(labels: ArrayLike<number>, rows: number): void {
  if (labels.length !== rows)
    throw new InvalidModelInputError(`${labels.length} labels for ${rows} rows; give one for each`);
  if (rows < 2)
    throw new InvalidModelInputError(`${rows} rows; give at least 2, or there is nothing to tell apart`);
}

/** The given rows of a table, copied, in the order given. @throws InvalidModelInputError for a row that is not there */
export function rowsOf(table: FeatureTable, rows: ArrayLike<number>): FeatureTable {
  return { names: table.names, columns: table.columns.map((column) => valuesAt(column, rows)) };
}

/** The values at the given rows. @throws InvalidModelInputError for a row that is not there */
export function valuesAt(values: Float64Array, rows: ArrayLike<number>): Float64Array {
  const result = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    if (!Number.isInteger(row) || row < 0 || row >= values.length)
      throw new InvalidModelInputError(`row ${row} does not exist; there are ${values.length} rows`);
    result[at] = values[row]!;
  }
  return result;
}
