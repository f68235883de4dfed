import { equity } from '#core/portfolio/account-book.ts';
import { Decimal } from '#core/values/decimal.ts';
import { found, type Limit, percent, share } from './limit.ts';

const dailyLoss: Limit = ({ book, policy }) => {
  const value = equity(book);
  const start = book.sessionEquity === null ? null : new Decimal(book.sessionEquity);
  if (value === null || start === null || start.lte(0))
    return found(
      'daily-loss',
      false,
      percent(policy.dailyLoss),
      'unknown equity',
      'the equity of the day is not known',
    );
  const loss = Decimal.max(0, start.minus(value));
  return found(
    'daily-loss',
    loss.lt(start.times(policy.dailyLoss)),
    `below ${percent(policy.dailyLoss)}`,
    share(loss, start),
    'the day has lost what it may lose',
  );
};

const drawdown: Limit = ({ book, policy }) => {
  const value = equity(book);
  const highest = book.highWater === null ? null : new Decimal(book.highWater);
  if (value === null || highest === null || highest.lte(0))
    return found(
      'drawdown',
      false,
      percent(policy.drawdown.reduce),
      'unknown equity',
      'the equity is not known',
    );
  const fall = Decimal.max(0, highest.minus(value));
  return found(
    'drawdown',
    fall.lt(highest.times(policy.drawdown.reduce)),
    `below ${percent(policy.drawdown.reduce)}`,
    share(fall, highest),
    'the account is too far below its highest equity to open anything',
  );
};

/** What has been lost already, today and from the highest equity. */
export const lossLimits: readonly Limit[] = [dailyLoss, drawdown];
