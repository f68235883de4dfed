import type { EventType } from '#contracts/registry.ts';
import { type JournalEntry, journalEntry, type NewEvent } from '#core/events/new-event.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import type { Execution, ObservedOrder } from './broker-port.ts';
import {
  averagePrice,
  executedQuantity,
  filledQuantity,
  isAbout,
  isOpen,
  lifeRef,
  type OrderRecord,
} from './order-record.ts';

/** Who speaks in the journal. */
export const BRIDGE = 'broker-bridge';

/** What one broker message changes: the record as it is now and what the journal is told. Both are committed together. */
export interface OrderChange {
  readonly record: OrderRecord;
  readonly entries: readonly JournalEntry[];
}

/** An event of an order: it belongs to the intent's correlation and was caused by the submission unless told otherwise. */
export function orderEvent<T extends EventType>(
  record: OrderRecord,
  event: Pick<NewEvent<T>, 'type' | 'key' | 'data' | 'occurredAt'> & {
    readonly causationId?: string;
    readonly urgency?: NewEvent<T>['urgency'];
  },
): JournalEntry<T> {
  const { urgency } = event;
  return journalEntry<T>({
    type: event.type,
    key: event.key,
    correlationId: record.correlationId,
    causationId: event.causationId ?? record.submittedEventId,
    sender: BRIDGE,
    occurredAt: event.occurredAt,
    data: event.data,
    ...(urgency === undefined ? {} : { urgency }),
  });
}

const identity = (record: OrderRecord) => ({
  intentId: record.intentId,
  orderRef: record.orderRef,
  role: record.role,
  instrument: record.instrument,
});

/** Statuses under which the broker has taken the order in, whatever becomes of it. */
const TAKEN_IN: ReadonlySet<string> = new Set([
  'PendingSubmit',
  'PreSubmitted',
  'Submitted',
  'PendingCancel',
  'Filled',
]);
const CANCELLED: ReadonlySet<string> = new Set(['Cancelled', 'ApiCancelled']);

function accepted(record: OrderRecord, permId: number, status: string, now: EpochMillis): OrderChange {
  if (record.status !== 'submitted' && record.status !== 'unresolved') {
    return { record: { ...record, permId: record.permId ?? permId }, entries: [] };
  }
  const next: OrderRecord = {
    ...record,
    status: 'working',
    permId,
    brokerStatus: status,
  };
  const entry = orderEvent<'OrderAccepted'>(next, {
    type: 'OrderAccepted',
    key: lifeRef(record),
    occurredAt: now,
    data: { ...identity(record), orderId: record.orderId, permId, status },
  });
  // An order that was given up for unresolved had been accepted before, unless it never was: the journal's own uniqueness
  // cannot decide inside one commit, so the record does.
  return { record: next, entries: record.permId === null ? [entry] : [] };
}

/** The broker shows the order among its open ones. `ours` says whether its ids are this connection's client's. */
export function observeOpenOrder(record: OrderRecord, order: ObservedOrder, now: EpochMillis): OrderChange {
  const adopted: OrderRecord = {
    ...record,
    orderId: order.orderId > 0 ? order.orderId : record.orderId,
    clientId: order.clientId,
    brokerStatus: order.status,
  };
  if (record.status === 'lapsed') return { record, entries: [] };
  if (CANCELLED.has(order.status)) return cancelled(adopted, null, now);
  if (!isOpen(record) || !(order.permId > 0) || !TAKEN_IN.has(order.status)) {
    return { record: isOpen(record) ? adopted : record, entries: [] };
  }
  const first = accepted(adopted, order.permId, order.status, now);
  const quantity =
    record.role === 'stop'
      ? decimalText(new Decimal(order.quantity).plus(record.filledBefore))
      : record.quantity;
  const moved = stopMoved({ ...first.record, quantity }, order, now);
  const executed = executedQuantity(moved.record);
  // Its group may have reduced a partly filled stop to just what has filled: then it is done without a further execution.
  const next: OrderRecord =
    executed.gt(0) && executed.gte(quantity) ? { ...moved.record, status: 'filled' } : moved.record;
  return withMoveAnswered({ record: next, entries: [...first.entries, ...moved.entries] }, now);
}

