import { closableQuantity, type OrderRecord, stopRefOf } from '#core/broker/order-record.ts';
import type { ClosableLayer } from '#core/broker/placement.ts';
import type { OrderLedger } from './order-ledger.ts';

/** A layer as its orders make it. */
export interface Layer {
  readonly entry: OrderRecord;
  readonly state: ClosableLayer;
  /** The orders against it, its stop aside. */
  readonly orders: readonly OrderRecord[];
}

/** The layer that an entry opened, as if it were not for the order `except`; null where no such entry is recorded. */
export async function layerOf(ledger: OrderLedger, intentId: string, except?: string): Promise<Layer | null> {
  const entry = await ledger.get(intentId);
  if (entry === null) return null;
  const stop = await ledger.get(stopRefOf(intentId));
  const orders: OrderRecord[] = [];
  for (const ref of entry.closedBy) {
    const record = ref === except ? null : await ledger.get(ref);
    if (record !== null) orders.push(record);
  }
  const closable = closableQuantity(entry, stop, orders);
  return { entry, state: { instrument: entry.instrument, side: entry.side, closable }, orders };
}
