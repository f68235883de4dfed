import type { BarSeries } from './bars.ts';

type ColumnName = 'openTime' | 'closeTime' | 'open' | 'high' | 'low' | 'close' | 'volume';

/** A figure of one bar, and what of a series it depends on at most. */
export interface BarFigure<N extends ColumnName> {
  /** The columns that are read. */
  readonly reads: readonly [N, ...N[]];
  /** How many bars before and after the bar. */
  readonly before: number;
  readonly after?: number;
  readonly at: (bars: Pick<BarSeries, N>, index: number) => number;
}

/** The figures of the bars of one series. */
export interface FiguresOfBars {
  at(index: number): number;
  /** A view of those from one bar (inclusive) to another (exclusive), all of which have their reach within the series. */
  between(from: number, to: number): Float64Array;
}

/** What is known of the bars that stand in the same memory, by their place in it. */
interface Known<N extends ColumnName> {
  /** The series by which the memory was met first. */
  readonly first: Pick<BarSeries, N>;
  readonly values: Float64Array;
  readonly isKnown: Uint8Array;
}

/**
 * A figure that is computed once for each bar, for as long as its columns are alive. Decisions look back on years of bars, a
 * session later on the same ones and one more, and what a past bar says has not changed since. Series that are views of the
 * same columns, as the histories of one instrument are, share what is known. Where a view ends within the figure's reach it
 * is computed anew: the answer is always that of the view alone.
 *
 * Only for columns that nobody writes to, and a figure that depends on nothing but the bars within its reach.
 */
export function figureByBar<N extends ColumnName>(
  figure: BarFigure<N>,
): (bars: Pick<BarSeries, N>) => FiguresOfBars {
  const { reads, before, after = 0, at: compute } = figure;
  const knownOf = new WeakMap<ArrayBufferLike, Known<N>>();
  return (bars) => {
    const column = bars[reads[0]];
    let known = knownOf.get(column.buffer);
    if (known === undefined || !areAligned(reads, bars, known.first)) {
      const length = Math.floor(column.buffer.byteLength / Float64Array.BYTES_PER_ELEMENT);
      known = { first: bars, values: new Float64Array(length), isKnown: new Uint8Array(length) };
      knownOf.set(column.buffer, known);
    }
    const { values, isKnown } = known;
    const start = placeOf(column);
    const end = column.length - after;
    const remember = (index: number): number => {
      const value = compute(bars, index);
      values[start + index] = value;
      isKnown[start + index] = 1;
      return value;
    };
    return {
      at(index) {
        if (index < before || index >= end) return compute(bars, index);
        return isKnown[start + index] === 1 ? (values[start + index] as number) : remember(index);
      },
      between(from, to) {
        if (from < before || to > end)
          throw new RangeError(
            `the figures of bars ${from} to ${to} reach beyond those of ${before} to ${end}`,
          );
        for (let index = from; index < to; index++) if (isKnown[start + index] === 0) remember(index);
        return values.subarray(start + from, start + to);
      },
    };
  };
}

const placeOf = (column: Float64Array): number => column.byteOffset / Float64Array.BYTES_PER_ELEMENT;

/** Whether the bars of two series that share their first column share the others too, bar by bar. */
function areAligned<N extends ColumnName>(
  [first, ...others]: readonly [N, ...N[]],
  one: Pick<BarSeries, N>,
  other: Pick<BarSeries, N>,
): boolean {
  const offset = placeOf(one[first]) - placeOf(other[first]);
  return others.every(
    (name) => one[name].buffer === other[name].buffer && placeOf(one[name]) - placeOf(other[name]) === offset,
  );
}
