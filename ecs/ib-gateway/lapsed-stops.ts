import { withMoveAnswered } from '#core/broker/order-facts.ts';
import { executedQuantity, isOpen, type OrderRecord, stopRefOf } from '#core/broker/order-record.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { type Decimal, decimalText } from '#core/values/decimal.ts';
import { type Bridge, reportDifference } from './bridge-parts.ts';
import { FencedOffError } from './fenced-off.ts';
import type { Holdings } from './holdings.ts';
import type { OrderDesk } from './order-desk.ts';
import { deskUnits, layerOf } from './order-layer.ts';

/**
 * How often a resting stop may be placed before a person has to look at what keeps ending it. Lives that orders against
 * its layer have ended do not count: each of those ends one.
 */
const MOST_LIVES = 10;
/** The broker tells positions a moment after orders and executions: what does not go together for so long is no delay. */
const CONFIRMATION_MS = 10_000;

/** Units as they were when a stop was first seen to have lapsed. */
interface Doubt {
  /** The fencing token it was seen under: what was seen in an earlier tenure says nothing of now. */
  readonly token: number;
  readonly since: EpochMillis;
  readonly picture: string;
  /** Units that were known to be somebody else's then: what is found out meanwhile explains nothing. */
  readonly foreign: Decimal;
}

/**
 * Resting stops that ended at the broker while their layer is perhaps still held. One is placed anew where the account
 * holds what it would close, and where the units in the account are what they are known to be: after a position was closed
 * by hand a stop would open one the other way, and after a split its price and quantity mean something else.
 */
export class LapsedStops {
  readonly #bridge: Bridge;
  readonly #desk: OrderDesk;
  readonly #holdings: Holdings;
  readonly #compare: () => Promise<void>;
  readonly #doubts = new Map<string, Doubt>();

  /** @param compare asks the broker for what it has not told: executions of others' orders */
  constructor(bridge: Bridge, desk: OrderDesk, holdings: Holdings, compare: () => Promise<void>) {
    this.#bridge = bridge;
    this.#desk = desk;
    this.#holdings = holdings;
    this.#compare = compare;
  }

  /** Sees to every lapsed stop: a new link, or the broker has told positions. */
  async settleAll(): Promise<void> {
    for (const record of this.#bridge.ledger.openRecords())
      if (record.status === 'lapsed') await this.settle(record.intentId);
  }

  /**
   * Sees to the stop of a layer, as when a part of the layer was closed in one group with it: where units are left that no
   * order is closing, the stop is placed anew for exactly those; where none are, it is over.
   */
  async settle(intentId: string): Promise<void> {
    const { ledger } = this.#bridge;
    const stop = ledger.peek(stopRefOf(intentId));
    if (stop?.status !== 'lapsed' || !this.#bridge.mayTrade()) return;
    const layer = await layerOf(ledger, intentId);
    if (layer === null) return;
    const { closable } = layer.state;
    if (closable.isZero() || stop.cancel !== null) {
      this.#doubts.delete(stop.orderRef);
      if (!isOpen(layer.entry) && !layer.orders.some(isOpen))
        await ledger.report(stop.orderRef, (record) =>
          withMoveAnswered(
            { record: { ...record, status: 'cancelled' }, entries: [] },
            this.#bridge.schedule.now(),
          ),
        );
      return;
    }
    if (stop.attempts - layer.orders.length >= MOST_LIVES) return this.#keepsLapsing(stop, closable);
    const problem = await this.#problem(stop);
    if (problem === 'wait') return;
    if (problem === null) await this.#placeAnew(stop, closable);
    else await this.#leaveToPerson(stop, closable, problem);
  }

  /**
   * Why a stop is not placed anew, or null where nothing is wrong. Right after an execution the broker ended it because of
   * that. Else whatever ended it may also change positions, and it is judged when they have not changed for a while.
   */
  async #problem({ orderRef, instrument, side, intentId }: OrderRecord): Promise<string | 'wait' | null> {
    const { ledger, lease, schedule } = this.#bridge;
    const held = this.#holdings.held(instrument);
    if (held === null) return 'wait';
    const ours = await deskUnits(ledger, instrument);
    const seen = this.#doubts.get(orderRef);
    const before = seen?.token === lease.token ? seen : undefined;
    const foreign = before?.foreign ?? (await this.#holdings.foreign(instrument));
    const covers = side === 'SELL' ? held.gte(ours) : held.lte(ours);
    if (covers && this.#holdings.justExecuted(instrument)) return this.#decided(orderRef, null);
    const picture = `${decimalText(held)} ${decimalText(ours)}`;
    const now = schedule.now();
    if (before?.picture !== picture) {
      this.#doubts.set(orderRef, { token: lease.token, since: now, picture, foreign });
      schedule.after(CONFIRMATION_MS, () => this.settle(intentId));
      if (before === undefined) schedule.post(() => this.#compare());
      return 'wait';
    }
    if (now - before.since < CONFIRMATION_MS) return 'wait';
    if (covers && held.eq(ours.plus(foreign))) return this.#decided(orderRef, null);
    return this.#decided(
      orderRef,
      `the account holds ${decimalText(held)}, of which ${decimalText(ours)} would be the desk’s and ${decimalText(foreign)} were known to be others’`,
    );
  }

  #decided(orderRef: string, problem: string | null): string | null {
    this.#doubts.delete(orderRef);
    return problem;
  }

  async #placeAnew(stop: OrderRecord, closable: Decimal): Promise<void> {
    const { ledger, lease, link, settings } = this.#bridge;
    const filledBefore = executedQuantity(stop);
    link.forget(stop.clientId, stop.orderId);
    const change = this.#desk.submitted({
      ...stop,
      status: 'submitted',
      orderId: link.nextOrderId(),
      clientId: settings.clientId,
      permId: null,
      brokerStatus: null,
      brokerFilled: '0',
      triggerPrice: stop.stopMove?.to ?? stop.triggerPrice,
      filledBefore: decimalText(filledBefore),
      quantity: decimalText(filledBefore.plus(closable)),
    });
    const result = await ledger.commit([change], { unique: true, checks: [lease.check()] });
    if (result.kind === 'committed') this.#desk.send([change.record]);
    else if (result.kind === 'conflict')
      throw new FencedOffError('the commit of a stop found the lease changed');
  }

  /** Nothing is made up of how the units came or went: the order is unresolved until a person has said it. */
  async #leaveToPerson(stop: OrderRecord, closable: Decimal, observed: string): Promise<void> {
    await this.#bridge.ledger.update(stop.orderRef, (record) => ({
      record: { ...record, status: 'unresolved' },
      entries: [],
    }));
    await this.#unprotected(
      stop,
      closable,
      observed,
      'the broker ended this stop, and it is not placed anew: units have come or gone without an order of the desk, as when a position is closed by hand or split; enter what became of the layer (abc outcome)',
    );
  }

  async #keepsLapsing(stop: OrderRecord, closable: Decimal): Promise<void> {
    this.#bridge.log('error', 'a resting stop keeps lapsing and is not placed again', {
      orderRef: stop.orderRef,
    });
    await this.#unprotected(
      stop,
      closable,
      `the broker ended it ${stop.attempts} times`,
      'the layer is not protected by a stop at the broker; a person has to look',
    );
  }

  #unprotected(
    { orderRef, instrument }: OrderRecord,
    closable: Decimal,
    observed: string,
    explanation: string,
  ): Promise<void> {
    return reportDifference(this.#bridge, {
      subject: 'order',
      key: orderRef,
      expected: `a resting stop for ${decimalText(closable)} ${instrument}`,
      observed,
      explanation,
    });
  }
}
