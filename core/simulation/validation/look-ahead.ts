import { corruptFuture, type FutureDirection } from '#core/analytics/validation/corrupt-future.ts';
import { cutBars } from '#core/analytics/validation/indicator-checks.ts';
import { seedOf } from '#core/values/random.ts';
import type { EngineResult, SimulatedInstrument, SimulationOptions } from '../engine/options.ts';
import { simulate } from '../engine/simulate.ts';
import type { Strategy } from '../engine/strategy.ts';
import type { SimulatedFill } from '../simulation-result.ts';
import { type Act, recordedStrategy } from './recorded-strategy.ts';

/**
 * Makes the strategy for some instruments. A strategy that computes signals over whole columns beforehand does it here:
 * this is where looking ahead happens, as the engine itself shows closed bars only.
 */
export type StrategyOnBars = (instruments: readonly SimulatedInstrument[]) => Strategy;

/** Whether a strategy knows what has not happened yet. */
export type LookAhead =
  | {
      readonly kind: 'clean';
      /** How often it was run on a corrupted future. */
      readonly runs: number;
    }
  | {
      readonly kind: 'looks-ahead';
      /** First mark of the simulation at which anything differs, counted from 0. */
      readonly bar: number;
      /** Its time, epoch milliseconds. */
      readonly time: number;
      /** Last mark that was left as it was. */
      readonly cut: number;
      /** What differs there, and how. */
      readonly what: string;
    };

const DIRECTIONS: readonly FutureDirection[] = ['up', 'down'];
const CUTS_DEFAULT = 16;

interface Difference {
  readonly time: number;
  readonly what: string;
}

/**
 * Runs a strategy on the true bars and on bars whose future after some cut is another, higher and lower, at several cuts.
 * Whatever it does, every fill and every mark of equity up to the cut must be the same to the bit. What a strategy reads
 * from elsewhere (a file of signals, a hard-coded date) is not corrupted, so it can't be caught this way.
 * @param followed told after each run on a corrupted future how many there have been, and how many there will be at most
 * @throws InvalidValidationError for fewer than three marks; whatever the simulation throws
 */
export function detectLookAhead(
  make: StrategyOnBars,
  instruments: readonly SimulatedInstrument[],
  options: SimulationOptions,
  { cuts = CUTS_DEFAULT, seed = 1 }: { readonly cuts?: number; readonly seed?: number } = {},
  followed: (runs: number, most: number) => void = () => {},
): LookAhead {
  const recorded = recordedStrategy(make(instruments));
  const truth = simulate(recorded.strategy, instruments, options);
  const { time } = truth.marks;
  let runs = 0;
  const bars = cutBars(time.length, cuts, seed);
  for (const cut of bars) {
    const until = time[cut]!;
    for (const direction of DIRECTIONS) {
      const corrupted = instruments.map((one, i) => ({
        ...one,
        bars: corruptFuture(one.bars, until, direction, seedOf(seed, cut, direction, i)),
      }));
      const other = recordedStrategy(make(corrupted), until);
      const result = simulate(other.strategy, corrupted, options);
      runs++;
      followed(runs, bars.length * DIRECTIONS.length);
      const found = [
        firstAct(recorded.acts, other.acts, until),
        firstFill(truth.fills, result.fills, until),
        firstMark(truth, result, cut),
      ]
        .filter((difference) => difference !== undefined)
        .sort((a, b) => a.time - b.time)[0];
      if (found !== undefined)
        return {
          kind: 'looks-ahead',
          bar: time.indexOf(found.time),
          time: found.time,
          cut,
          what: found.what,
        };
    }
  }
  return { kind: 'clean', runs };
}

/** The first place at which two sequences differ, among items up to an instant. */
function firstDifference<T extends { readonly time: number }>(
  truth: readonly T[],
  other: readonly T[],
  until: number,
  text: (item: T) => string,
): Difference | undefined {
  for (let i = 0; ; i++) {
    const one = truth[i];
    const two = other[i];
    const known = one !== undefined && one.time <= until;
    const seen = two !== undefined && two.time <= until;
    if (!known && !seen) return undefined;
    if (known && seen && one.time === two.time && text(one) === text(two)) continue;
    const time = Math.min(
      known ? one.time : Number.POSITIVE_INFINITY,
      seen ? two.time : Number.POSITIVE_INFINITY,
    );
    // The same act at another time is an act at one of them and none at the other.
    const [first, second] = [one, two].map((item) => (item?.time === time ? text(item) : 'nothing'));
    return { time, what: `${first}; with another future ${second}` };
  }
}

const firstAct = (truth: readonly Act[], other: readonly Act[], until: number) =>
  firstDifference(truth, other, until, ({ text }) => text);

const firstFill = (truth: readonly SimulatedFill[], other: readonly SimulatedFill[], until: number) =>
  firstDifference(truth, other, until, (fill) => `fill ${JSON.stringify(fill)}`);

function firstMark(truth: EngineResult, other: EngineResult, cut: number): Difference | undefined {
  for (let i = 0; i <= cut; i++) {
    const [one, two] = [truth.marks.equity[i]!, other.marks.equity[i]!];
    if (!Object.is(one, two))
      return { time: truth.marks.time[i]!, what: `equity ${one}; with another future ${two}` };
  }
  return undefined;
}
