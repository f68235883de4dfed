import {
  closableQuantity,
  closedQuantity,
  filledQuantity,
  type OrderRecord,
  stopRefOf,
} from '#core/broker/order-record.ts';
import type { ClosableLayer } from '#core/broker/placement.ts';
import { Decimal } from '#core/values/decimal.ts';
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

/** Signed units of an instrument that the desk's orders have left in the account, by the layers whose stop is not over. */
export async function deskUnits(ledger: OrderLedger, instrument: string): Promise<Decimal> {
  let units = new Decimal(0);
  for (const stop of ledger.openRecords()) {
    if (stop.role !== 'stop' || stop.instrument !== instrument) continue;
    const layer = await layerOf(ledger, stop.intentId);
    if (layer === null) continue;
    const open = filledQuantity(layer.entry).minus(closedQuantity(stop, layer.orders));
    units = layer.entry.side === 'BUY' ? units.plus(open) : units.minus(open);
  }
  return units;
}
