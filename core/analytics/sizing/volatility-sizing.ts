import {
  capped,
  type PositionSize,
  requirePositive,
  requireShare,
  type SizingContext,
} from './position-size.ts';

/**
 * Size whose market value fluctuates as much as wanted: equity × target / volatility (A. Moreira and T. Muir 2017,
 * Volatility-managed portfolios, of one instrument with its forecast volatility).
 * @param target annual volatility wanted of the position relative to equity: 0.1 is 10 %
 * @param annualVolatility of the instrument's returns; 0 sizes nothing, as it is no forecast
 * @throws InvalidSizingError for inputs that are no numbers or out of range
 */
export function volatilityTargetSize(
  context: SizingContext,
  target: number,
  annualVolatility: number,
): PositionSize {
  requirePositive('target volatility', target);
  if (annualVolatility === 0)
    return { kind: 'none', reason: 'the volatility is 0: no size makes it fluctuate' };
  requirePositive('annual volatility', annualVolatility);
  return capped(context, (context.equity * target) / (annualVolatility * context.price * context.multiplier));
}

/**
 * Size that loses a share of equity when the price moves some average true ranges against it: the stop's distance is
 * `multiple` × ATR (R. Dennis's Turtle rules with 1 % and 1 ATR to a unit; V. Tharp 1998).
 * @param riskShare of equity lost at the stop: 0.01 is 1 %
 * @param averageTrueRange in price units; 0 sizes nothing
 * @param multiple ATRs from entry to stop
 * @throws InvalidSizingError for inputs that are no numbers or out of range
 */
export function averageTrueRangeSize(
  context: SizingContext,
  riskShare: number,
  averageTrueRange: number,
  multiple: number,
): PositionSize {
  requireShare('risk', riskShare);
  requirePositive('multiple', multiple);
  if (averageTrueRange === 0)
    return { kind: 'none', reason: 'the average true range is 0: there is no stop' };
  requirePositive('average true range', averageTrueRange);
  return capped(context, (context.equity * riskShare) / (multiple * averageTrueRange * context.multiplier));
}
