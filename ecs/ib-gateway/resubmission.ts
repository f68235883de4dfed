import {
  executedQuantity,
  filledQuantity,
  isOpen,
  type OrderRecord,
  openQuantity,
  protectedQuantity,
  stopRefOf,
} from '#core/broker/order-record.ts';
import { neverSent, submission } from '#core/broker/submission.ts';
import { opens } from '#core/portfolio/account-book.ts';
import { parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { Bridge } from './bridge-parts.ts';
import { FencedOffError } from './fenced-off.ts';
import type { OrderDesk } from './order-desk.ts';
import { layerOf } from './order-layer.ts';
import type { Withdrawals } from './withdrawals.ts';

/** What becomes of orders that were journaled as submitted and that the broker has never had. */
export class Resubmission {
  readonly #bridge: Bridge;
  readonly #desk: OrderDesk;
  readonly #withdrawals: Withdrawals;

  constructor(bridge: Bridge, desk: OrderDesk, withdrawals: Withdrawals) {
    this.#bridge = bridge;
    this.#desk = desk;
    this.#withdrawals = withdrawals;
  }

  /** Deals with all that never arrived: orders, each with its stop, and then stops that miss alone. */
  async all(neverArrived: readonly OrderRecord[]): Promise<void> {
    const orders = neverArrived.filter((record) => record.role === 'order');
    const withOrder = new Set(orders.map((record) => record.intentId));
    const loneStops = neverArrived.filter(
      (record) => record.role === 'stop' && !withOrder.has(record.intentId),
    );
    for (const record of [...orders, ...loneStops]) await this.#again(record);
  }

  /**
   * Sends orders again that the broker was proved never to have got, or says that it is too late for them. A resting stop
   * whose entry is at the broker or has filled is never too late: it protects.
   */
  async #again({ orderRef }: OrderRecord): Promise<void> {
    const { ledger, lease, link, schedule, settings, killSwitch } = this.#bridge;
    // Commands that waited have been carried out since it was found missing: a cancel may stand in the record by now.
    const record = await ledger.get(orderRef);
    if (record === null || record.status !== 'submitted') return;
    const stop = record.role === 'order' ? await ledger.get(stopRefOf(record.intentId)) : null;
    const left = await this.#stillNeeded(record);
    const ours = record.clientId === settings.clientId;
    // An entry goes out held back and its stop sends both, so that it may have stayed behind alone, under its client's id.
    const tried = ours && record.role === 'order' && opens(record) ? [record.orderId] : [];
    const family = [
      {
        ...record,
        ...(left === null ? {} : { quantity: decimalText(executedQuantity(record).plus(left)) }),
        triedOrderIds: ours ? [...record.triedOrderIds, ...tried] : [],
      },
      ...(stop !== null && stop.status === 'submitted' ? [stop] : []),
    ];
    const refusal =
      (record.role === 'stop' ? await this.#stopRefusal(record) : await this.#refusal(record, stop)) ??
      (left?.lte(0) === true ? 'it never reached the broker and nothing is left of its layer' : null);
    if (refusal !== null) {
      const ended = family.map((member) => neverSent(member, refusal, schedule.now()));
      const { kind } = await ledger.commit(ended);
      if (kind === 'conflict') throw new FencedOffError('the commit of an order’s end found it changed');
      return this.#withdrawals.send(record, tried);
    }
    const orderIds = family.map(() => link.nextOrderId());
    const changes = family.map((member, index) =>
      submission(
        { ...member, orderId: orderIds[index] as number, clientId: settings.clientId },
        { now: schedule.now(), fencingToken: lease.token, commandEventId: null },
      ),
    );
    const result = await ledger.commit(changes, {
      unique: true,
      checks: [lease.check(), ...(opens(record) && record.role === 'order' ? [killSwitch.check()] : [])],
    });
    if (result.kind === 'committed') {
      this.#withdrawals.send(record, tried);
      this.#desk.send(changes.map(({ record: sent }) => sent));
    }
    if (result.kind !== 'conflict') return;
    // The switch was touched since it was read: once more, with what it says now.
    if (killSwitch.alone(result.keys)) await this.#again(record);
    else throw new FencedOffError('the commit of a resubmission found the lease changed');
  }

  /**
   * Units that an order against a layer is still needed for: while it was missing the layer may have been closed otherwise,
   * and sending it as it was would sell what is not there. Null for an order that opens.
   */
  async #stillNeeded(record: OrderRecord): Promise<Decimal | null> {
    const opening = record.role === 'stop' ? record.parentRef : record.closes;
    const layer = opening === null ? null : await layerOf(this.#bridge.ledger, opening, record.orderRef);
    if (layer === null) return null;
    const left =
      record.role === 'stop' ? protectedQuantity(layer.entry, record, layer.orders) : layer.state.closable;
    return Decimal.min(left, openQuantity(record));
  }

  async #refusal(record: OrderRecord, stop: OrderRecord | null): Promise<string | null> {
    if (record.cancel !== null) return record.cancel.reason;
    if (parseInstant(record.expiresAt) <= this.#bridge.schedule.now())
      return `it never reached the broker and expired at ${record.expiresAt}`;
    if (!opens(record)) return null;
    // Sent alone it would be held back for ever: it is the stop that sends both.
    if (stop?.status !== 'submitted')
      return `it never reached the broker and its stop is ${stop?.status ?? 'not recorded'}: no entry goes out without one`;
    const halted = await this.#bridge.killSwitch.read();
    return halted !== null ? `it never reached the broker and trading is halted: ${halted}` : null;
  }

  async #stopRefusal(stop: OrderRecord): Promise<string | null> {
    if (stop.cancel !== null) return stop.cancel.reason;
    const entry = stop.parentRef === null ? null : await this.#bridge.ledger.get(stop.parentRef);
    if (entry !== null && (isOpen(entry) || !filledQuantity(entry).isZero())) return null;
    return 'it never reached the broker and its entry ended without a fill';
  }
}
