import { DAY_MILLIS } from '#core/market/civil-date.ts';
import { newYorkOffset } from '#core/market/new-york-time.ts';
import type { EquityCurve } from '../series.ts';
import { pairedReturns } from './benchmark.ts';
import { underwater } from './drawdowns.ts';
import { dailyCurve, periodsPerYear, simpleReturns } from './equity-curve.ts';
import type { MeasuredResult } from './performance-summary.ts';
import { ROLLING_WINDOW, type RollingPoint, rollingBeta, rollingSharpe } from './rolling.ts';

/** One value a New York date; `time` is that of the date's last mark. */
export interface DailySeries {
  readonly time: Float64Array;
  readonly values: Float64Array;
}

/** What a report draws, a value a day. The figures are in the {@link PerformanceSummary} of the same result. */
export interface ReportCurves {
  readonly equity: EquityCurve;
  readonly benchmark: EquityCurve | null;
  /** Deepest fall below the peak of each date, 0 at a high: marks inside the day count. */
  readonly underwater: DailySeries;
  readonly benchmarkUnderwater: DailySeries | null;
  /** Fractions of the equity at the last mark of each date. */
  readonly grossExposure: DailySeries | null;
  readonly netExposure: DailySeries | null;
  /** Daily returns, simple. */
  readonly returns: Float64Array;
  readonly benchmarkReturns: Float64Array | null;
  readonly rollingSharpe: readonly RollingPoint[];
  readonly benchmarkRollingSharpe: readonly RollingPoint[];
  readonly rollingBeta: readonly RollingPoint[];
}

const dayOf = (at: number): number => Math.floor((at + newYorkOffset(at)) / DAY_MILLIS);

/** A column of the marks brought to one value a date by `merge`, which sees the date's values in order. */
function byDay(
  time: Float64Array,
  column: Float64Array,
  merge: (before: number, next: number) => number,
): DailySeries {
  const times: number[] = [];
  const values: number[] = [];
  let day = Number.NaN;
  column.forEach((item, index) => {
    const at = time[index]!;
    const own = dayOf(at);
    const last = times.length - 1;
    if (own === day) [times[last], values[last]] = [at, merge(values[last]!, item)];
    else [times[last + 1], values[last + 1]] = [at, item];
    day = own;
  });
  return { time: Float64Array.from(times), values: Float64Array.from(values) };
}

const underwaterOf = ({ time, equity }: EquityCurve): DailySeries =>
  byDay(time, underwater(equity), Math.max);

const latest = (_: number, next: number): number => next;

/**
 * The curves of a report, from the same marks as its figures.
 * @throws InvalidEquityError for marks that cannot be measured, OutsideNewYorkRangeError before 1987 and after 2037
 */
export function reportCurves(
  { marks }: MeasuredResult,
  benchmark: EquityCurve | undefined,
  { riskFree = 0, window = ROLLING_WINDOW }: { readonly riskFree?: number; readonly window?: number } = {},
): ReportCurves {
  const equity = dailyCurve(marks);
  const returns = simpleReturns(equity.equity);
  const market = benchmark === undefined ? null : dailyCurve(benchmark);
  const exposure = (column: Float64Array | undefined): DailySeries | null =>
    column === undefined
      ? null
      : byDay(
          marks.time,
          column.map((amount, index) => (marks.equity[index]! > 0 ? amount / marks.equity[index]! : 0)),
          latest,
        );
  const sharpeOf = (daily: EquityCurve): readonly RollingPoint[] =>
    rollingSharpe(
      daily.time.subarray(1),
      simpleReturns(daily.equity),
      riskFree,
      periodsPerYear(daily.time),
      window,
    );
  const paired = benchmark === undefined ? null : pairedReturns(marks, benchmark);
  return {
    equity,
    benchmark: market,
    underwater: underwaterOf(marks),
    benchmarkUnderwater: benchmark === undefined ? null : underwaterOf(benchmark),
    grossExposure: exposure(marks.grossExposure),
    netExposure: exposure(marks.netExposure),
    returns,
    benchmarkReturns: market === null ? null : simpleReturns(market.equity),
    rollingSharpe: sharpeOf(equity),
    benchmarkRollingSharpe: market === null ? [] : sharpeOf(market),
    rollingBeta: paired === null ? [] : rollingBeta(paired.time, paired, window),
  };
}
