import type { InstrumentId } from '#core/market/instrument.ts';
import { equityOf, openBooks, realisedNet } from '#core/simulation/account.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { type Decimal, decimalText } from '#core/values/decimal.ts';
import { moveCash, splitUnits } from './account-events.ts';
import { expireDated, matchBar } from './bar-pass.ts';
import { correctExecution } from './correction.ts';
import { openingOf } from './day-result.ts';
import { DemandBound } from './demand-bound.ts';
import { bindManualOrders, placeManually } from './manual-orders.ts';
import { OrderIndex } from './order-index.ts';
import { place } from './placement.ts';
import { endOrder } from './relations.ts';
import { marksOf } from './standing.ts';
import {
  type BrokerBar,
  type BrokerChanges,
  type BrokerEvent,
  type BrokerSettings,
  type BrokerState,
  isFinal,
  NEVER_TRANSMITTED,
  type OrderRequest,
  orderName,
} from './state.ts';
import { complain, freeName, type Step } from './step.ts';

/** Everything that can happen to the broker. */
export type BrokerInput =
  | { readonly input: 'place'; readonly request: OrderRequest }
  /** An order entered by hand, at the broker's own screen; client 0 may want it bound at once. */
  | { readonly input: 'placeManually'; readonly request: OrderRequest; readonly bind: boolean }
  /** Client 0 wants ids for the orders entered by hand. */
  | { readonly input: 'bindManualOrders' }
  | { readonly input: 'cancel'; readonly clientId: number; readonly orderId: number }
  /** An order is cancelled at the broker's own screen, whoever entered it. */
  | { readonly input: 'cancelManually'; readonly permId: number }
  | { readonly input: 'globalCancel' }
  | { readonly input: 'bar'; readonly bar: BrokerBar }
  /** The instant of a good-till date has come, whether or not a bar is played. */
  | { readonly input: 'expire' }
  /** A price that is known without a bar, such as the last close before the tape begins. */
  | { readonly input: 'mark'; readonly instrument: InstrumentId; readonly price: number }
  /** A new day: profit starts at zero, yesterday's executions and completed orders leave the lists. */
  | { readonly input: 'newDay'; readonly midnight: EpochMillis }
  | { readonly input: 'correct'; readonly execId: string; readonly price: number }
  | { readonly input: 'cash'; readonly amount: string }
  | { readonly input: 'split'; readonly instrument: InstrumentId; readonly ratio: number }
  /** A gateway restart that forgets the last `count` order ids of every client. */
  | { readonly input: 'rollBackIds'; readonly count: number };

/** What a step produced. */
export interface BrokerOutput {
  readonly events: readonly BrokerEvent[];
  readonly changes: BrokerChanges;
}

/** A broker before its first order. */
export function newBroker(initialCash: Decimal): BrokerState {
  return {
    books: openBooks(initialCash),
    nextPermId: 910_000_001,
    nextExecution: 1,
    highestOrderId: new Map(),
    orders: new Map(),
    index: new OrderIndex(),
    demand: new DemandBound(),
    byName: new Map(),
    executions: new Map(),
    marks: new Map(),
    matchedUntil: new Map(),
    dayStartEquity: null,
    dayStartRealised: '0',
    dayStart: 0,
    dayOpening: new Map(),
    monthlyQuantity: '0',
    month: '',
    behaviour: { rejectNext: 0, rejectReason: '', maximumFill: null, halted: new Set() },
  };
}

/**
 * The broker: a deterministic function of its state and one input. It advances `state` in place and returns what to
 * tell whom and what to write down first. It reads no clock and draws no random number.
 */
export function advance(
  state: BrokerState,
  settings: BrokerSettings,
  at: EpochMillis,
  input: BrokerInput,
): BrokerOutput {
  const step: Step = {
    state,
    settings,
    at,
    events: [],
    changes: { orders: new Set(), executions: new Set(), account: false },
  };
  apply(step, input);
  return { events: step.events, changes: step.changes };
}