/** The broker now shows the stop at the price it was to move to. */
function stopMoved(record: OrderRecord, order: ObservedOrder, now: EpochMillis): OrderChange {
  const move = record.stopMove;
  if (move === null || order.triggerPrice === null || !new Decimal(order.triggerPrice).eq(move.to)) {
    return { record, entries: [] };
  }
  const next: OrderRecord = { ...record, triggerPrice: move.to, stopMove: null };
  const entry = orderEvent<'StopMoved'>(next, {
    type: 'StopMoved',
    key: `${record.orderRef}@${move.requestId}`,
    causationId: move.eventId,
    occurredAt: now,
    data: { ...identity(record), stopPrice: move.to },
  });
  return { record: next, entries: [entry] };
}

/** The broker tells an order's status. Statuses repeat, and a market order may have none at all. */
export function observeStatus(
  record: OrderRecord,
  status: { readonly permId: number; readonly status: string; readonly filled: string },
  now: EpochMillis,
): OrderChange {
  const known: OrderRecord = { ...record, brokerStatus: status.status, brokerFilled: status.filled };
  if (!isOpen(record) || record.status === 'lapsed') return { record, entries: [] };
  if (CANCELLED.has(status.status)) return cancelled(known, null, now);
  if (status.permId > 0 && TAKEN_IN.has(status.status))
    return accepted(known, status.permId, status.status, now);
  return { record: known, entries: [] };
}

/** The execution's id without its last group: what an execution and its corrections have in common. */
export function executionBase(execId: string): { readonly base: string; readonly revision: number } {
  const dot = execId.lastIndexOf('.');
  const revision = dot < 0 ? Number.NaN : Number(execId.slice(dot + 1));
  return Number.isInteger(revision)
    ? { base: execId.slice(0, dot), revision }
    : { base: execId, revision: 0 };
}

/** An execution with its instant: where the broker's is not known, the one at which it was heard of. */
export type DatedExecution = Omit<Execution, 'account' | 'symbol' | 'clientId' | 'executedAt'> & {
  readonly executedAt: EpochMillis;
};

/**
 * The broker tells an execution: new, told before, or a correction of one told before. Fills count from here only, once
 * per execution id, and a correction (same id but for its last group) takes the place of what it corrects.
 */
export function observeExecution(
  record: OrderRecord,
  execution: DatedExecution,
  now: EpochMillis,
): OrderChange {
  const told = executionBase(execution.execId);
  const index = record.fills.findIndex((fill) => executionBase(fill.execId).base === told.base);
  const earlier = record.fills[index];
  if (earlier !== undefined && executionBase(earlier.execId).revision >= told.revision)
    return { record, entries: [] };

  const { execId, quantity, price } = execution;
  const most = earlier?.executed ?? earlier?.quantity ?? '0';
  const takenBack = new Decimal(most).gt(quantity);
  const fill = { execId, quantity, price, ...(takenBack ? { executed: most } : {}) };
  const fills = earlier === undefined ? [...record.fills, fill] : record.fills.with(index, fill);
  // What an earlier life filled counts, and says nothing of the present one.
  const proof: OrderChange = isAbout(record, execution)
    ? accepted(record, execution.permId, 'Filled', now)
    : { record, entries: [] };
  const counted: OrderRecord = { ...proof.record, fills };
  const filled = filledQuantity(counted);
  const executed = executedQuantity(counted);
  const complete = executed.gte(counted.quantity) && isOpen(counted);
  const curtailed = complete && record.role === 'order' && executed.lt(record.intended);
  const next: OrderRecord = complete && !curtailed ? { ...counted, status: 'filled' } : counted;
  const entry = orderEvent<'OrderFilled'>(next, {
    type: 'OrderFilled',
    key: execution.execId,
    occurredAt: execution.executedAt,
    data: {
      ...identity(record),
      orderId: execution.orderId,
      permId: execution.permId,
      execId: execution.execId,
      side: execution.side,
      quantity: execution.quantity,
      price: execution.price,
      cumulativeQuantity: decimalText(filled),
      averagePrice: decimalText(averagePrice(next) ?? new Decimal(0)),
      executedAt: new Date(execution.executedAt).toISOString(),
      corrects: earlier?.execId ?? null,
    },
  });
  const change = withMoveAnswered({ record: next, entries: [...proof.entries, entry] }, now);
  if (!curtailed && (!CANCELLED.has(next.brokerStatus ?? '') || !isOpen(next))) return change;
  // Whoever counts on the rest of the intent is told that it will not come.
  const over = cancelled(next, curtailed ? 'the layer had no more left to close' : null, now);
  return { record: over.record, entries: [...change.entries, ...over.entries] };
}

