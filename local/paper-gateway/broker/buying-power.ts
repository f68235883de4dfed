import type { InstrumentId } from '#core/market/instrument.ts';
import { positionRequirement } from '#core/simulation/margin.ts';
import type { Side } from '#core/simulation/orders.ts';
import { Decimal } from '#core/values/decimal.ts';
import { commissionOf, standingOf } from './standing.ts';
import { type BrokerInstrument, type BrokerOrder, isWorking } from './state.ts';
import type { Step } from './step.ts';

const ZERO = new Decimal(0);

/** What an order says of the price it may trade at. */
export interface PricedOrder {
  readonly side: Side;
  readonly instrument: InstrumentId;
  readonly limitPrice: number;
  readonly stopPrice: number;
}

/**
 * The dearest price at which an order may become a position, null where no market price is known. A buy never pays more
 * than its limit; without one it pays the market or, when elected above it, its stop. A sale takes the market's price
 * however low its limit lies, and a higher limit or stop only when the market is there.
 */
export function referencePrice(step: Step, order: PricedOrder): number | null {
  const { side, limitPrice, stopPrice } = order;
  if (side === 'buy' && !Number.isNaN(limitPrice)) return limitPrice;
  const mark = step.state.marks.get(order.instrument);
  if (mark === undefined) return null;
  const prices = side === 'buy' ? [stopPrice] : [limitPrice, stopPrice];
  return Math.max(Number(mark), ...prices.filter((price) => !Number.isNaN(price)));
}

/** Whether an order only gives back what its parent took: it can never trade more than the parent has filled. */
export function isExit(step: Step, order: BrokerOrder): boolean {
  if (order.parentPermId === 0) return false;
  const parent = step.state.orders.get(order.parentPermId);
  return parent === undefined || parent.action !== order.action;
}

/** Units that an order may still trade, and at what price at most. */
interface Demand {
  readonly quantity: Decimal;
  readonly price: Decimal;
}

/** Orders of an instrument that ask for margin, oldest first; of a one-cancels-all group only the largest a side. */
function demanding(step: Step, orders: readonly BrokerOrder[], side: Side): BrokerOrder[] {
  const ofSide = orders.filter((order) => order.side === side && !isExit(step, order));
  const open = (order: BrokerOrder): number => order.total - order.filled;
  return ofSide.filter(
    (order) =>
      order.ocaGroup === '' ||
      ofSide.every(
        (other) =>
          other.ocaGroup !== order.ocaGroup ||
          open(other) < open(order) ||
          (open(other) === open(order) && other.permId >= order.permId),
      ),
  );
}

/** The requirement of a position after these orders have filled: they close first, then open at their own prices. */
function requirementAfter(
  step: Step,
  instrument: BrokerInstrument,
  held: Decimal,
  mark: Decimal,
  side: Side,
  demands: readonly Demand[],
): Decimal {
  const direction = side === 'buy' ? 1 : -1;
  const along = held.times(direction);
  let closing = Decimal.max(along.negated(), ZERO);
  let units = Decimal.max(along, ZERO);
  let value = units.times(mark);
  for (const { quantity, price } of demands) {
    const opens = Decimal.max(quantity.minus(closing), ZERO);
    closing = Decimal.max(closing.minus(quantity), ZERO);
    units = units.plus(opens);
    value = value.plus(opens.times(price));
  }
  if (units.isZero()) return ZERO;
  const { id, multiplier } = instrument;
  const position = { instrument: id, quantity: units.times(direction), multiplier };
  return positionRequirement(position, value.div(units), step.settings.margin)[0];
}

/** Initial margin of one instrument: of what is held, or of what the buys or the sales may make of it if that is more. */
function instrumentRequirement(
  step: Step,
  instrument: BrokerInstrument,
  orders: readonly BrokerOrder[],
): Decimal | null {
  const held = step.state.books.positions.get(instrument.id)?.quantity ?? ZERO;
  const known = step.state.marks.get(instrument.id);
  if (known === undefined && !held.isZero()) return null;
  const mark = new Decimal(known ?? 0);
  let most = requirementAfter(step, instrument, held, mark, held.isNegative() ? 'sell' : 'buy', []);
  for (const side of ['buy', 'sell'] as const) {
    const demands: Demand[] = [];
    for (const order of demanding(step, orders, side)) {
      const price = referencePrice(step, order);
      if (price === null) return null;
      demands.push({ quantity: new Decimal(order.total).minus(order.filled), price: new Decimal(price) });
    }
    most = Decimal.max(most, requirementAfter(step, instrument, held, mark, side, demands));
  }
  return most;
}

