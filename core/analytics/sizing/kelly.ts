import { type Figure, undefinedBecause, value } from '../series.ts';
import {
  capped,
  InvalidSizingError,
  type PositionSize,
  requirePositive,
  requireShare,
  type SizingContext,
} from './position-size.ts';

/**
 * Kelly's share of equity to lose on a losing trade: p − (1 − p)/b (J. L. Kelly 1956 for a bet that pays b to 1). Below
 * zero there is no edge.
 * @param winRate p, share of trades that win
 * @param payoff b, average win over average loss, both positive
 * @throws InvalidSizingError for a win rate outside 0 … 1 or a payoff below 0
 */
export function kellyFromWinRate(winRate: number, payoff: number): Figure {
  if (!(winRate >= 0 && winRate <= 1))
    throw new InvalidSizingError('win rate', winRate, 'a share from 0 to 1');
  if (!(payoff >= 0 && payoff < Number.POSITIVE_INFINITY))
    throw new InvalidSizingError('payoff', payoff, 'average win over average loss, finite and ≥ 0');
  if (payoff === 0) return undefinedBecause('the payoff is 0: a win brings nothing');
  return value(winRate - (1 - winRate) / payoff);
}

/**
 * Kelly's exposure, market value over equity, of normal returns: mean/variance (E. O. Thorp 2006, The Kelly criterion in
 * blackjack, sports betting and the stock market, eq. 7.3). Below zero the position to take is short.
 * @param meanExcess mean return of a period above the risk-free rate
 * @param variance of the returns of the same period
 * @throws InvalidSizingError for inputs that are no finite numbers, or a variance below 0
 */
export function kellyFromMoments(meanExcess: number, variance: number): Figure {
  if (!Number.isFinite(meanExcess)) throw new InvalidSizingError('mean', meanExcess, 'a finite number');
  if (!(variance >= 0 && variance < Number.POSITIVE_INFINITY))
    throw new InvalidSizingError('variance', variance, 'a finite number ≥ 0');
  if (variance === 0) return undefinedBecause('the variance is 0: the exposure has no bound');
  return value(meanExcess / variance);
}

/** How much of Kelly's bet is taken. */
export interface KellyFraction {
  /** A quarter or half, as the inputs are estimates and twice Kelly grows nothing; above 0, at most 1. */
  readonly fraction: number;
  /** Most of the result, whatever Kelly says: a share of equity lost at the stop, or an exposure. */
  readonly cap: number;
}

/**
 * The capped fraction of a Kelly bet; undefined where Kelly is, 0 without an edge.
 * @throws InvalidSizingError for a fraction outside 0 … 1 or a cap below 0
 */
export function fractionalKelly(kelly: Figure, { fraction, cap }: KellyFraction): Figure {
  requireShare('fraction', fraction);
  if (!(cap >= 0 && cap < Number.POSITIVE_INFINITY))
    throw new InvalidSizingError('cap', cap, 'a finite number ≥ 0');
  return kelly.kind === 'undefined' ? kelly : value(Math.min(Math.max(fraction * kelly.value, 0), cap));
}

const NO_EDGE = { kind: 'none', reason: 'there is no edge: Kelly bets nothing' } as const;

/**
 * Size that loses the Kelly share of equity at the stop, for {@link kellyFromWinRate}.
 * @param stopDistance price units from entry to stop, so that a losing trade loses it
 * @throws InvalidSizingError for inputs that are no numbers or out of range
 */
export function kellyRiskSize(
  context: SizingContext,
  kelly: Figure,
  taken: KellyFraction,
  stopDistance: number,
): PositionSize {
  requirePositive('stop distance', stopDistance);
  const share = fractionalKelly(kelly, taken);
  if (share.kind === 'undefined') return { kind: 'none', reason: share.reason };
  if (share.value === 0) return NO_EDGE;
  return capped(context, (context.equity * share.value) / (stopDistance * context.multiplier));
}

/**
 * Size whose market value is the Kelly exposure, for {@link kellyFromMoments}; none where it would be short.
 * @throws InvalidSizingError for inputs that are no numbers or out of range
 */
export function kellyExposureSize(context: SizingContext, kelly: Figure, taken: KellyFraction): PositionSize {
  const exposure = fractionalKelly(kelly, taken);
  if (exposure.kind === 'undefined') return { kind: 'none', reason: exposure.reason };
  if (exposure.value === 0) return NO_EDGE;
  return capped(context, (context.equity * exposure.value) / (context.price * context.multiplier));
}
