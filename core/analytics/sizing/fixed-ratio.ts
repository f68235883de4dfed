import {
  capped,
  InvalidSizingError,
  type PositionSize,
  ROUNDING,
  requirePositive,
  type SizingContext,
} from './position-size.ts';

/**
 * R. Jones's (1999, The Trading Game) fixed ratio: with n contracts, each has to earn `delta` before one is added, so
 * that n are held from a profit of delta × n(n − 1)/2 on: n = ½ + √(¼ + 2 × profit/delta). After losses it is one
 * contract, until the equity is gone.
 * @param startingEquity that the profit is measured from
 * @param delta profit per contract that adds a contract, in the account's currency
 * @param contract units of a contract
 * @throws InvalidSizingError for inputs that are no numbers or out of range
 */
export function fixedRatioSize(
  context: SizingContext,
  startingEquity: number,
  delta: number,
  contract = 1,
): PositionSize {
  requirePositive('starting equity', startingEquity);
  requirePositive('delta', delta);
  requirePositive('contract', contract);
  if (!Number.isFinite(context.equity))
    throw new InvalidSizingError('equity', context.equity, 'a finite number');
  // At a threshold the difference of two equities may be short of it by its last digits.
  const profit = Math.max(context.equity - startingEquity, 0) + ROUNDING * startingEquity;
  return capped(context, Math.floor(0.5 + Math.sqrt(0.25 + (2 * profit) / delta)) * contract);
}
