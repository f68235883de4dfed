import { floorTo } from '#core/simulation/grid.ts';
import { type BrokerOrder, isFinal } from './state.ts';
import { complain, report, type Step } from './step.ts';

/** Orders attached to `parent`. */
export const childrenOf = (step: Step, parent: BrokerOrder): BrokerOrder[] =>
  step.state.index.childrenOf(parent.permId).filter((order) => !isFinal(order));

/** Whether an order may trade: on its own, or because its parent has filled at least in part. */
export function isAlive(step: Step, order: BrokerOrder): boolean {
  if (order.parentPermId === 0) return true;
  return (step.state.orders.get(order.parentPermId)?.filled ?? 0) > 0;
}

/**
 * Units of `order` that may execute now. Children together never exceed what their parent has filled: an exit must
 * not turn a position round.
 */
export function executableNow(step: Step, order: BrokerOrder): number {
  const remaining = order.total - order.filled;
  if (order.parentPermId === 0) return remaining;
  const parent = step.state.orders.get(order.parentPermId);
  if (parent === undefined) return 0;
  let open = parent.filled;
  for (const sibling of step.state.index.childrenOf(parent.permId)) {
    if (sibling.action === order.action) open -= sibling.filled;
  }
  return Math.max(0, Math.min(remaining, open));
}

/** Whether an order can never execute again: its parent has ended, and its children have given back all that it took. */
export function isSpent(step: Step, order: BrokerOrder): boolean {
  const parent = step.state.orders.get(order.parentPermId);
  return parent !== undefined && isFinal(parent) && executableNow(step, order) <= 0;
}

/** Ends the children of an order that has ended for which nothing of it is left. */
function endSpentChildren(step: Step, parent: BrokerOrder): void {
  for (const child of childrenOf(step, parent))
    if (isSpent(step, child))
      endOrder(
        step,
        child,
        202,
        'Order Canceled - reason:nothing of the parent order is left',
        'Cancelled by Parent',
      );
}

/** Ends an order: cancelled, with the code its owner sees, and what hangs on it. */
export function endOrder(step: Step, order: BrokerOrder, code: number, reason: string, why: string): void {
  if (isFinal(order)) return;
  order.status = 'Cancelled';
  order.whyHeld = '';
  order.completedAt = step.at;
  order.completedStatus = why;
  report(step, order);
  complain(step, order, code, reason);
  onParentEnded(step, order);
}

/** Children of an order that ended unfilled end with it; after a part they keep at most that part. */
function onParentEnded(step: Step, parent: BrokerOrder): void {
  for (const child of childrenOf(step, parent)) {
    if (parent.filled === 0)
      endOrder(step, child, 202, 'Order Canceled - reason:parent order was cancelled', 'Cancelled by Parent');
    else shrinkTo(step, child, Math.min(child.total, parent.filled));
  }
  endSpentChildren(step, parent);
}

function shrinkTo(step: Step, order: BrokerOrder, total: number): void {
  const lot = step.settings.instruments.get(order.instrument)?.model.lot ?? 1;
  const next = Math.max(order.filled, floorTo(total, lot));
  if (next === order.total) return;
  if (next === order.filled) {
    if (order.filled > 0) {
      order.total = next;
      order.status = 'Filled';
      order.completedAt = step.at;
      order.completedStatus = `Filled Size: ${order.filled}`;
      report(step, order);
      endSpentChildren(step, order);
    } else {
      endOrder(
        step,
        order,
        202,
        'Order Canceled - reason:the group has been filled',
        'Cancelled by OCA group',
      );
    }
    return;
  }
  order.total = next;
  report(step, order);
}

/**
 * Tells the orders related to `order` that `quantity` of it has filled, `remainingBefore` having been open.
 * One-cancels-all type 1 cancels the others; types 2 and 3 reduce them in proportion. Siblings of a bracket shrink
 * to what the parent's position still needs.
 */
export function onFilled(step: Step, order: BrokerOrder, quantity: number, remainingBefore: number): void {
  if (order.ocaGroup !== '') {
    for (const other of groupOf(step, order)) {
      if (order.ocaType === 1) {
        endOrder(step, other, 202, 'Order Canceled - reason:one-cancels-all group', 'Cancelled by OCA group');
      } else {
        shrinkTo(step, other, other.total - ((other.total - other.filled) * quantity) / remainingBefore);
      }
    }
  }
  if (order.parentPermId !== 0) shrinkSiblings(step, order);
  if (isFinal(order)) endSpentChildren(step, order);
}

const groupOf = (step: Step, order: BrokerOrder): BrokerOrder[] =>
  step.state.index
    .ofGroup(order.ocaGroup)
    .filter((other) => other.permId !== order.permId && other.account === order.account);

function shrinkSiblings(step: Step, order: BrokerOrder): void {
  const parent = step.state.orders.get(order.parentPermId);
  if (parent === undefined) return;
  const goal = isFinal(parent) ? parent.filled : parent.total;
  let exited = 0;
  const siblings: BrokerOrder[] = [];
  for (const other of step.state.index.childrenOf(parent.permId)) {
    if (other.action !== order.action) continue;
    exited += other.filled;
    if (other.permId !== order.permId && !isFinal(other)) siblings.push(other);
  }
  for (const sibling of siblings) {
    shrinkTo(step, sibling, Math.min(sibling.total, sibling.filled + Math.max(0, goal - exited)));
  }
  // A child larger than its parent has nothing left to wait for.
  endSpentChildren(step, parent);
}
