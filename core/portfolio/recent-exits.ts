import { type AccountBook, isLive, opens } from './account-book.ts';
import { layerQuantity } from './position.ts';

/** A layer that was closed in the current session, and by what. */
export interface RecentExit {
  readonly instrument: string;
  readonly session: string;
  readonly by: 'stop' | 'decision';
}

/** Layers closed in the book's session: by their resting stop unless an order of the desk closed them. */
export function recentExits(book: AccountBook): readonly RecentExit[] {
  const { session } = book;
  if (session === null) return [];
  const closedByOrder = new Set(
    Object.values(book.orders).flatMap((order) =>
      Number(order.filled) > 0 ? (order.intent.closes ?? []) : [],
    ),
  );
  return Object.values(book.positions)
    .sort((left, right) => (left.instrument < right.instrument ? -1 : 1))
    .flatMap(({ instrument, layers }) =>
      Object.values(layers)
        .filter((layer) => Object.keys(layer.closing).length > 0 && layerQuantity(layer).isZero())
        .map(
          (layer): RecentExit => ({
            instrument,
            session,
            by: closedByOrder.has(layer.intentId) ? 'decision' : 'stop',
          }),
        ),
    );
}

/** Entries and additions that are authorized and can still fill, with nothing held yet or more to come. */
export function pendingEntries(
  book: AccountBook,
): readonly { readonly instrument: string; readonly intentId: string }[] {
  return Object.values(book.orders)
    .filter((order) => isLive(order) && opens(order.intent))
    .map(({ intent }) => ({ instrument: intent.instrument, intentId: intent.intentId }))
    .sort((left, right) => (left.intentId < right.intentId ? -1 : 1));
}
