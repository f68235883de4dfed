import type { EpochMillis } from '#core/values/clock.ts';
import {
  type BrokerChanges,
  type BrokerEvent,
  type BrokerOrder,
  type BrokerSettings,
  type BrokerState,
  type Execution,
  isFinal,
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
  if (isFinal(order)) step.state.index.settle(order);
  if (order.status !== 'Held') step.events.push({ event: 'order', order: { ...order } });
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
