import * as z from 'zod';
import { intent, orderRole } from '#contracts/events/orders.ts';
import {
  decimalText as decimalSchema,
  identifier,
  instant,
  instrumentId,
  sentence,
  side,
  unsignedDecimalText,
} from '#contracts/primitives.ts';
import type { StateKey } from '#core/events/desk-store.ts';
import { Decimal } from '#core/values/decimal.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';

/** One execution that counts: a correction takes the place of what it corrects. */
const countedFill = z.object({
  execId: identifier,
  quantity: unsignedDecimalText,
  price: unsignedDecimalText,
  /** The most units it was ever told with, where corrections have taken some back. */
  executed: unsignedDecimalText.optional(),
});

/**
 * What the bridge knows of one broker order, by its orderRef. Written in the same transaction as the events that say so;
 * it is what a restarted bridge adopts open orders with.
 */
export const orderRecord = z.object({
  version: z.literal(1),
  intentId: identifier,
  orderRef: identifier,
  role: orderRole,
  purpose: intent.shape.purpose,
  instrument: instrumentId,
  correlationId: identifier,
  /** The latest OrderSubmitted; null where the order was declined before anything was sent. */
  submittedEventId: z.uuid().nullable(),
  side,
  quantity: unsignedDecimalText,
  /** What the intent asked for; more than `quantity` where the layer to close had less left. */
  intended: unsignedDecimalText,
  orderType: z.string(),
  limitPrice: unsignedDecimalText.nullable(),
  triggerPrice: unsignedDecimalText.nullable(),
  timeInForce: z.string(),
  ocaGroup: z.string().nullable(),
  /** The entry that a resting stop hangs on. */
  parentRef: identifier.nullable(),
  /** The layer that this order closes. */
  closes: identifier.nullable(),
  /** Of an entry: the orders that close it, its stop not counted. */
  closedBy: z.array(identifier),
  clientId: z.int().min(0),
  orderId: z.int().min(0),
  permId: z.int().nullable(),
  /**
   * Order ids of earlier tries of an entry. Where its stop was lost with the link the broker may hold the entry, untransmitted
   * and on no list, until it is cancelled under that id. Each stays until the broker has said that it is gone.
   */
  triedOrderIds: z.array(z.int()).default([]),
  /** How often it was submitted: again only where the broker was proved never to have got it, or has ended a resting stop. */
  attempts: z.int().min(0),
  submittedAt: instant,
  expiresAt: instant,
  status: z.enum([
    /** Journaled and perhaps sent; the broker has not said a word yet. */
    'submitted',
    'working',
    'filled',
    'cancelled',
    'rejected',
    'declined',
    /** A resting stop that the broker ended and that may have to be placed anew: its layer is perhaps still held. */
    'lapsed',
    /** The broker no longer knows it and nothing proves how it ended: a person has to look. */
    'unresolved',
  ]),
  brokerStatus: z.string().nullable(),
  /** Units that the broker says are filled; more than `fills` add up to while an execution is on its way. */
  brokerFilled: decimalSchema,
  fills: z.array(countedFill),
  /** Of a stop that was placed anew: units that its earlier lives executed. They are part of `quantity`. */
  filledBefore: unsignedDecimalText,
  commissions: z.array(identifier),
  cancel: z.object({ requestId: identifier, reason: sentence, eventId: z.uuid() }).nullable(),
  stopMove: z.object({ requestId: identifier, to: unsignedDecimalText, eventId: z.uuid() }).nullable(),
});
export type OrderRecord = z.infer<typeof orderRecord>;

/** The refs of all orders with which the bridge is not done: what a restart has to look for. */
export const unfinishedOrders = z.object({ orderRefs: z.array(identifier) });
export const unfinishedOrdersKey: StateKey = { partition: 'BROKER', sort: 'OPEN-ORDERS' };

export const stopRefOf = (intentId: string): string => `${intentId}:stop`;

const OVER: ReadonlySet<OrderRecord['status']> = new Set(['filled', 'cancelled', 'rejected', 'declined']);

/** Whether the broker may still do something with this order, as far as anybody knows. */
export function isOpen(record: OrderRecord): boolean {
  return !OVER.has(record.status);
}

/** Whether something is left to do about an order: it is open, or earlier tries of it have not been withdrawn. */
export function isUnfinished(record: OrderRecord): boolean {
  return isOpen(record) || record.triedOrderIds.length > 0;
}

/** Whether two records say the same. */
export function sameRecord(left: OrderRecord, right: OrderRecord): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** Units filled, exactly. */
export const filledQuantity = memoizeByIdentity(
  (record: OrderRecord): Decimal =>
    record.fills.reduce((sum, fill) => sum.plus(fill.quantity), new Decimal(0)),
);

