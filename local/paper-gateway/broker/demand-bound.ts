import type { InstrumentId } from '#core/market/instrument.ts';
import type { Side } from '#core/simulation/orders.ts';

/** What the bound needs to know of an order. */
interface Asking {
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly total: number;
  readonly filled: number;
}

/** Units that orders of one side may still trade, and what they may cost together. */
export interface SideDemand {
  units: number;
  value: number;
}

interface Demand {
  /** The market's price that it was reckoned at. */
  readonly mark: string | undefined;
  readonly buy: SideDemand;
  readonly sell: SideDemand;
}

/** The price at which an order counts, null where none is known. */
export type PriceOf<O> = (order: O) => number | null;

/**
 * An upper bound of what the working orders of each instrument ask for: what came is added, what has filled or ended stays
 * in it until it is reckoned anew, at the latest with the next price. With it an order that the account carries easily is
 * taken without a look at all the others.
 */
export class DemandBound<O extends Asking> {
  readonly #demands = new Map<InstrumentId, Demand>();

  /** Forgets what was reckoned: it has become too much. */
  clear(): void {
    this.#demands.clear();
  }

  /** Takes in orders that came or changed. */
  take(fresh: Iterable<O>, priceOf: PriceOf<O>): void {
    for (const order of fresh) {
      const demand = this.#demands.get(order.instrument);
      if (demand !== undefined && !added(demand, order, priceOf)) this.#demands.delete(order.instrument);
    }
  }

  /** The demand of one side at a price of the market; null where an order has no price. `orders` gives all that are not final. */
  of(
    instrument: InstrumentId,
    mark: string | undefined,
    orders: () => Iterable<O>,
    priceOf: PriceOf<O>,
  ): Readonly<Record<Side, Readonly<SideDemand>>> | null {
    const known = this.#demands.get(instrument);
    if (known !== undefined && known.mark === mark) return known;
    const demand: Demand = { mark, buy: { units: 0, value: 0 }, sell: { units: 0, value: 0 } };
    for (const order of orders()) if (!added(demand, order, priceOf)) return null;
    this.#demands.set(instrument, demand);
    return demand;
  }
}

/** @returns false where the order has no price */
function added<O extends Asking>(demand: Demand, order: O, priceOf: PriceOf<O>): boolean {
  const price = priceOf(order);
  if (price === null) return false;
  const open = order.total - order.filled;
  const side = demand[order.side];
  side.units += open;
  side.value += open * price;
  return true;
}
