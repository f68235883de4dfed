import { type Figure, undefinedBecause, value } from '../series.ts';
import { type RiskModel, varianceOf } from './risk-model.ts';
import { dot, sumOf, times } from './vector.ts';
import { bindingLimits, type ResolvedLimits } from './weight-limits.ts';

/** Shares of a portfolio's risk by name, which add up to 1; undefined where there is no risk to share. */
export type RiskShares =
  | { readonly kind: 'value'; readonly shares: Float64Array }
  | { readonly kind: 'undefined'; readonly reason: string };

/** Weights with what is needed to judge them. */
export interface Portfolio {
  readonly names: readonly string[];
  /** Fractions of equity, in the order of the names. */
  readonly weights: Float64Array;
  /** Fraction of equity that is not invested. */
  readonly cash: number;
  /** What the method made as small or as large as it could, or the variance where it optimises nothing. */
  readonly objective: { readonly quantity: string; readonly value: number };
  /** Of weights and cash together, one period; undefined where the method was given none. */
  readonly expectedReturn: Figure;
  /** √(wᵀΣw), of one period of the covariance. */
  readonly volatility: number;
  readonly riskShares: RiskShares;
  /** The limits that the weights are on, such as `AAPL ≤ 0.3` and `invested = 1`. */
  readonly binding: readonly string[];
  /** Largest over smallest eigenvalue of the covariance as given. */
  readonly conditionNumber: Figure;
  /** What was added to every variance before optimising; 0 where nothing was. */
  readonly ridge: number;
}

/** Shares of the variance: wᵢ(Σw)ᵢ / wᵀΣw (Maillard, Roncalli and Teïletche 2010, equation 1, divided by the total). */
export function varianceShares(weights: Float64Array, covariance: Float64Array): RiskShares {
  const marginal = times(covariance, weights);
  const variance = dot(weights, marginal);
  return variance > 0
    ? { kind: 'value', shares: weights.map((weight, index) => (weight * marginal[index]!) / variance) }
    : { kind: 'undefined', reason: 'the portfolio has no variance' };
}

/** What an optimizer knows when it has its weights. */
export interface Outcome {
  readonly limits: ResolvedLimits;
  readonly conditionNumber: Figure;
  /** Default: the variance. */
  readonly objective?: Portfolio['objective'];
  readonly expectedReturn?: number;
  readonly ridge?: number;
}

/** Puts the diagnostics to weights. */
export function portfolioOf(model: RiskModel, weights: Float64Array, outcome: Outcome): Portfolio {
  const { names, covariance } = model;
  const variance = varianceOf(weights, covariance);
  return {
    names,
    weights,
    cash: cashOf(weights),
    objective: outcome.objective ?? { quantity: 'variance', value: variance },
    expectedReturn:
      outcome.expectedReturn === undefined
        ? undefinedBecause('the method was given no expected returns')
        : value(outcome.expectedReturn),
    volatility: Math.sqrt(variance),
    riskShares: varianceShares(weights, covariance),
    binding: bindingLimits(names, weights, outcome.limits),
    conditionNumber: outcome.conditionNumber,
    ridge: outcome.ridge ?? 0,
  };
}

/** What weights and cash are expected to return: wᵀμ + (1 − Σw) · cashReturn. */
export const expectedReturnOf = (weights: Float64Array, expected: Float64Array, cashReturn: number): number =>
  dot(weights, expected) + cashOf(weights) * cashReturn;

/** 1 − Σw, and 0 where that is rounding. */
export function cashOf(weights: Float64Array): number {
  const cash = 1 - sumOf(weights);
  return Math.abs(cash) <= 1e-12 ? 0 : cash;
}
