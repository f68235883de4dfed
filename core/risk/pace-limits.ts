import type { AccountBook } from '#core/portfolio/account-book.ts';
import { parseInstant } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import { found, type GateInput, type Limit, percent, worstPrice } from './limit.ts';

const orderValue: Limit = ({ intent, policy }) => {
  const notional = new Decimal(intent.quantity).times(worstPrice(intent, policy));
  return found(
    'order-value',
    notional.lte(policy.orderValue),
    `at most ${policy.orderValue}`,
    notional.toFixed(2),
    'the order is larger than one order may be',
  );
};

const ordersPerDay: Limit = ({ book, policy }) =>
  found(
    'orders-per-day',
    book.authorized.length < policy.ordersPerDay,
    `at most ${policy.ordersPerDay}`,
    String(book.authorized.length + 1),
    'the day has had its orders',
  );

const messageRate: Limit = ({ book, policy, now }) => {
  const recent = book.authorized.filter(({ at }) => now - parseInstant(at) < 1000).length;
  return found(
    'message-rate',
    recent < policy.messagesPerSecond,
    `at most ${policy.messagesPerSecond} a second`,
    String(recent + 1),
    'too many orders in one second',
  );
};

const duplicateOrder: Limit = ({ book, policy, now, intent }) => {
  const same = book.authorized.find(
    (trace) =>
      now - parseInstant(trace.at) < policy.duplicateWindowSeconds * 1000 &&
      trace.instrument === intent.instrument &&
      trace.side === intent.side &&
      new Decimal(trace.quantity).eq(intent.quantity) &&
      new Decimal(trace.price).eq(intent.limitPrice ?? intent.referencePrice),
  );
  return found(
    'duplicate-order',
    same === undefined,
    `none alike within ${policy.duplicateWindowSeconds} s`,
    same?.intentId ?? 'none',
    'an order alike was authorized moments ago',
  );
};

const entriesInWindow = ({ book, policy, now, intent }: GateInput): number =>
  book.authorized.filter(
    (trace) =>
      trace.opening &&
      trace.strategy === intent.strategy &&
      now - parseInstant(trace.at) < policy.repeatedExecution.windowMinutes * 60_000,
  ).length;

export const REPEATED_EXECUTION = 'repeated-execution';

const repeatedExecution: Limit = (input) => {
  const { entries: most, windowMinutes } = input.policy.repeatedExecution;
  const disabled = input.book.disabled[input.intent.strategy];
  const entries = entriesInWindow(input);
  return found(
    REPEATED_EXECUTION,
    disabled === undefined && entries < most,
    `at most ${most} entries in ${windowMinutes} minutes`,
    disabled === undefined ? String(entries + 1) : `disabled since ${disabled.since}`,
    'the strategy keeps re-entering; it is disabled until a named person resumes trading',
  );
};

/** The book after a strategy was refused for re-entering: it stays disabled when the window has passed. */
export function disableStrategy(
  book: AccountBook,
  strategy: string,
  since: string,
  reason: string,
): AccountBook {
  if (book.disabled[strategy] !== undefined) return book;
  return { ...book, disabled: { ...book.disabled, [strategy]: { since, reason } } };
}

const probabilityOfProfit: Limit = ({ policy, intent }) => {
  if (intent.purpose !== 'entry') return null;
  const probability = intent.probabilityOfProfit;
  return found(
    'probability-of-profit',
    probability !== null && probability >= policy.probabilityOfProfit,
    `at least ${percent(policy.probabilityOfProfit)}`,
    probability === null ? 'unknown' : percent(probability),
    'the probability of profit is too low or unknown',
  );
};

/** How large, how many, how fast, and how good: what keeps a strategy that has gone wrong from doing it often. */
export const paceLimits: readonly Limit[] = [
  orderValue,
  ordersPerDay,
  messageRate,
  duplicateOrder,
  repeatedExecution,
  probabilityOfProfit,
];
