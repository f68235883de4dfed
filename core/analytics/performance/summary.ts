import { type CivilDate, DAY_MILLIS } from '#core/market/civil-date.ts';
import { newYorkDate } from '#core/market/new-york-time.ts';
import { type EquityCurve, type Figure, undefinedBecause, value } from '../series.ts';
import {
  alpha,
  beta,
  capture,
  correlation,
  informationRatio,
  pairedReturns,
  trackingError,
} from './benchmark.ts';
import { monthlyReturns, yearlyReturns } from './calendar-returns.ts';
import { capacityFigures } from './capacity.ts';
import { costFigures } from './cost-figures.ts';
import { crisisReturns } from './crisis-windows.ts';
import { type Drawdown, longestDrawdown, ulcerIndex, underwater, worstDrawdowns } from './drawdowns.ts';
import { dailyCurve, periodsPerYear, simpleReturns, yearsOf } from './equity-curve.ts';
import { annualTurnover, type ExposureFigures, exposureFigures } from './exposure.ts';
import { excessKurtosis, skewness } from './moments.ts';
import type {
  DatedDrawdown,
  DatedReturn,
  MeasuredResult,
  PerformanceSummary,
  RollingRow,
  SummaryOptions,
  TailRow,
} from './performance-summary.ts';
import { judgePlausibility } from './plausibility.ts';
import {
  annualVolatility,
  calmarRatio,
  compoundAnnualGrowth,
  omegaRatio,
  sharpeRatio,
  sortinoRatio,
  totalReturn,
} from './ratios.ts';
import {
  ROLLING_WINDOW,
  type RollingPoint,
  rollingBeta,
  rollingSharpe,
  rollingVolatility,
} from './rolling.ts';
import {
  type Confidence,
  cornishFisherValueAtRisk,
  historicalConditionalValueAtRisk,
  historicalValueAtRisk,
  normalValueAtRisk,
  tailRatio,
} from './tail-risk.ts';
import { tradeFigures } from './trade-figures.ts';

const DEFAULTS = { riskFree: 0, drawdownLimit: 0.05, worst: 10, window: ROLLING_WINDOW, bars: [] } as const;
const CONFIDENCES: readonly Confidence[] = [0.95, 0.975, 0.99];

/**
 * Gathers every figure of a result. Returns and ratios are of daily marks (the last of each New York date), drawdowns of all
 * marks as given; each figure's formula and source stand at its own function.
 * @throws InvalidEquityError for marks that cannot be measured, OutsideNewYorkRangeError before 1987 and after 2037,
 * RangeError for a risk-free rate at or below −1
 */
export function summarisePerformance(
  result: MeasuredResult,
  benchmark: EquityCurve | undefined,
  options: SummaryOptions = {},
): PerformanceSummary {
  const { riskFree, drawdownLimit, worst, window, bars } = { ...DEFAULTS, ...options };
  const { marks, trades, fills, costs } = result;
  const daily = dailyCurve(marks);
  const returns = simpleReturns(daily.equity);
  const perYear = periodsPerYear(daily.time);
  const paired = benchmark === undefined ? undefined : pairedReturns(marks, benchmark);
  const deepest = worstDrawdowns(marks, worst);
  const days = Array.from(daily.time, newYorkDate);
  const marked = (index: number): Figure => {
    const mark = marks.equity.at(index);
    return mark === undefined ? undefinedBecause('there are no marks') : value(mark);
  };
  return {
    plausibility: judgePlausibility(marks, trades),
    currency: result.currency ?? null,
    span: {
      from: days[0] ?? null,
      to: days.at(-1) ?? null,
      years: yearsOf(marks.time),
      marks: marks.time.length,
      days: days.length,
      returnsPerYear: perYear,
    },
    equity: { start: marked(0), final: marked(-1) },
    returns: {
      total: totalReturn(marks.equity),
      annual: compoundAnnualGrowth(marks),
      volatility: annualVolatility(returns, perYear),
      positiveDays: shareOf(returns, (move) => move > 0),
      bestDay: extremeDay(days, returns, (move, best) => move > best),
      worstDay: extremeDay(days, returns, (move, worse) => move < worse),
      skewness: skewness(returns),
      excessKurtosis: excessKurtosis(returns),
    },
    ratios: {
      riskFree,
      sharpe: sharpeRatio(returns, riskFree, perYear),
      sortino: sortinoRatio(returns, riskFree, perYear),
      calmar: calmarRatio(marks),
      omega: omegaRatio(returns),
      tailRatio: tailRatio(returns),
    },
    drawdown: {
      limit: drawdownLimit,
      beyondLimit: shareOf(underwater(daily.equity), (depth) => depth > drawdownLimit),
      maximum:
        marks.equity.length === 0 ? undefinedBecause('there are no marks') : value(deepest[0]?.depth ?? 0),
      longest: dated(longestDrawdown(marks)),
      ulcer: ulcerIndex(daily.equity),
      worst: deepest.flatMap((one) => dated(one) ?? []),
    },
    tail: CONFIDENCES.map((confidence) => tailRow(returns, confidence)),
    trades: trades === undefined ? null : tradeFigures(trades),
    exposure: exposureOf(marks),
    turnover:
      fills === undefined ? undefinedBecause('the fills are not known') : annualTurnover(marks, fills),
    costs: costs === undefined ? null : costFigures(marks, costs),
    capacity:
      trades === undefined || fills === undefined || bars.length === 0
        ? null
        : capacityFigures(marks, trades, fills, bars),
    relative:
      paired === undefined
        ? null
        : {
            days: paired.account.length,
            beta: beta(paired),
            alpha: alpha(paired, riskFree),
            correlation: correlation(paired),
            trackingError: trackingError(paired),
            informationRatio: informationRatio(paired),
            upCapture: capture(paired, 'up'),
            downCapture: capture(paired, 'down'),
          },
    rolling: {
      window,
      months:
        returns.length < window
          ? []
          : rollingMonths(
              rollingSharpe(daily.time.subarray(1), returns, riskFree, perYear, window),
              rollingVolatility(daily.time.subarray(1), returns, perYear, window),
              paired === undefined ? [] : rollingBeta(paired.time, paired, window),
            ),
    },
    years: yearlyReturns(marks),
    months: monthlyReturns(marks),
    crises: crisisReturns(marks),
  };
}

