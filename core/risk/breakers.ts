import type { EventData } from '#contracts/registry.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { drawdownStepOf } from '#core/portfolio/trading-standing.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { layersOf } from './breaker-orders.ts';

export type BreakerEvent =
  | { readonly type: 'DrawdownWarned'; readonly data: EventData<'DrawdownWarned'> }
  | { readonly type: 'TradingReducing'; readonly data: EventData<'TradingReducing'> }
  | { readonly type: 'TradingHalted'; readonly data: EventData<'TradingHalted'> };

const HOUR_MILLIS = 3_600_000;
const percent = (fraction: number) => `${(fraction * 100).toFixed(2)} %`;

/**
 * Measures the drawdown after a valuation, moves the high-water mark, and trips what must trip: warn, reduce-only, and at
 * the limit halt with everything cancelled and flattened. Each of the two steps begins the cool-off, also where somebody
 * has stopped trading already; the second begins it anew. Going down is immediate; nothing here lets trading go on.
 */
export function trip(
  book: AccountBook,
  value: EventData<'PortfolioRevalued'>,
  policy: RiskPolicy,
  now: EpochMillis,
): { readonly book: AccountBook; readonly events: readonly BreakerEvent[] } {
  const marked: AccountBook = { ...book, highWater: value.highWater };
  const { warn, reduce, halt, coolOffHours } = policy.drawdown;
  const measured = percent(value.drawdown);
  const since = instantText(now);
  const coolOffEnd = () => instantText(now + coolOffHours * HOUR_MILLIS);
  const step = drawdownStepOf(book.trading);
  // A halt that is somebody's own, or came on the way from the reduce step, is not the limit's: that cancels and flattens.
  if (value.drawdown >= halt && step !== 'halt') {
    const reason = `the account is ${measured} below its highest equity of ${value.highWater}; the limit is ${percent(halt)}`;
    return {
      book: {
        ...marked,
        trading: {
          ...book.trading,
          state: 'HALTED',
          since,
          reason,
          coolOffUntil: coolOffEnd(),
          drawdownStep: 'halt',
          warned: true,
        },
      },
      events: [
        {
          type: 'TradingHalted',
          data: {
            limit: 'drawdown',
            limitValue: percent(halt),
            measured,
            reason,
            by: 'drawdown-breaker',
            flatten: true,
            layers: layersOf(value),
          },
        },
      ],
    };
  }
  if (value.drawdown >= reduce && step === null) {
    const state = book.trading.state === 'HALTED' ? 'HALTED' : 'REDUCING';
    const reason = `the account is ${measured} below its highest equity; from ${percent(reduce)} only reductions are allowed`;
    return {
      book: {
        ...marked,
        // A halt that is closing positions goes on doing so.
        trading: {
          ...book.trading,
          state,
          since,
          reason,
          coolOffUntil: coolOffEnd(),
          drawdownStep: 'reduce',
          warned: true,
        },
      },
      events: [
        {
          type: 'TradingReducing',
          data: { limit: 'drawdown', limitValue: percent(reduce), measured, reason },
        },
      ],
    };
  }
  if (value.drawdown >= warn && !book.trading.warned) {
    const reason = `the account is ${measured} below its highest equity; reduce-only from ${percent(reduce)}, halt at ${percent(halt)}`;
    return {
      book: { ...marked, trading: { ...book.trading, warned: true } },
      events: [
        { type: 'DrawdownWarned', data: { limit: 'drawdown', limitValue: percent(warn), measured, reason } },
      ],
    };
  }
  return { book: value.drawdown === 0 ? atNewHigh(marked) : marked, events: [] };
}

/** A new high ends a fall that came to no halt: the next one warns, reduces and cools off again. Who may trade stays as it is. */
function atNewHigh(book: AccountBook): AccountBook {
  const { trading } = book;
  switch (drawdownStepOf(trading)) {
    case 'halt':
      return book;
    case 'reduce':
      return { ...book, trading: { ...trading, coolOffUntil: null, drawdownStep: null, warned: false } };
    case null:
      return trading.warned ? { ...book, trading: { ...trading, warned: false } } : book;
  }
}

/**
 * What the book cannot explain takes the desk to reduce-only: until a person has looked, its figures may be wrong. Nothing to
 * announce where it stands there or lower already.
 */
export function reduceOnly(
  book: AccountBook,
  cause: Error,
  now: EpochMillis,
): { readonly book: AccountBook; readonly data: EventData<'TradingReducing'> | null } {
  if (book.trading.state !== 'ACTIVE') return { book, data: null };
  const reason = cause.message;
  return {
    book: { ...book, trading: { ...book.trading, state: 'REDUCING', since: instantText(now), reason } },
    data: { limit: 'book', limitValue: 'every execution known', measured: cause.name, reason },
  };
}
