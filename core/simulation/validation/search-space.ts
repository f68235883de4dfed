import { InvalidValidationError, requireWhole } from '#core/analytics/validation/errors.ts';
import { seededRandom, seedOf } from '#core/values/random.ts';

/** The values that one parameter may take. */
export interface ParameterRange {
  readonly name: string;
  readonly values: readonly number[];
}

/** One point of a search: a value for each parameter. */
export type ParameterPoint = Readonly<Record<string, number>>;

/** Every trial is recorded and every result read by a person: more are a mistake in the ranges. */
export const MOST_TRIALS = 1_000_000;

/** Steps of binary fractions leave dust in the last digits, such as 0.30000000000000004. */
const DIGITS = 12;

/**
 * `low`, `low` + `step`, … up to `high`, which is included where a step lands on it.
 * @throws InvalidValidationError for bounds that are not finite and in order, or a step that is not above zero
 */
export function steppedRange(name: string, low: number, high: number, step: number): ParameterRange {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
    throw new InvalidValidationError(
      `${name} from ${low} to ${high} is no range; give the lower bound first`,
    );
  if (!(step > 0 && Number.isFinite(step)))
    throw new InvalidValidationError(`${name} in steps of ${step} goes nowhere; give a step above zero`);
  const count = Math.floor((high - low) / step + 1e-9) + 1;
  requireWhole(`the number of values of ${name}`, count, 1, MOST_TRIALS);
  return {
    name,
    values: Array.from({ length: count }, (_, i) => Number((low + i * step).toPrecision(DIGITS))),
  };
}

function sizeOf(ranges: readonly ParameterRange[]): number {
  if (ranges.length === 0)
    throw new InvalidValidationError('there is nothing to search; give at least one range');
  const names = new Set<string>();
  for (const { name, values } of ranges) {
    if (names.has(name)) throw new InvalidValidationError(`${name} has two ranges; put its values into one`);
    names.add(name);
    if (values.length === 0 || values.some((item) => !Number.isFinite(item)))
      throw new InvalidValidationError(`${name} has the values [${values.join(', ')}]; give finite numbers`);
    if (new Set(values).size !== values.length)
      throw new InvalidValidationError(
        `${name} has a value twice in [${values.join(', ')}]; a trial counts once`,
      );
  }
  return ranges.reduce((size, { values }) => size * values.length, 1);
}

/**
 * Every combination of the values, the last parameter moving fastest.
 * @throws InvalidValidationError for ranges that can't be used or more than a million combinations
 */
export function gridPoints(ranges: readonly ParameterRange[]): ParameterPoint[] {
  const size = sizeOf(ranges);
  if (size > MOST_TRIALS)
    throw new InvalidValidationError(
      `the ranges make ${size} combinations, more than ${MOST_TRIALS}; take larger steps or search at random`,
    );
  return Array.from({ length: size }, (_, index) => {
    let rest = index;
    const chosen = ranges.map(() => 0);
    for (let i = ranges.length - 1; i >= 0; i--) {
      const { values } = ranges[i]!;
      chosen[i] = values[rest % values.length]!;
      rest = Math.floor(rest / values.length);
    }
    return Object.fromEntries(ranges.map(({ name }, i) => [name, chosen[i]!]));
  });
}

/**
 * `count` different combinations drawn evenly and seeded; all of them, as a grid, where there are no more.
 * @throws InvalidValidationError for ranges that can't be used or a count outside 1 to a million
 */
export function randomPoints(
  ranges: readonly ParameterRange[],
  count: number,
  seed: number,
): ParameterPoint[] {
  requireWhole('the number of trials', count, 1, MOST_TRIALS);
  if (sizeOf(ranges) <= count) return gridPoints(ranges);
  const random = seededRandom(seedOf('search', seed));
  const drawn = new Map<string, ParameterPoint>();
  while (drawn.size < count) {
    const point = Object.fromEntries(
      ranges.map(({ name, values }) => [name, values[random.integer(values.length)]!]),
    );
    drawn.set(Object.values(point).join(), point);
  }
  return [...drawn.values()];
}
