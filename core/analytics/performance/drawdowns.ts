import { type EquityCurve, type Figure, undefinedBecause, value } from '../series.ts';

/** One drawdown: from the peak through the trough to the first mark that reaches the peak again. */
export interface Drawdown {
  /** Fall from peak to trough as a fraction of the peak: 0.2 is 20 %. */
  readonly depth: number;
  /** Epoch milliseconds of the last mark at the peak. */
  readonly peakTime: number;
  readonly troughTime: number;
  /** Epoch milliseconds; undefined while equity is still below the peak at the end. */
  readonly recoveryTime: number | undefined;
  /** Milliseconds from the peak to the recovery, or to the last mark where there is none. */
  readonly duration: number;
}

/** Fraction below the highest mark so far, one a mark, 0 at a new high. */
export function underwater(equity: Float64Array): Float64Array {
  let peak = Number.NEGATIVE_INFINITY;
  return equity.map((mark) => {
    peak = Math.max(peak, mark);
    // A curve of one mark at zero has no peak to be a fraction of, but is at its high.
    return mark === peak ? 0 : (peak - mark) / peak;
  });
}

/** All drawdowns in order of time. */
export function drawdowns({ time, equity }: EquityCurve): readonly Drawdown[] {
  const found: Drawdown[] = [];
  let peak = 0;
  let trough = 0;
  const close = (end: number, recovered: boolean) => {
    found.push({
      depth: (equity[peak]! - equity[trough]!) / equity[peak]!,
      peakTime: time[peak]!,
      troughTime: time[trough]!,
      recoveryTime: recovered ? time[end]! : undefined,
      duration: time[end]! - time[peak]!,
    });
  };
  for (let index = 1; index < equity.length; index++) {
    if (equity[index]! >= equity[peak]!) {
      if (trough > peak) close(index, true);
      peak = index;
      trough = index;
    } else if (trough === peak || equity[index]! < equity[trough]!) trough = index;
  }
  if (trough > peak) close(equity.length - 1, false);
  return found;
}

/** The `count` deepest drawdowns, deepest first; equal ones in order of time. */
export function worstDrawdowns(curve: EquityCurve, count: number): readonly Drawdown[] {
  return drawdowns(curve)
    .toSorted((left, right) => right.depth - left.depth)
    .slice(0, count);
}

/** The deepest drawdown; undefined where equity never fell. */
export const maximumDrawdown = (curve: EquityCurve): Drawdown | undefined => worstDrawdowns(curve, 1)[0];

/** The drawdown of longest duration, the first of equals; undefined where equity never fell. */
export function longestDrawdown(curve: EquityCurve): Drawdown | undefined {
  return drawdowns(curve).toSorted((left, right) => right.duration - left.duration)[0];
}

/** Ulcer index: root mean square of the fractions below the highest mark so far. Martin and McCann (1989). */
export function ulcerIndex(equity: Float64Array): Figure {
  if (equity.length === 0) return undefinedBecause('there are no marks');
  let squares = 0;
  for (const depth of underwater(equity)) squares += depth ** 2;
  return value(Math.sqrt(squares / equity.length));
}
