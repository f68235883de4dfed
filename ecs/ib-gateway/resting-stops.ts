import type { DeskEvent } from '#contracts/registry.ts';
import { BRIDGE, orderEvent } from '#core/broker/order-facts.ts';
import {
  executedQuantity,
  fittingQuantity,
  heldQuantity,
  isOpen,
  type OrderRecord,
  stopRefOf,
} from '#core/broker/order-record.ts';
import { stopMoveRefusal } from '#core/broker/placement.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import { type Bridge, decline, reportDifference } from './bridge-parts.ts';
import { FencedOffError } from './fenced-off.ts';
import type { LapsedStops } from './lapsed-stops.ts';
import type { OrderDesk } from './order-desk.ts';
import { type Layer, layerOf } from './order-layer.ts';

/**
 * So long nothing must have been heard of a layer that is being closed before its stop is changed, its price too: an order
 * that closes it fills in pieces, and with each the broker itself takes something off the stop. A change that crossed one
 * would bring back units that are no longer held.
 */
const QUIET_MS = 1_000;

/** What the broker was asked to make of a stop so long ago should be shown by now. */
const PATIENCE_MS = 5_000;

/** What a stop should be. */
interface Terms {
  readonly quantity: Decimal;
  readonly triggerPrice: string;
}

/** What the broker was last asked to make of a stop. */
interface Asked extends Terms {
  readonly orderId: number;
  readonly at: EpochMillis;
  /** Whether the broker has shown it so. */
  readonly shown: boolean;
  /** Quantities asked for in this life: the broker may show each of them in turn. */
  readonly quantities: ReadonlySet<string>;
}

/**
 * Keeps the resting stop of each layer at the price that was asked for and at the units that are held, whatever happens to
 * the orders of the layer: one place decides what a stop should be, and sends it until the broker shows it.
 */
export class RestingStops {
  readonly #bridge: Bridge;
  readonly #desk: OrderDesk;
  readonly #lapsed: LapsedStops;
  readonly #asked = new Map<string, Asked>();
  readonly #quiet = new Map<string, Timer>();

  constructor(bridge: Bridge, desk: OrderDesk, lapsed: LapsedStops) {
    this.#bridge = bridge;
    this.#desk = desk;
    this.#lapsed = lapsed;
  }

  /** A new link: what the last one may have swallowed is asked for again. */
  async begin(): Promise<void> {
    this.#asked.clear();
    await this.#tendAll();
  }

