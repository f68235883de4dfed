import type { Intent } from '#contracts/events/orders.ts';
import { filledQuantity, isOpen, type OrderRecord } from '#core/broker/order-record.ts';
import type { PlannedTicket } from '#core/broker/placement.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { MatchableOrder, SimulatedOrderType, TimeInForce } from '../orders.ts';

/** The connection that the simulated bridge would have. */
export const CLIENT_ID = 1;

/** One order at the simulated broker: the bridge's record of it, and what the fill model needs. */
export interface BrokerOrder {
  record: OrderRecord;
  readonly match: MatchableOrder;
  /** The entry intent of the layer that it opens, protects or closes. */
  readonly layerId: string;
  /** First opening time of a bar that it takes part in. */
  readonly eligibleFrom: EpochMillis;
  /** Opening time of the bar inside which it woke; NaN where it was there from an open. */
  wokenInside: EpochMillis;
  /** Price × quantity × multiplier of what it executed, and what was charged for that. */
  value: Decimal;
  charged: Decimal;
}

/** A lot with the orders that open, protect and close it. Together the last two never execute more than the first. */
export interface BrokerLayer {
  readonly entry: BrokerOrder;
  readonly stop: BrokerOrder;
  readonly closing: BrokerOrder[];
}

const ORDER_TYPES: Readonly<Record<Intent['orderType'], SimulatedOrderType>> = {
  MKT: 'MKT',
  LMT: 'LMT',
  STP: 'STP',
  'STP LMT': 'STP LMT',
  MOC: 'MOC',
  LOC: 'LOC',
};

const priceOf = (price: string | null): number => (price === null ? Number.NaN : Number(price));

/** An order as the fill model takes it. */
export const matchable = (ticket: PlannedTicket): MatchableOrder => ({
  side: ticket.side === 'BUY' ? 'buy' : 'sell',
  type: ORDER_TYPES[ticket.orderType as Intent['orderType']],
  timeInForce: ticket.timeInForce as TimeInForce,
  limitPrice: priceOf(ticket.limitPrice),
  stopPrice: priceOf(ticket.triggerPrice),
  trailAmount: Number.NaN,
  trailPercent: Number.NaN,
  triggered: false,
});

/** Units of a layer that are held: what its entry executed, less what its stop and its closing orders did. */
export function heldUnits({ entry, stop, closing }: BrokerLayer): Decimal {
  return closing.reduce(
    (units, { record }) => units.minus(filledQuantity(record)),
    filledQuantity(entry.record).minus(filledQuantity(stop.record)),
  );
}

/** Units that an order may execute now. A stop protects what is held, whatever it was submitted for. */
export function executableUnits({ record }: BrokerOrder, layer: BrokerLayer): number {
  if (record.role === 'stop') return heldUnits(layer).toNumber();
  const open = new Decimal(record.quantity).minus(filledQuantity(record));
  return (record.closes === null ? open : Decimal.min(open, heldUnits(layer))).toNumber();
}

/** Whether nothing of a layer can trade any more. */
export const isOver = (layer: BrokerLayer): boolean =>
  [layer.entry, layer.stop, ...layer.closing].every(({ record }) => !isOpen(record));

/** Whether an order's own time is over at an instant. */
export const isExpired = ({ record }: BrokerOrder, at: EpochMillis): boolean =>
  record.timeInForce === 'GTD' && parseInstant(record.expiresAt) <= at;

/** Whether an order ends with its session. */
export const endsWithSession = ({ record }: BrokerOrder): boolean =>
  record.timeInForce !== 'GTC' && record.timeInForce !== 'GTD';
