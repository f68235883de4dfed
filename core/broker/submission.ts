import type { Intent } from '#contracts/events/orders.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { decimalText } from '#core/values/decimal.ts';
import { type OrderChange, orderEvent, withMoveAnswered } from './order-facts.ts';
import { filledQuantity, lifeRef, type OrderRecord, workingQuantity } from './order-record.ts';
import type { PlannedTicket } from './placement.ts';

export interface SubmissionContext {
  readonly now: EpochMillis;
  readonly fencingToken: number;
  /** The authorization that causes it; null where an order is sent or placed again. */
  readonly commandEventId: string | null;
}

/** The record of an order before it is submitted; without a ticket, of an intent that never becomes one. */
export function unsubmitted(
  intent: Intent,
  correlationId: string,
  ticket: PlannedTicket | null,
  { orderId, clientId }: { readonly orderId: number; readonly clientId: number },
  now: EpochMillis,
): OrderRecord {
  return {
    version: 1,
    intentId: intent.intentId,
    orderRef: ticket?.orderRef ?? intent.intentId,
    role: ticket?.role ?? 'order',
    purpose: intent.purpose,
    instrument: intent.instrument,
    correlationId,
    submittedEventId: null,
    side: ticket?.side ?? intent.side,
    quantity: ticket?.quantity ?? intent.quantity,
    intended: intent.quantity,
    orderType: ticket?.orderType ?? intent.orderType,
    limitPrice: ticket === null ? intent.limitPrice : ticket.limitPrice,
    triggerPrice: ticket === null ? intent.triggerPrice : ticket.triggerPrice,
    timeInForce: ticket?.timeInForce ?? intent.timeInForce,
    ocaGroup: ticket?.ocaGroup ?? null,
    parentRef: ticket?.parentRef ?? null,
    closes: intent.closes,
    closedBy: [],
    clientId,
    orderId,
    permId: null,
    triedOrderIds: [],
    attempts: 0,
    submittedAt: instantText(now),
    expiresAt: intent.expiresAt,
    status: 'submitted',
    brokerStatus: null,
    brokerFilled: '0',
    fills: [],
    filledBefore: '0',
    commissions: [],
    cancel: null,
    stopMove: null,
  };
}

/** The record of a submission that is about to happen, with the event that says so. */
export function submission(record: OrderRecord, by: SubmissionContext): OrderChange {
  const { now, commandEventId } = by;
  const attempt = record.attempts + 1;
  const entry = orderEvent<'OrderSubmitted'>(record, {
    type: 'OrderSubmitted',
    key: lifeRef({ ...record, attempts: attempt }),
    ...(commandEventId === null ? {} : { causationId: commandEventId }),
    occurredAt: now,
    data: {
      intentId: record.intentId,
      orderRef: record.orderRef,
      role: record.role,
      instrument: record.instrument,
      orderId: record.orderId,
      clientId: record.clientId,
      side: record.side,
      quantity: decimalText(workingQuantity(record)),
      orderType: record.orderType,
      limitPrice: record.limitPrice,
      triggerPrice: record.triggerPrice,
      timeInForce: record.timeInForce,
      ocaGroup: record.ocaGroup,
      fencingToken: by.fencingToken,
    },
  });
  const submitted = {
    ...record,
    attempts: attempt,
    submittedAt: instantText(now),
    submittedEventId: entry.event.metadata.id,
  };
  return { record: submitted, entries: [entry] };
}

/** The end of a submission that the broker never got: the intent is declined, its stop is over with it. */
export function neverSent(record: OrderRecord, reason: string, now: EpochMillis): OrderChange {
  if (record.role === 'stop' || record.cancel !== null) {
    const entry = orderEvent<'OrderCancelled'>(record, {
      type: 'OrderCancelled',
      key: lifeRef(record),
      occurredAt: now,
      data: {
        intentId: record.intentId,
        orderRef: record.orderRef,
        role: record.role,
        instrument: record.instrument,
        filledQuantity: decimalText(filledQuantity(record)),
        reason,
      },
    });
    return withMoveAnswered({ record: { ...record, status: 'cancelled' }, entries: [entry] }, now);
  }
  const entry = orderEvent<'CommandDeclined'>(record, {
    type: 'CommandDeclined',
    key: `OrderAuthorized:${record.intentId}`,
    occurredAt: now,
    urgency: 'high',
    data: { intentId: record.intentId, command: 'OrderAuthorized', reason },
  });
  return { record: { ...record, status: 'declined' }, entries: [entry] };
}
