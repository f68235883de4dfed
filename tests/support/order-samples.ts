import type { Execution, ObservedOrder } from '#core/broker/broker-port.ts';
import type { Outcome } from '#core/broker/entered-outcome.ts';
import type { DatedExecution } from '#core/broker/order-facts.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';

export const NOW = Date.parse('2018-02-05T15:00:00.000Z');

/** A submitted entry of 10 AAPL. */
export function recordOf(changes: Partial<OrderRecord> = {}): OrderRecord {
  return {
    version: 1,
    intentId: 'i-1',
    orderRef: 'i-1',
    role: 'order',
    purpose: 'entry',
    instrument: 'AAPL',
    correlationId: 'cycle:1',
    submittedEventId: '00000000-0000-8000-8000-000000000001',
    side: 'BUY',
    quantity: changes.quantity ?? '10',
    intended: changes.quantity ?? '10',
    orderType: 'MKT',
    limitPrice: null,
    triggerPrice: null,
    timeInForce: 'DAY',
    ocaGroup: null,
    parentRef: null,
    closes: null,
    closedBy: [],
    clientId: 17,
    orderId: 5,
    permId: null,
    triedOrderIds: [],
    attempts: 1,
    submittedAt: '2018-02-05T14:59:00.000Z',
    expiresAt: '2018-02-05T21:00:00.000Z',
    status: 'submitted',
    brokerStatus: null,
    brokerFilled: '0',
    fills: [],
    filledBefore: '0',
    commissions: [],
    cancel: null,
    stopMove: null,
    ...changes,
  };
}

/** The resting stop of {@link recordOf}. */
export function stopOf(changes: Partial<OrderRecord> = {}): OrderRecord {
  return recordOf({
    orderRef: 'i-1:stop',
    role: 'stop',
    side: 'SELL',
    orderType: 'STP',
    triggerPrice: '150',
    timeInForce: 'GTC',
    ocaGroup: 'i-1',
    parentRef: 'i-1',
    orderId: 6,
    ...changes,
  });
}

/** A limit order for 10 AAPL that was at work and of which the broker no longer tells. */
export function unresolvedOrder(changes: Partial<OrderRecord> = {}): OrderRecord {
  return recordOf({
    orderType: 'LMT',
    limitPrice: '161',
    timeInForce: 'GTC',
    permId: 77,
    submittedAt: '2018-02-05T14:31:00.000Z',
    status: 'unresolved',
    brokerStatus: 'Submitted',
    ...changes,
  });
}

/** An execution of {@link unresolvedOrder} as a person enters it. */
export function enteredExecutionOf(
  changes: Partial<Outcome['executions'][number]> = {},
): Outcome['executions'][number] {
  return {
    execId: 'e.1.01',
    quantity: '10',
    price: '160.5',
    executedAt: '2018-02-05T15:00:00.000Z',
    commission: '1.25',
    currency: 'USD',
    ...changes,
  };
}

type Dated = Execution & Pick<DatedExecution, 'executedAt'>;

export function executionOf(changes: Partial<Dated> = {}): Dated {
  return {
    execId: '0000e0d5.5a7.01.01',
    orderId: 5,
    clientId: 17,
    permId: 900,
    orderRef: 'i-1',
    account: 'DU0000001',
    symbol: 'AAPL',
    side: 'BUY',
    quantity: '10',
    price: '160',
    executedAt: NOW,
    ...changes,
  };
}

export function openOrderOf(changes: Partial<ObservedOrder> = {}): ObservedOrder {
  return {
    orderId: 5,
    clientId: 17,
    permId: 900,
    orderRef: 'i-1',
    account: 'DU0000001',
    symbol: 'AAPL',
    contract: { symbol: 'AAPL', secType: 'STK', currency: 'USD', localSymbol: 'AAPL', multiplier: null },
    side: 'BUY',
    quantity: '10',
    cashQuantity: null,
    orderType: 'MKT',
    limitPrice: null,
    triggerPrice: null,
    parentId: 0,
    ocaGroup: '',
    status: 'Submitted',
    ...changes,
  };
}
