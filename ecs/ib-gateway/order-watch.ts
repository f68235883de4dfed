import { classifyOrderNotice, ENDED_STATUSES, isOrderRemark } from '#core/broker/broker-codes.ts';
import type { BrokerMessage, ObservedOrder, Unreadable } from '#core/broker/broker-port.ts';
import {
  cancelled,
  type OrderChange,
  observeCommission,
  observeExecution,
  observeOpenOrder,
  observeStatus,
  rejected,
  stopMoveRefused,
} from '#core/broker/order-facts.ts';
import {
  filledQuantity,
  isAbout,
  isOpen,
  lifeRef,
  type OrderRecord,
  readLifeRef,
} from '#core/broker/order-record.ts';
import { decimalText } from '#core/values/decimal.ts';
import { type Bridge, reportDifference } from './bridge-parts.ts';
import type { ForeignHoldingsWatch } from './foreign-holdings.ts';
import type { Holdings } from './holdings.ts';
import type { OrderDesk } from './order-desk.ts';
import type { RestingStops } from './resting-stops.ts';
import { Strangers } from './strangers.ts';

type Commission = Extract<BrokerMessage, { kind: 'commission' }>;
type Status = Extract<BrokerMessage, { kind: 'order-status' }>;
type ExecutionMessage = Extract<BrokerMessage, { kind: 'execution' }>;

export interface OrderWatchParts {
  readonly desk: OrderDesk;
  readonly stops: RestingStops;
  readonly holdings: Holdings;
  readonly foreign: ForeignHoldingsWatch;
}

/** What the broker said of one life of an order. */
interface Remark {
  readonly life: string;
  readonly code: number;
  readonly message: string;
}

/** Commissions that came before their execution are kept so many at the most. */
const EARLY_COMMISSIONS = 1_000;

/** Turns what the broker says about orders into journal entries, each order found by orderRef or permId. */
export class OrderWatch {
  readonly #bridge: Bridge;
  readonly #desk: OrderDesk;
  readonly #stops: RestingStops;
  readonly #holdings: Holdings;
  readonly #foreign: ForeignHoldingsWatch;
  readonly #strangers: Strangers;
  readonly #onAcknowledged: () => void;
  /** The last of each order; one that is taken in needs none any more. */
  readonly #remarks = new Map<string, Remark>();
  readonly #refOfExecution = new Map<string, string>();
  readonly #early = new Map<string, Commission>();

  constructor(
    bridge: Bridge,
    parts: OrderWatchParts,
    on: { readonly acknowledged: () => void; readonly foreign: () => void },
  ) {
    this.#bridge = bridge;
    this.#desk = parts.desk;
    this.#stops = parts.stops;
    this.#holdings = parts.holdings;
    this.#foreign = parts.foreign;
    this.#onAcknowledged = on.acknowledged;
    this.#strangers = new Strangers(bridge, { ...parts, onNew: on.foreign });
  }

