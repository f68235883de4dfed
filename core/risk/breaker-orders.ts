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

/** After a halt all working orders go, the protective stops stay; one that flattens closes every layer as well. */
export const afterHalt = (
  halted: EventData<'TradingHalted'>,
  causeId: string,
  now: EpochMillis,
): BreakerOrders => ({
  cancel: cancelWorking(causeId, halted.reason),
  flatten: halted.flatten ? flattenIntents(halted.layers, flattener(halted.limit === 'drawdown'), now) : [],
});

/** In reduce-only what works is cancelled: it may have been authorized when more was allowed. */
export const afterReducing = (reducing: EventData<'TradingReducing'>, causeId: string): BreakerOrders => ({
  cancel: cancelWorking(causeId, reducing.reason),
  flatten: [],
});

/**
 * While a halt that flattens has positions left, every revaluation plans again what is not being closed: the gate lets no
 * layer be closed twice.
 */
export const afterRevaluation = (
  book: AccountBook,
  value: EventData<'PortfolioRevalued'>,
  now: EpochMillis,
): BreakerOrders => ({
  cancel: null,
  flatten: isFlattening(book)
    ? flattenIntents(layersOf(value), flattener(isHaltedByDrawdown(book)), now)
    : [],
});

/** A drawdown halt closes what is held; somebody's own keeps it under its stops, unless it was to be closed. */
const isFlattening = (book: AccountBook): boolean =>
  isHaltedByDrawdown(book) || (book.trading.state === 'HALTED' && book.trading.flattening === true);

const isHaltedByDrawdown = ({ trading }: AccountBook): boolean =>
  trading.state === 'HALTED' && drawdownStepOf(trading) === 'halt';

const flattener = (isDrawdown: boolean) => (isDrawdown ? 'drawdown-breaker' : 'operator');

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