function shareOf(sample: Float64Array, counts: (item: number) => boolean): Figure {
  if (sample.length === 0) return undefinedBecause('there are no returns');
  return value(sample.filter(counts).length / sample.length);
}

/** The first day whose return is beyond that of all others. */
function extremeDay(
  days: readonly CivilDate[],
  returns: Float64Array,
  beyond: (move: number, found: number) => boolean,
): DatedReturn | null {
  let found = 0;
  returns.forEach((move, index) => {
    if (beyond(move, returns[found]!)) found = index;
  });
  const move = returns[found];
  return move === undefined ? null : { date: days[found + 1]!, return: move };
}

function dated(drawdown: Drawdown | undefined): DatedDrawdown | null {
  if (drawdown === undefined) return null;
  const { depth, peakTime, troughTime, recoveryTime, duration } = drawdown;
  return {
    depth,
    peak: newYorkDate(peakTime),
    trough: newYorkDate(troughTime),
    recovery: recoveryTime === undefined ? null : newYorkDate(recoveryTime),
    days: Math.round(duration / DAY_MILLIS),
  };
}

function tailRow(returns: Float64Array, confidence: Confidence): TailRow {
  const { figure, insideDomain } = cornishFisherValueAtRisk(returns, confidence);
  return {
    confidence,
    historical: historicalValueAtRisk(returns, confidence),
    conditional: historicalConditionalValueAtRisk(returns, confidence),
    normal: normalValueAtRisk(returns, confidence),
    cornishFisher: figure,
    cornishFisherInsideDomain: insideDomain,
  };
}

function exposureOf({
  time,
  equity,
  grossExposure,
  netExposure,
}: MeasuredResult['marks']): ExposureFigures | null {
  if (grossExposure === undefined || netExposure === undefined) return null;
  return exposureFigures({ time, equity, grossExposure, netExposure });
}

/** The last point of each month, of three rolling figures that may end on other days. */
function rollingMonths(
  sharpe: readonly RollingPoint[],
  volatility: readonly RollingPoint[],
  slope: readonly RollingPoint[],
): readonly RollingRow[] {
  const volatilities = numbersByTime(volatility);
  const betas = numbersByTime(slope);
  return sharpe.flatMap(({ time, figure }, index) => {
    const date = newYorkDate(time);
    const next = sharpe[index + 1];
    if (next !== undefined && newYorkDate(next.time).slice(0, 7) === date.slice(0, 7)) return [];
    return [
      {
        date,
        sharpe: figure.kind === 'value' ? figure.value : null,
        volatility: volatilities.get(time) ?? null,
        beta: betas.get(time) ?? null,
      },
    ];
  });
}

const numbersByTime = (points: readonly RollingPoint[]): ReadonlyMap<number, number> =>
  new Map(points.flatMap(({ time, figure }) => (figure.kind === 'value' ? [[time, figure.value]] : [])));
