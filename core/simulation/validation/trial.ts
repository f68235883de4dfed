import { maximumDrawdown } from '#core/analytics/performance/drawdowns.ts';
import { dailyCurve, periodsPerYear, simpleReturns } from '#core/analytics/performance/equity-curve.ts';
import { compoundAnnualGrowth, sharpeRatio, totalReturn } from '#core/analytics/performance/ratios.ts';
import type { EquityCurve, Figure } from '#core/analytics/series.ts';
import { type BlockMoments, blockMoments } from '#core/analytics/validation/block-moments.ts';
import { type MeasuredSharpe, sharpeSample } from '#core/analytics/validation/sharpe-inference.ts';
import type { MarkColumns } from '../engine/mark-columns.ts';
import type { EngineResult, SimulatedInstrument, SimulationOptions } from '../engine/options.ts';
import { simulate } from '../engine/simulate.ts';
import type { Strategy } from '../engine/strategy.ts';

/** Figures of daily marks, without a risk-free rate. */
export interface CurveFigures {
  readonly totalReturn: Figure;
  readonly annualGrowth: Figure;
  /** Annualised by the actual spacing of the marks. */
  readonly sharpe: Figure;
  /** Largest loss from a high as a positive fraction; 0 where equity never fell. */
  readonly maximumDrawdown: number;
  /** Sharpe ratio of one day and what its uncertainty depends on. */
  readonly sample: MeasuredSharpe;
}

/** What one trial came to. */
export type TrialOutcome =
  | {
      readonly kind: 'measured';
      readonly figures: CurveFigures;
      readonly orders: number;
      readonly trades: number;
      /** Fees, spreads, slippage, impact, borrow and interest together, in the account's currency. */
      readonly costs: number;
      /** For the probability of overfitting; undefined where there are too few days. */
      readonly blocks: BlockMoments | undefined;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** 924 halvings; each block of two decades is a year and a half. */
export const OVERFITTING_BLOCKS = 12;
/** A Sharpe ratio of a half of fewer returns is noise and nothing else. */
const LEAST_BLOCK = 5;

/** Figures of a curve of any spacing, by its daily marks. @throws InvalidEquityError for marks that can't be measured */
export function curveFigures(curve: EquityCurve): CurveFigures {
  const daily = dailyCurve(curve);
  const returns = simpleReturns(daily.equity);
  return {
    totalReturn: totalReturn(daily.equity),
    annualGrowth: compoundAnnualGrowth(daily),
    sharpe: sharpeRatio(returns, 0, periodsPerYear(daily.time)),
    maximumDrawdown: maximumDrawdown(daily)?.depth ?? 0,
    sample: sharpeSample(returns),
  };
}

/**
 * Runs one point of a search and measures it. Whatever goes wrong with the strategy, its parameters or its account is the
 * outcome of this trial and must not stop the others.
 * @param make the strategy of this point; may throw
 * @param columns reused from trial to trial
 */
export function runTrial(
  make: () => Strategy,
  instruments: readonly SimulatedInstrument[],
  options: SimulationOptions,
  columns: MarkColumns,
): TrialOutcome {
  try {
    return measured(simulate(make(), instruments, options, columns));
  } catch (error) {
    return { kind: 'failed', ...faultOf(error) };
  }
}

function measured(result: EngineResult): TrialOutcome {
  const ruin = result.marks.equity.findIndex((mark) => mark <= 0);
  if (ruin !== -1)
    return {
      kind: 'failed',
      code: 'Ruin',
      message: `equity fell to ${result.marks.equity[ruin]?.toFixed(2)} at mark ${ruin} of ${result.marks.equity.length}`,
    };
  const daily = dailyCurve(result.marks);
  const figures = curveFigures(daily);
  const returns = simpleReturns(daily.equity);
  const { commission, spreadAndSlippage, impact, borrow, interest } = result.costs;
  return {
    kind: 'measured',
    figures,
    orders: result.orders.length,
    trades: result.trades.length,
    costs: commission + spreadAndSlippage + impact + borrow + interest,
    blocks:
      returns.length < OVERFITTING_BLOCKS * LEAST_BLOCK
        ? undefined
        : blockMoments(returns, OVERFITTING_BLOCKS),
  };
}

function faultOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'NotAnError', message: String(error) };
  const { code } = error as Error & { readonly code?: unknown };
  return { code: typeof code === 'string' ? code : error.name, message: error.message };
}