/**
 * Units that were executed, those of trades that were taken back since with them: a correction changes what counts, and the
 * broker does not work those units again. What is left of an order is measured on this, what is held on what counts.
 */
export const executedQuantity = memoizeByIdentity(
  (record: OrderRecord): Decimal =>
    record.fills.reduce((sum, fill) => sum.plus(fill.executed ?? fill.quantity), new Decimal(0)),
);

/** Units that the order has at the broker in its present life. */
export function workingQuantity(record: OrderRecord): Decimal {
  return new Decimal(record.quantity).minus(record.filledBefore);
}

/**
 * The name of an order's present life: its orderRef, and from the second on the number. The broker is told it as the
 * order's reference, so that what it says of an earlier try, or of a stop that was placed anew, is never taken for the
 * present one; and it is the key of an event of which each life has one.
 */
export function lifeRef(record: Pick<OrderRecord, 'orderRef' | 'attempts'>): string {
  return record.attempts <= 1 ? record.orderRef : `${record.orderRef}~${record.attempts}`;
}

/** The orderRef and the number of the life that the broker's reference names. */
export function readLifeRef(reference: string): { readonly orderRef: string; readonly life: number } {
  const [, orderRef, life] = /^(.+)~([1-9]\d*)$/.exec(reference) ?? [];
  return orderRef === undefined ? { orderRef: reference, life: 1 } : { orderRef, life: Number(life) };
}

/** Whether what the broker tells under these ids is about the present life of the order. */
export function isAbout(
  record: OrderRecord,
  told: { readonly orderRef: string; readonly permId: number },
): boolean {
  if (told.permId > 0 && record.permId !== null && record.permId > 0) return told.permId === record.permId;
  return told.orderRef === lifeRef(record);
}

/** Average price of what is filled, to ten places half-even; null where nothing is. */
export function averagePrice(record: OrderRecord): Decimal | null {
  const quantity = filledQuantity(record);
  if (quantity.isZero()) return null;
  const value = record.fills.reduce(
    (sum, fill) => sum.plus(new Decimal(fill.quantity).times(fill.price)),
    new Decimal(0),
  );
  return value.div(quantity).toDecimalPlaces(10, Decimal.ROUND_HALF_EVEN);
}

/** Units of an order that may still fill. */
export function openQuantity(record: OrderRecord): Decimal {
  return isOpen(record)
    ? Decimal.max(0, new Decimal(record.quantity).minus(executedQuantity(record)))
    : new Decimal(0);
}

/**
 * Units of a layer that no order is closing yet: what the entry filled, less what its stop and the orders against it
 * filled, less what those orders may still fill. The resting stop's own open units are not taken off: it stands in one
 * OCA group with them.
 */
export function closableQuantity(
  entry: OrderRecord,
  stop: OrderRecord | null,
  closing: readonly OrderRecord[],
): Decimal {
  const coming = closing.reduce((sum, order) => sum.plus(openQuantity(order)), new Decimal(0));
  return Decimal.max(0, heldQuantity(entry, stop, closing).minus(coming));
}

/** Units that a layer's stop and the orders against it have filled. */
export function closedQuantity(stop: OrderRecord | null, closing: readonly OrderRecord[]): Decimal {
  return closing.reduce(
    (sum, order) => sum.plus(filledQuantity(order)),
    stop === null ? new Decimal(0) : filledQuantity(stop),
  );
}

/** Units of a layer that are held: what the entry filled, less what its stop and the orders against it filled. */
export function heldQuantity(
  entry: OrderRecord,
  stop: OrderRecord | null,
  closing: readonly OrderRecord[],
): Decimal {
  return Decimal.max(0, filledQuantity(entry).minus(closedQuantity(stop, closing)));
}

/**
 * The quantity, over all its lives, that a layer's resting stop should have: what it executed, and no less than the units that
 * are held, no more than those that may still be. Between the two it is left as it is: a stop that waits for its entry
 * stands for all of it, and one that was placed while the entry works follows its fills.
 */
export function fittingQuantity(
  entry: OrderRecord,
  stop: OrderRecord,
  closing: readonly OrderRecord[],
): Decimal {
  const own = executedQuantity(stop);
  const least = own.plus(heldQuantity(entry, stop, closing));
  const most = own.plus(protectedQuantity(entry, stop, closing));
  return Decimal.min(most, Decimal.max(least, stop.quantity));
}

/**
 * Units that a layer's resting stop has to stand for: what the entry filled, or may still fill, less what was closed by
 * other orders and by the stop itself. Orders that are closing it stand in one OCA group with the stop, so their open
 * units are not taken off.
 */
export function protectedQuantity(
  entry: OrderRecord,
  stop: OrderRecord,
  closing: readonly OrderRecord[],
): Decimal {
  const bought = filledQuantity(entry).plus(openQuantity(entry));
  return Decimal.max(0, bought.minus(closedQuantity(stop, closing)));
}
