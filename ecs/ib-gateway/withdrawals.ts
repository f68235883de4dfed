import { endsWithdrawn } from '#core/broker/broker-codes.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import type { Bridge } from './bridge-parts.ts';

/**
 * Takes back earlier tries of entries. An entry whose stop was lost with the link lies at the gateway without having been
 * transmitted: it is on no list, but a person could still send it. It is cancelled under its old id, on each link, until
 * the broker has said that it is gone; a gateway that never had it says so, and that is all.
 */
export class Withdrawals {
  readonly #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Cancels earlier tries of an order whose record names them. */
  send({ orderRef, clientId }: OrderRecord, orderIds: readonly number[]): void {
    const { link, outbox, settings } = this.#bridge;
    // Nobody else's id cancels it: it stays on the record until this client id is used again.
    if (orderIds.length === 0 || clientId !== settings.clientId) return;
    for (const orderId of orderIds) {
      link.forget(clientId, orderId);
      outbox.send('cancel', { kind: 'cancel', orderId });
    }
    this.#bridge.log('info', 'earlier tries are withdrawn', { orderRef, orderIds });
  }

  /** Cancels again what the last link may have swallowed. */
  resume(): void {
    for (const record of this.#bridge.ledger.unfinishedRecords()) this.send(record, record.triedOrderIds);
  }

  /** A notice that names an order. @returns false where it names no earlier try */
  async notice(orderId: number, code: number, message: string): Promise<boolean> {
    const { ledger, settings } = this.#bridge;
    const record = ledger
      .unfinishedRecords()
      .find(
        ({ clientId, triedOrderIds }) => clientId === settings.clientId && triedOrderIds.includes(orderId),
      );
    if (record === undefined) return false;
    if (!endsWithdrawn(code, message)) {
      const { orderRef } = record;
      this.#bridge.log('info', 'the broker remarks on an earlier try', { orderRef, orderId, code, message });
      return true;
    }
    await ledger.update(record.orderRef, (current) => ({
      record: { ...current, triedOrderIds: current.triedOrderIds.filter((id) => id !== orderId) },
      entries: [],
    }));
    return true;
  }
}
