import { type ObservedBar, valueProblem } from './bar-rules.ts';
import type { BarInterval, BarSeries } from './bars.ts';
import type { Instrument, InstrumentId } from './instrument.ts';

/** Columns that are no bars: names the row, the value and what was expected. */
export class InvalidBarsError extends Error {
  readonly code = 'InvalidBars';
  readonly retryable = false;
  constructor(instrument: InstrumentId, row: number | null, problem: string) {
    super(`bars of ${instrument}${row === null ? '' : `, row ${row}`}: ${problem}`);
    this.name = 'InvalidBarsError';
  }
}

export type BarColumns = Omit<BarSeries, 'instrument' | 'interval' | 'length'>;

/**
 * A series from columns, which are taken over, not copied, after every row has been checked: finite prices, above zero
 * but for futures, low ≤ open, close ≤ high, a volume of 0 or more or NaN where unknown, each bar closing after it opens
 * and opening no earlier than the one before closes. For columns from elsewhere; files go through an inspector, which
 * sets wrong bars aside instead.
 *
 * @throws InvalidBarsError for the first row that is wrong, or columns of different lengths
 */
export function checkedBars(instrument: Instrument, interval: BarInterval, columns: BarColumns): BarSeries {
  const { openTime, closeTime, open, high, low, close, volume } = columns;
  const length = openTime.length;
  for (const [name, column] of Object.entries({ closeTime, open, high, low, close, volume })) {
    if (column.length !== length) {
      throw new InvalidBarsError(
        instrument.id,
        null,
        `the ${name} column has ${column.length} values, openTime ${length}; expected the same number`,
      );
    }
  }
  let previousClose = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < length; row++) {
    const [from, to] = [openTime[row] as number, closeTime[row] as number];
    if (!(Number.isFinite(from) && Number.isFinite(to) && from < to))
      throw new InvalidBarsError(
        instrument.id,
        row,
        `opens at ${from} and closes at ${to}; expected finite times, the close after the open`,
      );
    if (from < previousClose)
      throw new InvalidBarsError(
        instrument.id,
        row,
        `opens at ${from}, before the bar before it closes at ${previousClose}; expected bars in order, each once`,
      );
    previousClose = to;
    const bar: ObservedBar = {
      source: row,
      time: from,
      open: open[row] as number,
      high: high[row] as number,
      low: low[row] as number,
      close: close[row] as number,
      volume: volume[row] as number,
    };
    const problem = valueProblem(bar, instrument);
    if (problem !== undefined) throw new InvalidBarsError(instrument.id, row, problem[1]);
  }
  return { instrument: instrument.id, interval, length, openTime, closeTime, open, high, low, close, volume };
}