  /**
   * The broker has shown its orders. What it was asked for well before that and has not done is asked again, and said.
   * @param unchanged whether nothing has been heard of a stop since the broker was asked for its orders, at `began`
   */
  async compared(began: EpochMillis, unchanged: (stop: OrderRecord) => boolean): Promise<void> {
    for (const [ref, asked] of this.#asked) {
      const stop = this.#bridge.ledger.peek(ref);
      const late = stop !== null && unchanged(stop) && asked.at + PATIENCE_MS <= began;
      if (stop?.status === 'working' && (asked.shown || !late)) continue;
      this.#asked.delete(ref);
      const wanted = stop === null ? null : await this.#wanted(stop);
      if (stop === null || wanted === null || !sameTerms(asked, wanted)) continue;
      await reportDifference(this.#bridge, {
        subject: 'order',
        key: ref,
        expected: `a resting stop for ${decimalText(wanted.quantity)} ${stop.instrument} at ${wanted.triggerPrice}, as the desk asked for`,
        observed: `one for ${stop.quantity} at ${stop.triggerPrice}`,
        explanation: 'the broker has not changed the resting stop of a layer; it is asked again',
      });
    }
    await this.#tendAll();
  }

  /** Moves a layer's resting stop. */
  async move(event: DeskEvent<'StopMoveAuthorized'>): Promise<void> {
    const { ledger, schedule, lease } = this.#bridge;
    const { intentId, to, requestId } = event.data;
    const stop = await ledger.get(stopRefOf(intentId));
    const instrument = this.#bridge.instrument(event.data.instrument);
    const refusal = stopMoveRefusal(event.data, stop, instrument) ?? this.#strangeness(stop);
    if (refusal !== null || stop === null)
      return decline(this.#bridge, event, intentId, refusal ?? 'no stop');
    const processed = { consumer: BRIDGE, eventIds: [event.metadata.id] };
    const superseded = stop.stopMove;
    const entries =
      superseded === null
        ? []
        : [
            orderEvent<'CommandDeclined'>(stop, {
              type: 'CommandDeclined',
              key: `StopMoveAuthorized:${superseded.requestId}`,
              causationId: superseded.eventId,
              occurredAt: schedule.now(),
              data: {
                intentId,
                command: 'StopMoveAuthorized',
                reason: `superseded by ${requestId} before the broker confirmed it`,
              },
            }),
          ];
    const record: OrderRecord = { ...stop, stopMove: { requestId, to, eventId: event.metadata.id } };
    const result = await ledger.commit([{ record, entries }], { checks: [lease.check()], processed });
    if (result.kind === 'conflict')
      throw new FencedOffError('the commit of a stop move found the lease or the stop changed');
    // A duplicate is this move, recorded by a commit whose answer was lost: it is sent all the same.
    await this.tend(intentId);
  }

  /** Whether a refusal may be of a change that was asked for, also where the broker has made the same change by itself. */
  isChanging(record: OrderRecord): boolean {
    const asked = this.#asked.get(record.orderRef);
    if (asked === undefined || asked.orderId !== record.orderId) return record.stopMove !== null;
    return !asked.shown || asked.at + PATIENCE_MS > this.#bridge.schedule.now();
  }

  /** Only the client that placed an order can change it: under another's id a change would be an order of its own. */
  #strangeness(stop: OrderRecord | null): string | null {
    const { clientId } = this.#bridge.settings;
    return stop === null || stop.clientId === clientId
      ? null
      : `the resting stop was placed under the client id ${stop.clientId}, and this bridge has ${clientId}: only that one can change it`;
  }

  /** The broker has shown a stop. A quantity that nothing explains is somebody's at its screen. */
  async shown(before: OrderRecord, after: OrderRecord): Promise<void> {
    const asked = this.#asked.get(after.orderRef);
    if (asked !== undefined && sameTerms(asked, shownTerms(after)))
      this.#asked.set(after.orderRef, { ...asked, shown: true });
    if (before.status !== 'working' || after.status !== 'working' || before.quantity === after.quantity)
      return;
    const layer = await layerOf(this.#bridge.ledger, after.intentId);
    // Orders against the layer take their share off its stop.
    const explained =
      asked?.quantities.has(after.quantity) === true || layer === null || layer.orders.length > 0;
    if (explained) return;
    await reportDifference(this.#bridge, {
      subject: 'order',
      key: after.orderRef,
      expected: `a resting stop for ${before.quantity} ${after.instrument}`,
      observed: `one for ${after.quantity}`,
      explanation:
        'somebody has changed the quantity of a resting stop at the broker; it is set to what the layer holds again',
    });
  }

  /** Sees to the stop of a layer after anything has happened to one of its orders. */
  async tend(intentId: string): Promise<void> {
    const { ledger } = this.#bridge;
    const layer = await layerOf(ledger, intentId);
    const stop = ledger.peek(stopRefOf(intentId));
    if (layer === null || stop === null) return;
    if (stop.status === 'lapsed' || (await this.#revived(layer, stop))) return this.#lapsed.settle(intentId);
    return this.#fit(layer, stop);
  }

  async #tendAll(): Promise<void> {
    for (const stop of this.#bridge.ledger.openRecords())
      if (stop.role === 'stop') await this.tend(stop.intentId);
  }

  /** Units came into a layer whose stop was over, as when a fill crosses the cancel of its entry: the stop is wanted again. */
  async #revived({ entry, orders }: Layer, stop: OrderRecord): Promise<boolean> {
    const over = (stop.status === 'cancelled' && stop.cancel === null) || stop.status === 'filled';
    if (!over || heldQuantity(entry, stop, orders).isZero()) return false;
    const { log, ledger } = this.#bridge;
    log('warn', 'a layer holds units after its stop was over', { orderRef: stop.orderRef });
    await ledger.report(stop.orderRef, (record) => ({
      record: { ...record, status: 'lapsed' },
      entries: [],
    }));
    return true;
  }

  /** Makes a working stop what it should be: at once, or where its layer is being closed when that is quiet. */
  #fit(layer: Layer, stop: OrderRecord): void {
    const { intentId } = stop;
    const { orders } = layer;
    this.#quiet.get(intentId)?.cancel();
    this.#quiet.delete(intentId);
    const wanted = wantedTerms(layer, stop);
    if (wanted === null || sameTerms(wanted, this.#coming(stop))) return;
    // Of what has just closed a part the broker is about to end the stop; what grows is not protected yet.
    const justClosed = orders.length > 0 && wanted.quantity.lt(stop.quantity);
    if (!justClosed && !orders.some(isOpen)) {
      this.#make(stop, wanted);
      return;
    }
    const timer = this.#bridge.schedule.after(QUIET_MS, async () => {
      this.#quiet.delete(intentId);
      const now = this.#bridge.ledger.peek(stop.orderRef);
      const still = now === null ? null : await this.#wanted(now);
      if (now !== null && still !== null) this.#make(now, still);
    });
    this.#quiet.set(intentId, timer);
  }

  #make(stop: OrderRecord, wanted: Terms): void {
    if (!this.#bridge.mayTrade()) return;
    if (wanted.quantity.gt(executedQuantity(stop))) this.#ask(stop, wanted);
    // Nothing is left to protect: a stop that stood on would open a position the other way.
    else this.#desk.requestCancel(stop);
  }

  async #wanted(stop: OrderRecord): Promise<Terms | null> {
    const layer = await layerOf(this.#bridge.ledger, stop.intentId);
    return layer === null ? null : wantedTerms(layer, stop);
  }

  /** What a stop will be at the broker: what it was asked for in its present life, which outranks what was shown before. */
  #coming(stop: OrderRecord): Terms {
    const asked = this.#asked.get(stop.orderRef);
    return asked !== undefined && asked.orderId === stop.orderId && !asked.shown ? asked : shownTerms(stop);
  }

  /** Asks the broker for other terms of a working stop, once; it shows them or refuses. */
  #ask(stop: OrderRecord, terms: Terms): void {
    const { ledger, schedule } = this.#bridge;
    const { orderRef, orderId } = stop;
    if (stop.cancel !== null || this.#strangeness(stop) !== null || sameTerms(terms, this.#coming(stop)))
      return;
    const last = this.#asked.get(orderRef);
    const before = last?.orderId === orderId ? last.quantities : [];
    const quantities = new Set([...before, decimalText(terms.quantity)]);
    const at = schedule.now();
    this.#asked.set(orderRef, { ...terms, orderId, at, shown: false, quantities });
    const wanted = () => {
      const now = ledger.peek(orderRef);
      return now?.status === 'working' && now.orderId === orderId && now.cancel === null;
    };
    this.#desk.sendStop(
      { ...stop, quantity: decimalText(terms.quantity), triggerPrice: terms.triggerPrice },
      wanted,
    );
  }
}

/** What a stop should be; null where it is not at work, or where what closes its layer takes it along. */
function wantedTerms({ entry, orders }: Layer, stop: OrderRecord): Terms | null {
  if (stop.status !== 'working') return null;
  const quantity = fittingQuantity(entry, stop, orders);
  if (quantity.lte(executedQuantity(stop)) && [entry, ...orders].some(isOpen)) return null;
  return { quantity, triggerPrice: stop.stopMove?.to ?? shownTerms(stop).triggerPrice };
}

/** What the broker has shown a stop to be; a stop has a trigger price. */
const shownTerms = (stop: OrderRecord): Terms => ({
  quantity: new Decimal(stop.quantity),
  triggerPrice: stop.triggerPrice ?? '0',
});

const sameTerms = (left: Terms, right: Terms): boolean =>
  left.quantity.eq(right.quantity) && new Decimal(left.triggerPrice).eq(right.triggerPrice);
