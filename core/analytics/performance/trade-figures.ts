import type { Trade } from '#core/simulation/simulation-result.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';

/** Figures of round trips; open trades are counted but not measured, as their profit is not made yet. */
export interface TradeFigures {
  readonly closed: number;
  readonly open: number;
  /** Share of closed trades with a profit above zero. */
  readonly winRate: Figure;
  /** Sum of profits over the absolute sum of losses. */
  readonly profitFactor: Figure;
  /** Mean profit of a closed trade, in the account's currency. */
  readonly expectancy: Figure;
  /** Mean profit of winners over the absolute mean loss of losers. */
  readonly payoff: Figure;
}

/** Measures closed trades, after fees. @throws RangeError for a profit that is not finite */
export function tradeFigures(trades: readonly Trade[]): TradeFigures {
  const closed = trades.filter((trade) => !trade.open);
  let [gains, losses, winners, losers] = [0, 0, 0, 0];
  for (const { profit, instrument } of closed) {
    if (!Number.isFinite(profit))
      throw new RangeError(`profit ${profit} of a trade in ${instrument} is not finite`);
    if (profit > 0) [gains, winners] = [gains + profit, winners + 1];
    if (profit < 0) [losses, losers] = [losses - profit, losers + 1];
  }
  const count = closed.length;
  const none = undefinedBecause('there are no closed trades');
  const noLoss = count === 0 ? none : undefinedBecause('no closed trade lost');
  const payoff =
    winners === 0 ? undefinedBecause('no closed trade won') : value(gains / winners / (losses / losers));
  return {
    closed: count,
    open: trades.length - count,
    winRate: count === 0 ? none : value(winners / count),
    profitFactor: losers === 0 ? noLoss : value(gains / losses),
    expectancy: count === 0 ? none : value((gains - losses) / count),
    payoff: losers === 0 ? noLoss : payoff,
  };
}
