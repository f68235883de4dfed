import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { drawdownStepOf } from '#core/portfolio/trading-standing.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { flattenIntents } from './flatten.ts';

/** What follows from a tripped breaker: first a cancellation, where there is one, then orders that close layers. */
export interface BreakerOrders {
  readonly cancel: EventData<'CancelPlanned'> | null;
  readonly flatten: readonly Intent[];
}

type Layers = EventData<'TradingHalted'>['layers'];

/** After a halt all working orders go, the protective stops stay; a drawdown halt closes every layer as well. */
export const afterHalt = (
  halted: EventData<'TradingHalted'>,
  causeId: string,
  now: EpochMillis,
): BreakerOrders => ({
  cancel: cancelWorking(causeId, halted.reason),
  flatten: halted.flatten ? flattenIntents(halted.layers, now) : [],
});

/** In reduce-only what works is cancelled: it may have been authorized when more was allowed. */
export const afterReducing = (reducing: EventData<'TradingReducing'>, causeId: string): BreakerOrders => ({
  cancel: cancelWorking(causeId, reducing.reason),
  flatten: [],
});

/**
 * While halted by drawdown with positions left, every revaluation plans again what is not being closed: the gate lets no
 * layer be closed twice.
 */
export const afterRevaluation = (
  book: AccountBook,
  value: EventData<'PortfolioRevalued'>,
  now: EpochMillis,
): BreakerOrders => ({
  cancel: null,
  flatten: isFlattening(book) ? flattenIntents(layersOf(value), now) : [],
});

/** An operator's halt keeps the positions under their stops; only a drawdown halt closes them. */
const isFlattening = ({ trading }: AccountBook): boolean =>
  trading.state === 'HALTED' && drawdownStepOf(trading) === 'halt';

/** Every layer of a valuation with its instrument and mark. */
export const layersOf = (value: EventData<'PortfolioRevalued'>): Layers =>
  value.positions.flatMap(({ instrument, mark, layers }) =>
    layers.map((layer) => ({ ...layer, instrument, mark })),
  );

const cancelWorking = (causeId: string, reason: string): EventData<'CancelPlanned'> => ({
  requestId: `cancel-all/${causeId}`,
  intentId: null,
  includeStops: false,
  reason,
});
