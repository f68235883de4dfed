import type { PerformanceSummary } from '#core/analytics/performance/performance-summary.ts';
import type { ReportCurves } from '#core/analytics/performance/report-curves.ts';
import type { Figure } from '#core/analytics/series.ts';
import type { Trade } from '#core/simulation/simulation-result.ts';

/** Where a result comes from: enough to make it again. */
export interface Provenance {
  /** Where the prices or marks come from, a line each. */
  readonly sources: readonly string[];
  /** SHA-256 of the data, in hexadecimal. */
  readonly sha256: string;
  /** Commit of the program, where it runs from a repository. */
  readonly commit: string | null;
  /** What the strategy and the run were given, by name. */
  readonly parameters: Readonly<Record<string, string | number>>;
  /** What trading was taken to cost; null where it is not known. */
  readonly costModel: string | null;
  /** How many variants were tried before this one was shown; null where it is not known. */
  readonly trials: number | null;
  /** Deflated Sharpe ratio of the trials, a probability (Bailey and López de Prado 2014), where it was computed. */
  readonly deflatedSharpe?: Figure;
  /** Probability of backtest overfitting by CSCV (Bailey et al. 2017), where it was computed. */
  readonly overfitting?: Figure;
}

/** Figures under a name. */
export interface NamedSummary {
  readonly name: string;
  readonly summary: PerformanceSummary;
}

/** All that a tear sheet shows. */
export interface TearSheet {
  /** What kind of money it is, such as `backtest on simulated money`. */
  readonly subject: string;
  readonly result: NamedSummary;
  readonly benchmark: NamedSummary | null;
  readonly curves: ReportCurves;
  /** Null where the marks alone are known. */
  readonly trades: readonly Trade[] | null;
  /** What happened on the way: refusals, liquidations, delistings; a line each. */
  readonly incidents: readonly string[];
  readonly provenance: Provenance;
}
