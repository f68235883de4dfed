import type { EventData } from '#contracts/registry.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { AccountBook, OrderRecord } from './account-book.ts';

const RANK: Readonly<Record<OrderRecord['status'], number>> = {
  authorized: 0,
  submitted: 1,
  working: 2,
  declined: 3,
  rejected: 3,
  cancelled: 3,
  filled: 4,
};

/** Whether the broker works an order, or has or had no more to do with it: an execution tells nothing new of its status. */
export const isWorkingOrOver = ({ status }: OrderRecord): boolean => RANK[status] >= RANK.working;

/** Moves an order's status forward only: an acceptance that arrives after the fill changes nothing. */
export function withStatus(
  book: AccountBook,
  of: { readonly intentId: string; readonly role: string },
  status: OrderRecord['status'],
): AccountBook {
  const order = book.orders[of.intentId];
  if (of.role !== 'order' || order === undefined || RANK[order.status] >= RANK[status]) return book;
  return { ...book, orders: { ...book.orders, [of.intentId]: { ...order, status } } };
}

/** Ends an order. What the broker counts as filled beyond the executions we have seen stays reserved until they come. */
export function cancelled(book: AccountBook, data: EventData<'OrderCancelled'>): AccountBook {
  const ended = withStatus(book, data, 'cancelled');
  const order = ended.orders[data.intentId];
  if (ended === book || order === undefined) return book;
  const fillable = Decimal.min(order.intent.quantity, data.filledQuantity);
  return {
    ...ended,
    orders: { ...ended.orders, [data.intentId]: { ...order, fillable: decimalText(fillable) } },
  };
}
