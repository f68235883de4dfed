import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { seededRandom, seedOf } from '#core/values/random.ts';
import { corruptFuture, type FutureDirection } from './corrupt-future.ts';
import { InvalidValidationError, requireWhole } from './errors.ts';

/** One value a bar, NaN where there is none yet. */
export type Indicator = (bars: BarSeries) => Float64Array;

/** Whether an indicator sees bars that have not closed. */
export type Causality =
  | { readonly kind: 'causal' }
  | {
      readonly kind: 'looks-ahead';
      /** First bar whose value changed with what came after the cut. */
      readonly bar: number;
      /** Last bar that was left as it was. */
      readonly cut: number;
    };

/** Whether an indicator forgets where its history began. */
export type StartDependence =
  | { readonly kind: 'independent' }
  | {
      readonly kind: 'depends-on-start';
      readonly bar: number;
      /** Bar that the shorter history began with. */
      readonly start: number;
      /** Difference over the largest absolute value of the indicator; infinity where only one has a value. */
      readonly difference: number;
    };

/** What an indicator states of its memory. */
export interface WarmUp {
  /** Bars until a value no longer shows where history began. */
  readonly bars: number;
  /** Largest difference after that, relative to the largest absolute value of the indicator. */
  readonly tolerance: number;
}

const CUTS_DEFAULT = 16;
const DIRECTIONS: readonly FutureDirection[] = ['up', 'down'];

function valuesOf(indicator: Indicator, bars: BarSeries): Float64Array {
  const values = indicator(bars);
  if (values.length !== bars.length)
    throw new InvalidValidationError(
      `the indicator gave ${values.length} values for ${bars.length} bars; give one each, NaN where there is none`,
    );
  return values;
}

/** `count` bars from 1 to `length` − 2, one in each of as many equal stretches, seeded; fewer where there are not as many. */
export function cutBars(length: number, count: number, seed: number): number[] {
  requireWhole('cuts', count, 1);
  if (length < 3)
    throw new InvalidValidationError(
      `${length} bars can't be cut into past and future; at least 3 are needed`,
    );
  const random = seededRandom(seedOf('cuts', seed));
  const stretch = (length - 2) / count;
  const cuts = Array.from({ length: count }, (_, i) => 1 + Math.floor((i + random.next()) * stretch));
  return [...new Set(cuts.map((cut) => Math.min(cut, length - 2)))];
}

/**
 * Corrupts the future at several cuts, upwards and downwards, and compares what the indicator says of the past, to the bit.
 * @throws InvalidValidationError for fewer than three bars or an indicator without one value a bar
 */
export function checkCausality(
  indicator: Indicator,
  bars: BarSeries,
  { cuts = CUTS_DEFAULT, seed = 1 }: { readonly cuts?: number; readonly seed?: number } = {},
): Causality {
  const truth = valuesOf(indicator, bars);
  for (const cut of cutBars(bars.length, cuts, seed)) {
    for (const direction of DIRECTIONS) {
      const corrupted = corruptFuture(bars, bars.closeTime[cut]!, direction, seedOf(seed, cut, direction));
      const values = valuesOf(indicator, corrupted);
      for (let bar = 0; bar <= cut; bar++)
        if (!Object.is(values[bar], truth[bar])) return { kind: 'looks-ahead', bar, cut };
    }
  }
  return { kind: 'causal' };
}

/**
 * Recursive-indicator check: computes the indicator over histories that begin at different bars and compares the values
 * after the warm-up that it states. An indicator that never forgets its start gives other signals tomorrow than in a test.
 * @param starts bars that the shorter histories begin with
 * @throws InvalidValidationError for starts or a warm-up that leave nothing to compare
 */
export function checkWarmUp(
  indicator: Indicator,
  bars: BarSeries,
  warmUp: WarmUp,
  starts: readonly number[],
): StartDependence {
  requireWhole('warm-up', warmUp.bars, 0);
  if (!(warmUp.tolerance >= 0))
    throw new InvalidValidationError(`tolerance ${warmUp.tolerance} is below zero`);
  const whole = valuesOf(indicator, bars);
  let largest = 0;
  for (const item of whole) if (Math.abs(item) > largest) largest = Math.abs(item);
  for (const start of starts) {
    requireWhole('start', start, 1, Math.max(1, bars.length - warmUp.bars - 1));
    const later = valuesOf(indicator, sliceBars(bars, start, bars.length));
    for (let bar = start + warmUp.bars; bar < bars.length; bar++) {
      const [one, other] = [whole[bar]!, later[bar - start]!];
      if (Object.is(one, other)) continue;
      const apart = Math.abs(one - other);
      const difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart / largest;
      if (difference > warmUp.tolerance) return { kind: 'depends-on-start', bar, start, difference };
    }
  }
  return { kind: 'independent' };
}