/** Initial margin of the account with `order` beside the other working orders, or without it; null where a price is missing. */
function initialMargin(step: Step, order: BrokerOrder, taken: boolean): Decimal | null {
  let total = ZERO;
  for (const instrument of step.settings.instruments.values()) {
    const orders = step.state.index
      .ofInstrument(instrument.id)
      .filter((other) => isWorking(other) && other.permId !== order.permId);
    if (taken && order.instrument === instrument.id) orders.push(order);
    const required = instrumentRequirement(step, instrument, orders);
    if (required === null) return null;
    total = total.plus(required);
  }
  return total;
}

/** So much more than reckoned an upper bound is taken for, as it is reckoned in floating point. */
const ROUNDING = 1.000_001;

/** At most what the initial margin of the account is with `order` beside the others; null where that is not known. */
function mostMargin(step: Step, order: BrokerOrder): Decimal | null {
  const { state, settings } = step;
  const priceOf = (one: BrokerOrder) => (isExit(step, one) ? 0 : referencePrice(step, one));
  state.demand.take(state.index.takeFresh(), priceOf);
  const own = referencePrice(step, order);
  let total = ZERO;
  for (const instrument of settings.instruments.values()) {
    const { id, multiplier } = instrument;
    const mark = state.marks.get(id);
    const demand = state.demand.of(id, mark, () => state.index.ofInstrument(id), priceOf);
    if (demand === null || own === null) return null;
    const held = state.books.positions.get(id)?.quantity.toNumber() ?? 0;
    if (mark === undefined && held !== 0) return null;
    let most = ZERO;
    for (const [side, direction] of [
      ['buy', 1],
      ['sell', -1],
    ] as const) {
      const open = id === order.instrument && side === order.side ? order.total - order.filled : 0;
      // As if nothing of it closed anything.
      const along = Math.max(0, held * direction);
      const units = along + demand[side].units + open;
      if (units === 0) continue;
      const value = along * Number(mark ?? 0) + demand[side].value + open * own;
      const position = { instrument: id, quantity: new Decimal(units).times(direction), multiplier };
      const price = new Decimal((value / units) * ROUNDING);
      most = Decimal.max(most, positionRequirement(position, price, settings.margin)[0]);
    }
    total = total.plus(most);
  }
  return total;
}

/**
 * Why the account cannot carry an order, new or with new terms, beside what works already; null where it can. What
 * does not raise the requirement above `before` always may: it closes, or makes smaller.
 * @param before the same order with its terms so far, where it works already
 */
export function marginRefusal(
  step: Step,
  order: BrokerOrder,
  instrument: BrokerInstrument,
  before: BrokerOrder | null = null,
): string | null {
  if (isExit(step, order)) return null;
  const price = referencePrice(step, order);
  if (price === null) return 'no market price is known for this instrument';
  const standing = standingOf(step.state, step.settings);
  const quantity = order.total - order.filled;
  const commission = commissionOf(step.state, step.settings, instrument, {
    side: order.side,
    quantity,
    price,
  });
  const most = mostMargin(step, order);
  if (standing !== null && most?.lte(standing.netLiquidation.minus(commission)) === true) return null;
  step.state.demand.clear();
  const without = initialMargin(step, before ?? order, before !== null);
  const required = initialMargin(step, order, true);
  if (standing === null || without === null || required === null)
    return 'the account cannot be valued: a held instrument has no price';
  const equity = standing.netLiquidation.minus(commission);
  const short = required.minus(equity);
  if (!required.greaterThan(without) || !short.greaterThan(0)) return null;
  return `the initial margin ${required.toFixed(2)} USD would exceed the equity with loan value ${equity.toFixed(2)} USD by ${short.toFixed(2)} USD`;
}
