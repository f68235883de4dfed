import type { EventData } from '#contracts/registry.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
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
 * the limit halt with everything cancelled and flattened. Going down is immediate; nothing here ever goes up again.
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
  // A halt without a cool-off is somebody's own: the limit still has to cancel, flatten and start the cool-off.
  const tripped = book.trading.state === 'HALTED' && book.trading.coolOffUntil !== null;
  if (value.drawdown >= halt && !tripped) {
    const reason = `the account is ${measured} below its highest equity of ${value.highWater}; the limit is ${percent(halt)}`;
    return {
      book: {
        ...marked,
        trading: {
          state: 'HALTED',
          since,
          reason,
          coolOffUntil: instantText(now + coolOffHours * HOUR_MILLIS),
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
  if (value.drawdown >= reduce && book.trading.state === 'ACTIVE') {
    const reason = `the account is ${measured} below its highest equity; from ${percent(reduce)} only reductions are allowed`;
    return {
      book: { ...marked, trading: { ...book.trading, state: 'REDUCING', since, reason, warned: true } },
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
  // A new high ends the episode: the next fall warns again.
  const recovered = value.drawdown === 0 && book.trading.warned && book.trading.state === 'ACTIVE';
  return {
    book: recovered ? { ...marked, trading: { ...book.trading, warned: false } } : marked,
    events: [],
  };
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
