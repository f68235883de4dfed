import { InvalidValidationError, requireWhole } from '#core/analytics/validation/errors.ts';
import { groupBoundaries } from '#core/analytics/validation/splits.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import type { SimulatedInstrument } from '../engine/options.ts';

/** A stretch of time to choose parameters on and the one after it to try the choice on, in epoch milliseconds. */
export interface SearchWindow {
  /** Close of the first bar to choose on. */
  readonly trainFrom: number;
  /** Close of the first bar that was not chosen on. */
  readonly testFrom: number;
  /** Close of the last bar to try on. */
  readonly testTo: number;
}

/** How history is cut into windows. */
export type WindowPlan =
  | {
      /** One window, whose last part is kept back. */
      readonly kind: 'holdout';
      /** Part of the bars that is kept back, above 0 and below 1. */
      readonly fraction: number;
    }
  | {
      /** Chooses again before each of several tests, which follow each other without a gap. */
      readonly kind: 'walk-forward';
      readonly windows: number;
      /** Length of what is chosen on, in lengths of a test. */
      readonly trainTests: number;
      /** Chooses on all that came before instead. */
      readonly anchored: boolean;
    };

/** Closing times of all instruments, each once, ascending: the times at which a strategy is called. */
function closingTimes(instruments: readonly SimulatedInstrument[]): Float64Array {
  const all = instruments.flatMap(({ bars }) => [...bars.closeTime]);
  return Float64Array.from(new Set(all)).sort();
}

/**
 * Cuts the bars into windows.
 * @throws InvalidValidationError where a stretch would have no bars
 */
export function searchWindows(instruments: readonly SimulatedInstrument[], plan: WindowPlan): SearchWindow[] {
  const times = closingTimes(instruments);
  const at = (index: number) => times[index]!;
  switch (plan.kind) {
    case 'holdout': {
      const { fraction } = plan;
      const kept = Math.round(times.length * fraction);
      if (!(fraction > 0 && fraction < 1) || kept < 1 || kept >= times.length)
        throw new InvalidValidationError(
          `${fraction} of ${times.length} bars can't be kept back; give a part above 0 and below 1 that leaves bars on both sides`,
        );
      return [{ trainFrom: at(0), testFrom: at(times.length - kept), testTo: at(times.length - 1) }];
    }
    case 'walk-forward': {
      const { windows, trainTests, anchored } = plan;
      requireWhole('windows', windows, 1);
      requireWhole('the tests that a training is long', trainTests, 1);
      const parts = windows + trainTests;
      if (times.length < parts)
        throw new InvalidValidationError(
          `${times.length} bars don't make ${windows} windows with trainings ${trainTests} tests long; give more bars or fewer windows`,
        );
      const bounds = groupBoundaries(times.length, parts);
      return Array.from({ length: windows }, (_, window) => ({
        trainFrom: at(anchored ? 0 : bounds[window]!),
        testFrom: at(bounds[window + trainTests]!),
        testTo: at(bounds[window + trainTests + 1]! - 1),
      }));
    }
  }
}

/** The bars that close from `from` (inclusive) to `to` (inclusive). No copy. */
function between(bars: BarSeries, from: number, to: number): BarSeries {
  const start = bars.closeTime.findIndex((time) => time >= from);
  const end = bars.closeTime.findLastIndex((time) => time <= to) + 1;
  return start === -1 ? sliceBars(bars, bars.length, bars.length) : sliceBars(bars, start, end);
}

const cut = (instruments: readonly SimulatedInstrument[], from: number, to: number) =>
  instruments.map((one) => ({ ...one, bars: between(one.bars, from, to) }));

/** What may be chosen on: nothing of the test, not even its first bar. */
export function trainingBars(
  instruments: readonly SimulatedInstrument[],
  { trainFrom, testFrom }: SearchWindow,
): SimulatedInstrument[] {
  // Times are whole milliseconds, so that one earlier is before the first test bar's close and nothing else.
  return cut(instruments, trainFrom, testFrom - 1);
}

/** Training and test together: a strategy needs its past to be itself on the first day of the test. */
export function wholeBars(
  instruments: readonly SimulatedInstrument[],
  { trainFrom, testTo }: SearchWindow,
): SimulatedInstrument[] {
  return cut(instruments, trainFrom, testTo);
}
