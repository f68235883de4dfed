import { InfeasibleConstraintsError, InvalidOptimizationError } from './errors.ts';
import { checkColumn, checkEnds } from './input-checks.ts';
import { sumOf } from './vector.ts';

/** What weights may be. A weight is a fraction of equity; what is not invested is cash. */
export interface WeightLimits {
  /** The least weight of every name, or of each. Default 0: long only. */
  readonly floor?: number | Float64Array;
  /** The greatest weight of every name, or of each. Default 1. */
  readonly cap?: number | Float64Array;
  /** What all weights together may be. Default {@link FULLY_INVESTED}. */
  readonly invested?: { readonly least: number; readonly most: number };
}

export const FULLY_INVESTED = { least: 1, most: 1 } as const;
export const CASH_ALLOWED = { least: 0, most: 1 } as const;

/** Limits with an entry for each name, known to leave at least one portfolio. */
export interface ResolvedLimits {
  readonly floors: Float64Array;
  readonly caps: Float64Array;
  readonly least: number;
  readonly most: number;
}

/** What caps may lack by rounding of their sum: ten caps of 0.1 do make 1. */
const ROUNDING = 1e-12;

/**
 * @throws InvalidOptimizationError for limits that are not finite, of wrong length or the wrong way round
 * @throws InfeasibleConstraintsError naming the names whose caps are too low, or floors too high, to invest what must be
 */
export function resolveLimits(names: readonly string[], limits: WeightLimits = {}): ResolvedLimits {
  const floors = forEach(names, limits.floor ?? 0, 'the floor');
  const caps = forEach(names, limits.cap ?? 1, 'the cap');
  for (const [index, name] of names.entries())
    checkEnds(floors[index]!, caps[index]!, `the weight of ${name}`);
  const { least, most } = limits.invested ?? FULLY_INVESTED;
  if (!Number.isFinite(least) || !Number.isFinite(most))
    throw new InvalidOptimizationError(`what is invested goes from ${least} to ${most}; expected numbers`);
  checkEnds(least, most, 'what is invested');
  const relation = least === most ? '=' : '≥';
  refuseShort(names, caps, '≤', least - sumOf(caps), `invested ${relation} ${least}`);
  refuseShort(names, floors, '≥', sumOf(floors) - most, `invested ${least === most ? '=' : '≤'} ${most}`);
  return { floors, caps, least, most };
}

function forEach(names: readonly string[], given: number | Float64Array, what: string): Float64Array {
  const column = typeof given === 'number' ? new Float64Array(names.length).fill(given) : given;
  checkColumn(column, names, what);
  return column;
}

function refuseShort(
  names: readonly string[],
  ends: Float64Array,
  relation: '≤' | '≥',
  shortfall: number,
  constraint: string,
): void {
  if (shortfall <= ROUNDING) return;
  const what = relation === '≤' ? 'caps' : 'floors';
  const total = Number(sumOf(ends).toPrecision(12));
  throw new InfeasibleConstraintsError(
    `${constraint} cannot be met: the ${what} of ${named(names)} add up to ${total}; ${
      relation === '≤' ? 'raise a cap, add a name or allow cash' : 'lower a floor or invest more'
    }`,
    constraint,
    shortfall,
    names.map((name, index) => `${name} ${relation} ${ends[index]}`),
  );
}

function named(names: readonly string[]): string {
  return names.length <= 12
    ? names.join(', ')
    : `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`;
}

/** @throws InvalidOptimizationError where a floor is below zero, for methods that know no short positions */
export function refuseShorts(names: readonly string[], { floors }: ResolvedLimits, method: string): void {
  const short = floors.findIndex((floor) => floor < 0);
  if (short !== -1)
    throw new InvalidOptimizationError(
      `the floor of ${names[short]} is ${floors[short]}; ${method} knows no short positions, give at least 0`,
    );
}

/** All that may be invested, for methods that give proportions and no size. */
export const fullSize = ({ caps, most }: ResolvedLimits): number => Math.min(most, sumOf(caps));

/** The row of a program that keeps what is invested within the limits. */
export const budgetRow = (size: number, { least, most }: ResolvedLimits) => ({
  name: 'invested',
  coefficients: new Float64Array(size).fill(1),
  least,
  most,
});

/** How near to a limit a weight counts as on it. */
const ON_LIMIT = 1e-10;

/** The limits that weights are on, such as `AAPL ≤ 0.3` and `invested = 1`. */
export function bindingLimits(
  names: readonly string[],
  weights: Float64Array,
  { floors, caps, least, most }: ResolvedLimits,
): string[] {
  const invested = sumOf(weights);
  const ends = (what: string, at: number, low: number, high: number): string[] => {
    if (low === high) return [`${what} = ${low}`];
    if (at <= low + ON_LIMIT) return [`${what} ≥ ${low}`];
    return at >= high - ON_LIMIT ? [`${what} ≤ ${high}`] : [];
  };
  return [
    ...ends('invested', invested, least, most),
    ...names.flatMap((name, index) => ends(name, weights[index]!, floors[index]!, caps[index]!)),
  ];
}