/** The broker tells what an execution cost. Told again, it changes nothing. */
export function observeCommission(
  record: OrderRecord,
  report: {
    readonly execId: string;
    readonly commission: string;
    readonly currency: string;
    readonly realizedPnl: string | null;
  },
  now: EpochMillis,
): OrderChange {
  if (record.commissions.includes(report.execId)) return { record, entries: [] };
  const next = { ...record, commissions: [...record.commissions, report.execId] };
  const entry = orderEvent<'CommissionReported'>(next, {
    type: 'CommissionReported',
    key: report.execId,
    occurredAt: now,
    data: {
      ...identity(record),
      execId: report.execId,
      commission: report.commission,
      currency: report.currency,
      realizedPnl: report.realizedPnl,
    },
  });
  return { record: next, entries: [entry] };
}

/**
 * The broker says that the order is cancelled. While it says that more is filled than executions have told, the end waits
 * for them: the quantity in OrderCancelled is exact or it is not said. A resting stop that ended without our asking lapses:
 * its layer may need another.
 */
export function cancelled(record: OrderRecord, reason: string | null, now: EpochMillis): OrderChange {
  if (!isOpen(record) || record.status === 'lapsed') return { record, entries: [] };
  const filled = filledQuantity(record);
  if (executedQuantity(record).minus(record.filledBefore).lt(record.brokerFilled)) {
    return { record: { ...record, brokerStatus: 'Cancelled' }, entries: [] };
  }
  const status = record.role === 'stop' && record.cancel === null ? 'lapsed' : 'cancelled';
  const next: OrderRecord = { ...record, status, brokerStatus: 'Cancelled' };
  const entry = orderEvent<'OrderCancelled'>(next, {
    type: 'OrderCancelled',
    key: lifeRef(record),
    ...(record.cancel === null ? {} : { causationId: record.cancel.eventId }),
    occurredAt: now,
    data: {
      ...identity(record),
      filledQuantity: decimalText(filled),
      reason:
        record.cancel?.reason ??
        reason ??
        'cancelled at the broker: expired, or by its OCA group or parent order',
    },
  });
  return withMoveAnswered({ record: next, entries: [entry] }, now);
}

/** The broker refuses the order. */
export function rejected(record: OrderRecord, code: number, message: string, now: EpochMillis): OrderChange {
  if (!isOpen(record)) return { record, entries: [] };
  const next: OrderRecord = { ...record, status: 'rejected' };
  const entry = orderEvent<'OrderRejected'>(next, {
    type: 'OrderRejected',
    key: lifeRef(record),
    occurredAt: now,
    urgency: record.role === 'stop' ? 'critical' : 'high',
    data: { ...identity(record), code, message: message === '' ? 'no reason given' : sentenceOf(message) },
  });
  return withMoveAnswered({ record: next, entries: [entry] }, now);
}

/**
 * A change that may have ended a resting stop. Whoever asked for it to be moved is told that it will not be. A stop that
 * lapsed is not over: where it is placed anew, it is at the new price.
 */
export function withMoveAnswered({ record, entries }: OrderChange, now: EpochMillis): OrderChange {
  if (isOpen(record) || record.stopMove === null) return { record, entries };
  const answered = stopMoveRefused(record, `the resting stop was ${record.status} before it was moved`, now);
  return { record: answered.record, entries: [...entries, ...answered.entries] };
}

/** A change of the resting stop was refused: the stop stands where it was. */
export function stopMoveRefused(record: OrderRecord, reason: string, now: EpochMillis): OrderChange {
  const move = record.stopMove;
  if (move === null) return { record, entries: [] };
  const next: OrderRecord = { ...record, stopMove: null };
  const entry = orderEvent<'CommandDeclined'>(next, {
    type: 'CommandDeclined',
    key: `StopMoveAuthorized:${move.requestId}`,
    causationId: move.eventId,
    occurredAt: now,
    data: { intentId: record.intentId, command: 'StopMoveAuthorized', reason: sentenceOf(reason) },
  });
  return { record: next, entries: [entry] };
}