function apply(step: Step, input: BrokerInput): void {
  const { state } = step;
  switch (input.input) {
    case 'place':
      place(step, input.request);
      return;
    case 'placeManually':
      placeManually(step, input.request, input.bind);
      return;
    case 'bindManualOrders':
      bindManualOrders(step);
      return;
    case 'cancel':
      cancel(step, input.clientId, input.orderId);
      return;
    case 'cancelManually': {
      const order = state.orders.get(input.permId);
      if (order !== undefined) endOrder(step, order, 202, 'Order Canceled - reason:', 'Cancelled by Trader');
      return;
    }
    case 'globalCancel':
      for (const order of [...state.orders.values()]) {
        if (!isFinal(order)) endOrder(step, order, 202, 'Order Canceled - reason:', 'Cancelled by Trader');
      }
      return;
    case 'bar':
      matchBar(step, input.bar);
      return;
    case 'expire':
      expireDated(step);
      return;
    case 'mark':
      state.marks.set(input.instrument, String(input.price));
      step.changes.account = true;
      return;
    case 'newDay':
      newDay(step, input.midnight);
      return;
    case 'correct':
      correctExecution(step, input.execId, input.price);
      return;
    case 'cash':
      moveCash(step, input.amount);
      return;
    case 'split':
      splitUnits(step, input.instrument, input.ratio);
      return;
    case 'rollBackIds':
      rollBackIds(step, input.count);
      return;
  }
}

function cancel(step: Step, clientId: number, orderId: number): void {
  const order = step.state.orders.get(step.state.byName.get(orderName(clientId, orderId)) ?? -1);
  const name = { clientId, orderId };
  if (order === undefined) {
    complain(step, name, 10147, `OrderId ${orderId} that needs to be cancelled is not found.`);
  } else if (isFinal(order)) {
    complain(
      step,
      name,
      10148,
      `OrderId ${orderId} that needs to be cancelled cannot be cancelled, state: ${order.status}.`,
    );
  } else {
    const why = order.status === 'Held' ? NEVER_TRANSMITTED : 'Cancelled by Trader';
    endOrder(step, order, 202, 'Order Canceled - reason:', why);
  }
}

function newDay(step: Step, midnight: EpochMillis): void {
  const { state } = step;
  if (midnight <= state.dayStart) return;
  const equity = equityOf(state.books, marksOf(state));
  state.dayStart = midnight;
  state.dayStartEquity = equity === null ? null : decimalText(equity);
  state.dayStartRealised = decimalText(realisedNet(state.books));
  state.dayOpening = openingOf(state);
  step.changes.account = true;
  for (const [execId, execution] of state.executions) {
    if (execution.at >= midnight) continue;
    state.executions.delete(execId);
    step.changes.executions.add(execId);
  }
  const needed = new Set(
    [...state.orders.values()].filter((order) => !isFinal(order)).map((order) => order.parentPermId),
  );
  for (const [permId, order] of state.orders) {
    if (!isFinal(order) || needed.has(permId) || (order.completedAt ?? 0) >= midnight) continue;
    state.orders.delete(permId);
    state.index.forget(order);
    const name = orderName(order.clientId, order.orderId);
    if (state.byName.get(name) === permId) state.byName.delete(name);
    step.changes.orders.add(permId);
  }
}

function rollBackIds(step: Step, count: number): void {
  const { state } = step;
  for (const [clientId, highest] of state.highestOrderId) {
    const next = Math.max(0, highest - count);
    state.highestOrderId.set(clientId, next);
    // Names of finished orders above the new mark are free again; the orders themselves stay, by permId.
    for (let orderId = next + 1; orderId <= highest; orderId += 1) {
      const permId = state.byName.get(orderName(clientId, orderId));
      const order = permId === undefined ? undefined : state.orders.get(permId);
      if (order === undefined || !isFinal(order)) continue;
      freeName(state, order);
      step.changes.orders.add(order.permId);
    }
  }
  step.changes.account = true;
}
