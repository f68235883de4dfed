import type { BarSeries } from '#core/market/bars.ts';
import type { CivilDate } from '#core/market/civil-date.ts';
import type {
  SimulatedFill,
  SimulationCosts,
  SimulationMarks,
  Trade,
} from '#core/simulation/simulation-result.ts';
import type { EquityCurve, Figure } from '../series.ts';
import type { PeriodReturn } from './calendar-returns.ts';
import type { CapacityFigures } from './capacity.ts';
import type { CostFigures } from './cost-figures.ts';
import type { CrisisReturn } from './crisis-windows.ts';
import type { ExposureFigures } from './exposure.ts';
import type { Plausibility } from './plausibility.ts';
import type { Confidence } from './tail-risk.ts';
import type { TradeFigures } from './trade-figures.ts';

/** What is measured: marks at least; a simulation result has all of it. */
export interface MeasuredResult {
  readonly marks: EquityCurve & Partial<Pick<SimulationMarks, 'grossExposure' | 'netExposure'>>;
  readonly trades?: readonly Trade[];
  readonly fills?: readonly SimulatedFill[];
  readonly costs?: SimulationCosts;
  readonly currency?: string;
}

export interface SummaryOptions {
  /** Annual risk-free rate as a fraction; 0 without it. */
  readonly riskFree?: number;
  /** Fall below the peak that the account should not go beyond, as a fraction; 0.05 without it. */
  readonly drawdownLimit?: number;
  /** How many of the deepest drawdowns are listed; 10 without it. */
  readonly worst?: number;
  /** Returns in a rolling window; 252 without it. */
  readonly window?: number;
  /** Bars of the instruments traded: capacity is measured against their volume. */
  readonly bars?: readonly BarSeries[];
}

/** A drawdown with dates in New York, for people and JSON. */
export interface DatedDrawdown {
  readonly depth: number;
  readonly peak: CivilDate;
  readonly trough: CivilDate;
  /** Null while equity is still below the peak at the end. */
  readonly recovery: CivilDate | null;
  /** Calendar days from the peak to the recovery, or to the last mark. */
  readonly days: number;
}

export interface DatedReturn {
  readonly date: CivilDate;
  readonly return: number;
}

/** Rolling figures at the last window that ends in each month; null where a figure is undefined. */
export interface RollingRow {
  readonly date: CivilDate;
  readonly sharpe: number | null;
  readonly volatility: number | null;
  readonly beta: number | null;
}

/** Value at risk of one day at one confidence; losses are positive fractions. */
export interface TailRow {
  readonly confidence: Confidence;
  readonly historical: Figure;
  readonly conditional: Figure;
  readonly normal: Figure;
  readonly cornishFisher: Figure;
  /** Whether Cornish–Fisher's expansion is a quantile here at all (Maillard 2012). */
  readonly cornishFisherInsideDomain: boolean;
}

export interface RelativeFigures {
  readonly days: number;
  readonly beta: Figure;
  readonly alpha: Figure;
  readonly correlation: Figure;
  readonly trackingError: Figure;
  readonly informationRatio: Figure;
  readonly upCapture: Figure;
  readonly downCapture: Figure;
}

/** Every figure of one result: what the commands print as JSON and the tear sheet shows. Holds no NaN and no infinity. */
export interface PerformanceSummary {
  readonly plausibility: Plausibility;
  readonly currency: string | null;
  readonly span: {
    readonly from: CivilDate | null;
    readonly to: CivilDate | null;
    readonly years: number;
    readonly marks: number;
    readonly days: number;
    readonly returnsPerYear: number;
  };
  readonly equity: { readonly start: Figure; readonly final: Figure };
  readonly returns: {
    readonly total: Figure;
    readonly annual: Figure;
    readonly volatility: Figure;
    readonly positiveDays: Figure;
    readonly bestDay: DatedReturn | null;
    readonly worstDay: DatedReturn | null;
    readonly skewness: Figure;
    readonly excessKurtosis: Figure;
  };
  readonly ratios: {
    readonly riskFree: number;
    readonly sharpe: Figure;
    readonly sortino: Figure;
    readonly calmar: Figure;
    readonly omega: Figure;
    readonly tailRatio: Figure;
  };
  readonly drawdown: {
    readonly limit: number;
    /** Share of the days whose last mark is further below the peak than the limit. */
    readonly beyondLimit: Figure;
    readonly maximum: Figure;
    readonly longest: DatedDrawdown | null;
    readonly ulcer: Figure;
    readonly worst: readonly DatedDrawdown[];
  };
  readonly tail: readonly TailRow[];
  readonly trades: TradeFigures | null;
  readonly exposure: ExposureFigures | null;
  readonly turnover: Figure;
  readonly costs: CostFigures | null;
  readonly capacity: CapacityFigures | null;
  /** Against the benchmark, on the days that both have. */
  readonly relative: RelativeFigures | null;
  readonly rolling: { readonly window: number; readonly months: readonly RollingRow[] };
  readonly years: readonly PeriodReturn[];
  readonly months: readonly PeriodReturn[];
  readonly crises: readonly CrisisReturn[];
}
