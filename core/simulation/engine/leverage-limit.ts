import type { EngineOrder, OrderRequest } from './order.ts';
import type { SimulatedAccount } from './simulated-account.ts';
import type { WorkingOrders } from './working-orders.ts';

/**
 * Why an order's size is refused, or undefined: it, and everything that works already, could take the gross exposure
 * beyond the leverage that the account may have. What closes or reduces is never refused for its size.
 */
export function leverageRefusal(
  account: SimulatedAccount,
  working: readonly WorkingOrders[],
  maximumLeverage: number,
  request: OrderRequest,
  parent: EngineOrder | null,
): 'no-price' | 'leverage' | undefined {
  if (parent !== null && protects(working, request, parent)) return undefined;
  const i = request.instrument ?? 0;
  const held = account.books.quantity[i] as number;
  const sign = request.side === 'buy' ? 1 : -1;
  const price = priceOf(request, account.marks[i] as number);
  if (Number.isNaN(price)) return 'no-price';
  let ahead = 0;
  for (const order of (working[i] as WorkingOrders).orders)
    if (
      order.side === request.side &&
      order.parent === null &&
      (order.group === 0 || order.group !== request.group)
    )
      ahead += order.unfilled;
  const after = held + sign * (request.quantity + ahead);
  if (held !== 0 && Math.abs(after) <= Math.abs(held) && after * held >= 0) return undefined;
  const limit = maximumLeverage * account.equity;
  const gross =
    account.grossWith(i, sign * (request.quantity + ahead), price) + pendingElsewhere(account, working, i);
  return gross <= limit ? undefined : 'leverage';
}

/** What the working orders of all other instruments could still add to the gross exposure, at their marks. */
function pendingElsewhere(
  account: SimulatedAccount,
  working: readonly WorkingOrders[],
  instrument: number,
): number {
  let added = 0;
  for (let i = 0; i < working.length; i++) {
    if (i === instrument) continue;
    const pending = { buy: 0, sell: 0 };
    for (const order of (working[i] as WorkingOrders).orders)
      if (order.parent === null) pending[order.side] += order.unfilled;
    if (pending.buy === 0 && pending.sell === 0) continue;
    const mark = account.marks[i] as number;
    // What nobody can value could add anything.
    if (Number.isNaN(mark)) return Number.POSITIVE_INFINITY;
    const { gross } = account;
    added += Math.max(
      0,
      account.grossWith(i, pending.buy, mark) - gross,
      account.grossWith(i, -pending.sell, mark) - gross,
    );
  }
  return added;
}

/** A child that can do no more than close its parent: opposite, not larger, alone or in one group with its siblings. */
function protects(working: readonly WorkingOrders[], request: OrderRequest, parent: EngineOrder): boolean {
  if (request.side === parent.side || request.quantity > parent.quantity) return false;
  return (working[parent.instrument] as WorkingOrders).orders.every(
    (order) => order.parent !== parent || (order.group !== 0 && order.group === request.group),
  );
}

/** The price an order's size is judged at: its own where it has one, never below the mark for a buy. */
function priceOf({ limitPrice, stopPrice }: OrderRequest, mark: number): number {
  return Number.isNaN(mark) ? Number.NaN : Math.max(limitPrice ?? stopPrice ?? mark, mark);
}
