import type { EpochMillis } from '#core/values/clock.ts';
import {
  type BrokerChanges,
  type BrokerEvent,
  type BrokerOrder,
  type BrokerSettings,
  type BrokerState,
  type Execution,
  isFinal,
  orderName,
} from './state.ts';

/** One step of the broker: the state it works on and what it has produced so far. */
export interface Step {
  readonly state: BrokerState;
  readonly settings: BrokerSettings;
  readonly at: EpochMillis;
  readonly events: BrokerEvent[];
  readonly changes: BrokerChanges;
}

/** Records that an order changed and tells its owner how it stands now. */
export function report(step: Step, order: BrokerOrder): void {
  step.changes.orders.add(order.permId);
  if (isFinal(order)) {
    step.state.index.settle(order);
    forgetRolledBackName(step.state, order);
  }
  if (order.status !== 'Held') step.events.push({ event: 'order', order: { ...order } });
}

/** Lets another order take an order's name. */
export function freeName(state: BrokerState, order: BrokerOrder): void {
  order.nameFreed = true;
  state.byName.delete(orderName(order.clientId, order.orderId));
}

/** Ids rolled back past an order that still worked are free again once it has ended. */
function forgetRolledBackName(state: BrokerState, order: BrokerOrder): void {
  if (order.orderId > (state.highestOrderId.get(order.clientId) ?? 0)) freeName(state, order);
}

/** Tells an order's owner something with a TWS code. */
export function complain(
  step: Step,
  order: { clientId: number; orderId: number },
  code: number,
  message: string,
): void {
  step.events.push({ event: 'error', clientId: order.clientId, orderId: order.orderId, code, message });
}

export function recordExecution(step: Step, execution: Execution): void {
  step.state.executions.set(execution.execId, execution);
  step.changes.executions.add(execution.execId);
  step.changes.account = true;
  step.events.push({ event: 'execution', execution });
}
