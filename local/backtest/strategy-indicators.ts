import type { Indicator, WarmUp } from '#core/analytics/validation/indicator-checks.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import type { StrategyModule } from './strategy-file.ts';

/** An indicator that a strategy file shows, so that it can be checked by itself. */
export interface NamedIndicator {
  readonly name: string;
  readonly of: Indicator;
  readonly warmUp: WarmUp;
}

/** Relative difference that rounding of another order of sums makes. */
const TOLERANCE_DEFAULT = 1e-9;

/**
 * The export `indicators` of a strategy file, `{ name: { of(bars, parameters), warmUp, tolerance } }`: values a bar, the
 * bars until a value no longer shows where history began, and how exactly (default 1e-9 of the largest value).
 * @throws ConfigurationError naming the entry that is none
 */
export function exportedIndicators(
  file: string,
  { indicators }: StrategyModule,
  parameters: Readonly<Record<string, number>>,
): readonly NamedIndicator[] {
  if (indicators === undefined) return [];
  if (typeof indicators !== 'object' || indicators === null)
    throw new ConfigurationError(
      `the export indicators of ${file} is ${String(indicators)}; expected { name: { of(bars, parameters), warmUp } }`,
    );
  return Object.entries(indicators as Readonly<Record<string, unknown>>).map(([name, entry]) => {
    const { of, warmUp, tolerance = TOLERANCE_DEFAULT } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof of !== 'function')
      throw new ConfigurationError(
        `the indicator ${name} of ${file} has no function of; expected of(bars, parameters) that gives a value for each bar`,
      );
    if (!Number.isInteger(warmUp) || (warmUp as number) < 0)
      throw new ConfigurationError(
        `the indicator ${name} of ${file} has the warmUp ${String(warmUp)}; expected a whole number of bars, 0 or more`,
      );
    if (typeof tolerance !== 'number' || !(tolerance >= 0))
      throw new ConfigurationError(
        `the indicator ${name} of ${file} has the tolerance ${String(tolerance)}; expected a number, 0 or more`,
      );
    return {
      name,
      of: (bars: BarSeries) => columnOf(of(bars, parameters), name, file),
      warmUp: { bars: warmUp as number, tolerance },
    };
  });
}

function columnOf(values: unknown, name: string, file: string): Float64Array {
  if (values instanceof Float64Array) return values;
  throw new ConfigurationError(
    `the indicator ${name} of ${file} gives no Float64Array; expected one with a value for each bar, NaN where there is none yet`,
  );
}