  async openOrder(order: ObservedOrder): Promise<void> {
    const record = await this.#recordOf(order);
    if (record === null) return this.#strangers.order(order);
    if (!isAbout(record, order))
      return this.#isOver(record, order) ? undefined : this.#secondOrder(record, order);
    if (order.clientId >= 0) this.#bridge.link.learn(order.clientId, order.orderId, record.orderRef);
    await this.apply(record.orderRef, (current) =>
      observeOpenOrder(current, order, this.#bridge.schedule.now()),
    );
    const after = this.#bridge.ledger.peek(record.orderRef);
    if (record.role === 'stop' && after !== null) await this.#stops.shown(record, after);
  }

  async status(message: Status): Promise<void> {
    const ref =
      this.#bridge.ledger.refOfPermId(message.permId) ??
      this.#bridge.link.refOf(message.clientId, message.orderId);
    if (ref === null) return this.#foreign.status(message.permId, message.status, message.remaining);
    await this.apply(ref, (current) =>
      isAbout(current, { orderRef: lifeRef(current), permId: message.permId })
        ? observeStatus(current, message, this.#bridge.schedule.now())
        : unchanged(current),
    );
  }

  async execution({ execution }: ExecutionMessage): Promise<void> {
    const record = await this.#recordOf(execution);
    const executedAt = execution.executedAt ?? this.#bridge.schedule.now();
    if (record === null) return this.#strangers.execution(execution, executedAt);
    // A resting stop that stands anew may have filled in part before; an order is sent again only where it never was there.
    if (record.role === 'order' && !isAbout(record, execution)) await this.#secondOrder(record, execution);
    this.#refOfExecution.set(execution.execId, record.orderRef);
    this.#holdings.executed(record.instrument, executedAt);
    await this.apply(record.orderRef, (current) =>
      observeExecution(current, { ...execution, executedAt }, this.#bridge.schedule.now()),
    );
    const early = this.#early.get(execution.execId);
    if (early !== undefined) {
      this.#early.delete(execution.execId);
      await this.commission(early);
    }
  }

  async commission(message: Commission): Promise<void> {
    const ref = this.#refOfExecution.get(message.execId);
    if (ref === undefined) {
      const [oldest] = this.#early.keys();
      if (this.#early.size >= EARLY_COMMISSIONS && oldest !== undefined) this.#early.delete(oldest);
      this.#early.set(message.execId, message);
      return;
    }
    await this.apply(ref, (current) => observeCommission(current, message, this.#bridge.schedule.now()));
  }

  /** A message about an order that cannot be read. @returns false where it may be one of the desk's */
  async unreadable(told: Unreadable): Promise<boolean> {
    const { clientId, orderRef, of } = told;
    const permId = told.permId ?? 0;
    // Of an order that is over the broker tells no client; those of the desk all carry a reference.
    const isAnothers =
      of === 'completed-order'
        ? permId > 0
        : clientId !== null && clientId !== this.#bridge.settings.clientId;
    if (!isAnothers || (await this.#recordOf({ orderRef, permId })) !== null) return false;
    await this.#strangers.unreadable(told);
    return true;
  }

  /** A notice that names an order. @returns false where it names none of ours */
  async notice(orderId: number, code: number, message: string): Promise<boolean> {
    const ref = this.#bridge.link.refOf(this.#bridge.settings.clientId, orderId);
    if (ref === null) return false;
    const now = this.#bridge.schedule.now();
    const record = await this.#bridge.ledger.get(ref);
    if (record === null) return false;
    switch (classifyOrderNotice(code, message, this.#stops.isChanging(record))) {
      case 'rejected':
        // What the broker has already accepted is refused with a code only where a change or a cancel of it is.
        if (record.status === 'submitted' || REFUSES_WORKING.has(code))
          await this.apply(ref, (current) => rejected(current, code, message, now));
        break;
      case 'cancelled':
        this.#cancelledSoon(record);
        break;
      case 'change-refused':
        // Of a stop that has ended meanwhile a change is refused because of that: its next life takes the move along.
        if (record.status !== 'working') break;
        await this.apply(ref, (current) =>
          stopMoveRefused(current, `the broker refused (${code}): ${message}`, now),
        );
        break;
      case 'read-only':
        // The gateway itself said no: the order never reached the broker, and sending it again would be refused again.
        if (record.status === 'submitted')
          await this.apply(ref, (current) => rejected(current, code, message, now));
        else if (record.stopMove !== null)
          await this.apply(ref, (current) =>
            stopMoveRefused(current, `the gateway is read-only (${code}): ${message}`, now),
          );
        break;
      case 'cancel-refused':
        // The stop of a cancelled entry ends with it, and the cancel that was sent for it finds nothing.
        this.#remark(isOpen(record) ? 'warn' : 'info', ref, code, message);
        break;
      case 'warning':
        this.#remark('warn', ref, code, message);
        if (record.status === 'submitted' && !isOrderRemark(code))
          this.#remarks.set(ref, { life: lifeRef(record), code, message });
        break;
    }
    return true;
  }

  /** What the broker said of the present life of an order before it had taken it in, where that may be why it never did. */
  remarkOn(record: OrderRecord): Remark | null {
    const remark = this.#remarks.get(record.orderRef);
    return remark?.life === lifeRef(record) ? remark : null;
  }

  #remark(level: 'warn' | 'info', orderRef: string, code: number, message: string): void {
    this.#bridge.log(level, 'the broker remarks on an order', { orderRef, code, message });
  }

  /**
   * A notice says that an order is cancelled, and not how much of it had filled. The status that comes with it does; alone,
   * the notice counts a moment later.
   */
  #cancelledSoon({ orderRef, attempts }: OrderRecord): void {
    const { schedule } = this.#bridge;
    schedule.after(STATUS_WAIT_MS, () =>
      this.apply(orderRef, (current) =>
        current.attempts === attempts ? cancelled(current, null, schedule.now()) : unchanged(current),
      ),
    );
  }

  async #recordOf(told: { readonly orderRef: string; readonly permId: number }): Promise<OrderRecord | null> {
    const { orderRef } = readLifeRef(told.orderRef);
    const record = orderRef === '' ? null : await this.#bridge.ledger.get(orderRef);
    if (record !== null) return record;
    const ref = told.permId > 0 ? this.#bridge.ledger.refOfPermId(told.permId) : null;
    return ref === null ? null : this.#bridge.ledger.get(ref);
  }

  /** Applies what was found out about an order, and sees to what hangs on it. */
  async apply(ref: string, decide: (record: OrderRecord) => OrderChange): Promise<void> {
    const before = this.#bridge.ledger.peek(ref);
    const after = await this.#bridge.ledger.report(ref, decide);
    if (after === null) return;
    if (after.status !== 'submitted') this.#remarks.delete(ref);
    if (after.status !== 'submitted' && this.#bridge.acknowledgements.arrived(ref)) this.#onAcknowledged();
    if (before !== null) await this.changed(before, after);
  }

  /** Sees to what hangs on an order of which something has changed. */
  async changed(before: OrderRecord, after: OrderRecord): Promise<void> {
    const { status, fills, quantity } = after;
    if (before.status === status && before.fills === fills && before.quantity === quantity) return;
    if (after.role === 'stop' && before.status !== status) await this.#stopEnded(after);
    await this.#stops.tend(after.closes ?? after.intentId);
  }

  /** A stop that is gone while its layer is not leaves the layer unprotected: what can still fill is called back. */
  async #stopEnded(stop: OrderRecord): Promise<void> {
    if (stop.status !== 'rejected' || stop.parentRef === null) return;
    const entry = await this.#bridge.ledger.get(stop.parentRef);
    if (entry === null) return;
    if (isOpen(entry))
      await this.#desk.callBack(entry, {
        requestId: 'unprotected',
        reason: 'the broker rejected its resting stop: nothing is held unprotected',
      });
    if (entry.status === 'rejected') return;
    await reportDifference(this.#bridge, {
      subject: 'order',
      key: stop.orderRef,
      expected: `a resting stop for ${decimalText(filledQuantity(entry))} ${entry.instrument} of layer ${entry.intentId}`,
      observed: 'the broker rejected the stop',
      explanation:
        'the layer is not protected by a stop at the broker; what is left of its entry is being cancelled',
    });
  }

  /** Whether what is shown of an earlier life cannot fill beside the present one: it has ended, or is being withdrawn. */
  #isOver(record: OrderRecord, order: ObservedOrder): boolean {
    if (readLifeRef(order.orderRef).life >= record.attempts) return false;
    const withdrawn =
      order.clientId === this.#bridge.settings.clientId && record.triedOrderIds.includes(order.orderId);
    // A resting stop that its group reduced is filled with less, and was placed anew for the rest.
    const ended = ENDED_STATUSES.has(order.status) && (order.status !== 'Filled' || record.role === 'stop');
    return withdrawn || ended;
  }

  /** What must never be: two orders of one intent. */
  async #secondOrder(record: OrderRecord, { permId }: { readonly permId: number }): Promise<void> {
    await reportDifference(this.#bridge, {
      subject: 'order',
      key: record.orderRef,
      expected: `one order, permId ${record.permId}`,
      observed: `another one of the same name, permId ${permId}`,
      explanation: 'two orders stand for one; a person has to cancel the one that is not ours',
    });
  }
}

/** So long a notice of a cancel waits for the status that says how much was filled. */
const STATUS_WAIT_MS = 2_000;

const unchanged = (record: OrderRecord): OrderChange => ({ record, entries: [] });

/** Refusals that end an order even after it was accepted: the exchange or the broker sent it back. */
const REFUSES_WORKING: ReadonlySet<number> = new Set([201, 203]);
