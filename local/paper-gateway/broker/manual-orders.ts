import { isRefusal, type Refusal, termsOf } from './order-checks.ts';
import { accept } from './placement.ts';
import {
  type BrokerState,
  isWorking,
  MANUAL_CLIENT_ID,
  MANUAL_ORDER_ID,
  type OrderRequest,
  orderName,
} from './state.ts';
import { report, type Step } from './step.ts';

/** Why an order entered by hand would be refused at its entry, null where it would not. */
export function manualRefusal(request: OrderRequest, settings: Step['settings']): Refusal | null {
  const instrument = settings.instruments.get(request.instrument);
  if (instrument === undefined)
    return { code: 200, message: 'No security definition has been found for the request' };
  const terms = termsOf(request, instrument, settings.account);
  return isRefusal(terms) ? terms : null;
}

/**
 * Takes an order entered by hand, as at the broker's own screen: it belongs to client 0 and has no id until it is
 * bound, which may be from the first moment on. What {@link manualRefusal} names is not taken.
 */
export function placeManually(step: Step, request: OrderRequest, bind: boolean): void {
  const instrument = step.settings.instruments.get(request.instrument);
  if (instrument === undefined) return;
  const terms = termsOf(request, instrument, step.settings.account);
  if (isRefusal(terms)) return;
  const named = {
    ...request,
    clientId: MANUAL_CLIENT_ID,
    orderId: bind ? lowestId(step.state) - 1 : MANUAL_ORDER_ID,
    parentId: 0,
    transmit: true,
  };
  const order = accept(step, named, terms, instrument);
  if (bind && order !== null) step.events.push({ event: 'bound', order: { ...order } });
}

/** Gives every working order that was entered by hand an id of its own, below zero, for client 0. */
export function bindManualOrders(step: Step): void {
  const { state } = step;
  for (const order of state.orders.values()) {
    if (!isWorking(order) || order.clientId !== MANUAL_CLIENT_ID || order.orderId !== MANUAL_ORDER_ID)
      continue;
    order.orderId = lowestId(state) - 1;
    state.byName.set(orderName(order.clientId, order.orderId), order.permId);
    step.events.push({ event: 'bound', order: { ...order } });
    report(step, order);
  }
}

function lowestId(state: BrokerState): number {
  let lowest = 0;
  for (const order of state.orders.values())
    if (order.clientId === MANUAL_CLIENT_ID) lowest = Math.min(lowest, order.orderId);
  return lowest;
}
