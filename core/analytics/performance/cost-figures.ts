import type { SimulationCosts } from '#core/simulation/simulation-result.ts';
import { type EquityCurve, type Figure, undefinedBecause, value } from '../series.ts';
import { yearsOf } from './equity-curve.ts';

/** What trading cost, in the account's currency, and what that is of the profit. */
export interface CostFigures extends SimulationCosts {
  readonly total: number;
  /** Total over the gross profit: what the account would have gained without any cost (net profit + total). */
  readonly ofGrossProfit: Figure;
  /** Total over the mean equity, a year. */
  readonly annualDrag: Figure;
}

/** Costs beside the profit of the curve that paid them. */
export function costFigures({ time, equity }: EquityCurve, costs: SimulationCosts): CostFigures {
  const { commission, spreadAndSlippage, impact, borrow, interest } = costs;
  const total = commission + spreadAndSlippage + impact + borrow + interest;
  const gross = equity.length < 2 ? 0 : equity[equity.length - 1]! - equity[0]! + total;
  const average = equity.reduce((sum, mark) => sum + mark, 0) / equity.length;
  const years = yearsOf(time);
  return {
    commission,
    spreadAndSlippage,
    impact,
    borrow,
    interest,
    total,
    ofGrossProfit:
      gross > 0 ? value(total / gross) : undefinedBecause('there is no profit before costs either'),
    annualDrag:
      years > 0 && average > 0
        ? value(total / average / years)
        : undefinedBecause('the marks span no time, or their mean is not above zero'),
  };
}
