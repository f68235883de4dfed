import type { Intent } from '#contracts/events/orders.ts';
import { type DeskEvent, parseEventOf } from '#contracts/registry.ts';
import { authorizationCheck, authorizationProblem } from '#core/broker/authorization.ts';
import type { OrderTicket } from '#core/broker/broker-port.ts';
import { contractOf } from '#core/broker/contracts.ts';
import { declined } from '#core/broker/declined-command.ts';
import { BRIDGE, type OrderChange } from '#core/broker/order-facts.ts';
import { isOpen, lifeRef, type OrderRecord, workingQuantity } from '#core/broker/order-record.ts';
import { nameSpent, type PlannedTicket, planPlacement } from '#core/broker/placement.ts';
import { submission, unsubmitted } from '#core/broker/submission.ts';
import type { Commit, CommitResult } from '#core/events/desk-store.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { type AccountBook, opens } from '#core/portfolio/account-book.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import { type Bridge, decline } from './bridge-parts.ts';
import { FencedOffError } from './fenced-off.ts';
import type { Holdings } from './holdings.ts';
import { deskUnits, type Layer, layerOf } from './order-layer.ts';

type PlaceEvent = DeskEvent<'OrderAuthorized'>;

/** How often an order is judged anew because the kill switch was touched meanwhile. */
const MOST_READINGS = 3;

/** Carries out commands on orders. Each is decided and journaled before anything is sent. */
export class OrderDesk {
  readonly #bridge: Bridge;
  readonly #holdings: Holdings;

  constructor(bridge: Bridge, holdings: Holdings) {
    this.#bridge = bridge;
    this.#holdings = holdings;
  }

  /** Places an order: the intent is recorded first, then sent. A repeat finds the record and does nothing. */
  async place(event: PlaceEvent): Promise<void> {
    const { intent } = event.data;
    if (await this.#placeAsExpected(event)) return;
    for (let attempt = 0; attempt < MOST_READINGS; attempt++) {
      const standing = await this.#standing(intent);
      if (standing.recorded && (await this.#dealtWithBefore(event))) return;
      if (standing.unauthorized !== null) return this.decline(event, standing.unauthorized);
      const planned = await this.#plan(intent, standing.halted);
      if (planned.kind === 'decline') return this.decline(event, planned.reason);
      if (!this.#bridge.lease.holds()) throw new FencedOffError('the lease ran out before an order');
      const result = await this.#record(event, planned, []);
      if (result.kind !== 'conflict') return;
      // The switch was touched meanwhile: it is read again, and only then does the order go out or not.
      if (!this.#bridge.killSwitch.alone(result.keys)) break;
    }
    throw new FencedOffError('the commit of an order found the lease or the order changed');
  }

  /**
   * One round trip where all is as the bridge expects it: the commit that records the order checks that the gate has
   * authorized exactly these terms and that the kill switch is as it was last read. Nothing is refused here: whatever is not
   * as expected is read and judged. @returns whether the intent is dealt with
   */
  async #placeAsExpected(event: PlaceEvent): Promise<boolean> {
    const { ledger, lease, killSwitch } = this.#bridge;
    const { intent } = event.data;
    if (!killSwitch.wasOff || !lease.holds() || ledger.peek(intent.intentId) !== null) return false;
    const planned = await this.#plan(intent, null);
    if (planned.kind === 'decline') return false;
    return (await this.#record(event, planned, [authorizationCheck(intent)])).kind !== 'conflict';
  }

  async #standing(intent: Intent) {
    const { writer, killSwitch } = this.#bridge;
    const [halt, recorded, book] = await writer.read([
      stateKeys.halt,
      stateKeys.brokerOrder(intent.intentId),
      stateKeys.book,
    ]);
    return {
      recorded: recorded !== null && recorded !== undefined,
      unauthorized: authorizationProblem(intent, (book?.value as AccountBook | undefined) ?? null),
      halted: killSwitch.observe(halt),
    };
  }

  async #plan(intent: Intent, halted: string | null) {
    const { schedule } = this.#bridge;
    const layer = opens(intent) || intent.closes === null ? null : await this.#heldLayer(intent.closes);
    const placement = planPlacement(intent, {
      now: schedule.now(),
      instrument: this.#bridge.instrument(intent.instrument),
      halted,
      layer: layer?.state ?? null,
    });
    return placement.kind === 'decline' ? placement : { ...placement, layer };
  }

  /** A layer that an order is to close: of units that somebody else has closed there is nothing left to close. */
  async #heldLayer(intentId: string): Promise<Layer | null> {
    const { ledger } = this.#bridge;
    const layer = await layerOf(ledger, intentId);
    if (layer === null) return null;
    const { instrument, closable } = layer.state;
    const missing = await this.#holdings.missing(instrument, await deskUnits(ledger, instrument));
    return {
      ...layer,
      state: { ...layer.state, closable: Decimal.max(0, closable.minus(missing)), missing },
    };
  }

  /** Commits an intent's orders, and sends them if they are recorded. */
  async #record(
    event: PlaceEvent,
    { tickets, layer }: { readonly tickets: readonly PlannedTicket[]; readonly layer: Layer | null },
    checks: NonNullable<Commit['checks']>,
  ): Promise<CommitResult> {
    const { ledger, lease, killSwitch } = this.#bridge;
    const { intent } = event.data;
    const records = tickets.map((ticket) => this.#newRecord(event, ticket));
    const changes = records.map((record) => this.submitted(record, event.metadata.id));
    if (layer !== null) {
      const entry = { ...layer.entry, closedBy: [...layer.entry.closedBy, intent.intentId] };
      changes.push({ record: entry, entries: [] });
    }
    // The record itself is the mark that the command has been dealt with: the commit expects that there is none.
    const result = await ledger.commit(changes, {
      unique: true,
      checks: [lease.check(), ...(opens(intent) ? [killSwitch.check()] : []), ...checks],
    });
    if (result.kind === 'committed') this.send(changes.slice(0, records.length).map(({ record }) => record));
    else if (result.kind === 'duplicate') await this.#dealtWithBefore(event);
    return result;
  }

  /**
   * Whether an intent is recorded already. An open order that this bridge does not know was recorded by a commit of its own
   * whose answer was lost, and nobody has sent it: the next link begins with finding that out. Where an order that is over has
   * the name from an earlier authorization, this one is declined: what the gate reserved for it would stay so for ever.
   */
  async #dealtWithBefore(event: PlaceEvent): Promise<boolean> {
    const { ledger } = this.#bridge;
    const { intentId } = event.data.intent;
    const known = ledger.peek(intentId) !== null;
    const record = await ledger.get(intentId);
    if (record === null) return false;
    if (!isOpen(record) && record.correlationId !== event.metadata.correlationId) {
      await this.#declineName(event, record);
      return true;
    }
    this.#bridge.log('info', 'the intent has been dealt with before', { intentId, known });
    if (!known && isOpen(record)) {
      await ledger.reload();
      this.#bridge.endLink(`order ${intentId} was recorded by a commit whose answer was lost`);
    }
    return true;
  }

  async #declineName(event: PlaceEvent, { orderRef, status }: OrderRecord): Promise<void> {
    const { writer, lease, schedule, log } = this.#bridge;
    const reason = nameSpent(orderRef, status);
    log('warn', 'a command was declined', { intentId: orderRef, reason });
    const { kind } = await writer.append({
      entries: [declined(event, orderRef, reason, schedule.now(), orderRef)],
      checks: [lease.check()],
      processed: { consumer: BRIDGE, eventIds: [event.metadata.id] },
    });
    if (kind === 'conflict') throw new FencedOffError('the commit of a refusal found the lease changed');
  }

  /** Sends recorded orders, in bracket order. Whatever keeps one back leaves it to reconciliation. */
  send(records: readonly OrderRecord[]): void {
    const { link, ledger } = this.#bridge;
    for (const record of records) link.learn(record.clientId, record.orderId, record.orderRef);
    for (const record of records) {
      const ticket = this.#ticket(record);
      if (ticket === null) continue;
      // A cancel overtakes what waits for its turn; the order must then not follow it.
      const wanted = () => this.#bridge.mayTrade() && ledger.peek(record.orderRef)?.cancel === null;
      const { acknowledgements } = this.#bridge;
      acknowledgements.expect(record.orderRef);
      this.#bridge.outbox.send('order', { kind: 'place', ticket }, wanted, () =>
        acknowledgements.due(record.orderRef),
      );
    }
  }

  /** Asks the broker to cancel: one intent's orders or all; resting stops stay unless they are asked for too. */
  async cancel(event: DeskEvent<'CancelAuthorized'>): Promise<void> {
    const { ledger, lease } = this.#bridge;
    const { intentId, includeStops, requestId, reason } = event.data;
    const targets = ledger
      .openRecords()
      .filter((record) => intentId === null || record.intentId === intentId)
      .filter((record) => record.role === 'order' || includeStops);
    const processed = { consumer: BRIDGE, eventIds: [event.metadata.id] };
    if (targets.length === 0)
      return decline(this.#bridge, event, intentId ?? requestId, 'no such order is working');
    const wish = { requestId, reason, eventId: event.metadata.id };
    for (let start = 0; start < targets.length; start += 90) {
      const part = targets
        .slice(start, start + 90)
        .map((record) => ({ record: { ...record, cancel: wish }, entries: [] }));
      const last = start + 90 >= targets.length;
      const result = await ledger.commit(part, { checks: [lease.check()], ...(last ? { processed } : {}) });
      if (result.kind === 'conflict')
        throw new FencedOffError('the commit of a cancel found the lease or an order changed');
    }
    for (const record of targets) this.requestCancel(record);
  }

  /**
   * Calls back everything that would open a position, also where a cancel was asked for before and came to nothing. Stops
   * and closing orders stay: they protect. @returns whether there was anything
   */
  async cancelOpening(reason: string): Promise<boolean> {
    const targets = this.#bridge.ledger
      .openRecords()
      .filter((record) => record.role === 'order' && opens(record));
    for (const target of targets) await this.callBack(target, { requestId: 'kill-switch', reason });
    return targets.length > 0;
  }

  /** Cancels an order of the desk's own accord. The wish is recorded: each new link asks for it again. */
  async callBack(
    { orderRef, submittedEventId }: OrderRecord,
    { requestId, reason }: { readonly requestId: string; readonly reason: string },
  ): Promise<void> {
    const record = await this.#bridge.ledger.update(orderRef, (current) => ({
      record:
        current.cancel !== null || submittedEventId === null || !isOpen(current)
          ? current
          : { ...current, cancel: { requestId, reason: sentenceOf(reason), eventId: submittedEventId } },
      entries: [],
    }));
    if (record !== null && isOpen(record)) this.requestCancel(record);
  }

  requestCancel(record: OrderRecord): void {
    if (record.orderId < 1 || record.clientId !== this.#bridge.settings.clientId) return;
    this.#bridge.outbox.send('cancel', { kind: 'cancel', orderId: record.orderId });
  }

  /** Sends a working stop with other terms under its own id, if they are `wanted` when its turn comes. */
  sendStop(record: OrderRecord, wanted: () => boolean): void {
    const ticket = this.#ticket(record);
    if (ticket !== null)
      this.#bridge.outbox.send('order', { kind: 'place', ticket }, () => this.#bridge.mayTrade() && wanted());
  }

  /** Asks again for the cancels that are still wanted: a link may have swallowed them, or the broker was not ready for one. */
  resumeCancels(): void {
    for (const record of this.#bridge.ledger.openRecords())
      if (record.cancel !== null && record.status !== 'lapsed') this.requestCancel(record);
  }

  /**
   * Declines what a cancel is of and comes before: it may be in the queue still, or in the hands of a bridge that died, and
   * come to the next one. It is declined as the journal has it; whoever it comes to then finds it recorded. One that the book
   * does not have would not go out anyway. A cancel of everything is of all that was authorized before it and opens something:
   * in reduce-only no switch would keep that back.
   */
  async withdrawUnsent({ metadata, data }: DeskEvent<'CancelAuthorized'>, reason: string): Promise<void> {
    const { ledger, writer } = this.#bridge;
    const { intentId } = data;
    if (intentId !== null && (await ledger.get(intentId)) !== null) return;
    const [stored] = await writer.read([stateKeys.book]);
    const orders = Object.values((stored?.value as AccountBook | undefined)?.orders ?? {});
    for (const { intent, status, correlationId } of orders) {
      const isMeant =
        intentId === null ? status === 'authorized' && opens(intent) : intent.intentId === intentId;
      if (!isMeant || (await ledger.get(intent.intentId)) !== null) continue;
      const [entry] = await writer.entries([
        { correlationId, type: 'OrderAuthorized', key: intent.intentId },
      ]);
      if (entry == null) continue;
      const place = parseEventOf(['OrderAuthorized'], JSON.parse(entry.canonical));
      if (intentId === null && place.metadata.occurredAt > metadata.occurredAt) continue;
      await this.decline(place, reason);
    }
  }

  /** Journals that an order is not placed; its intent can never be placed afterwards. One that is recorded stays as it is. */
  async decline(event: PlaceEvent, reason: string): Promise<void> {
    const now = this.#bridge.schedule.now();
    const { intent } = event.data;
    if (await this.#dealtWithBefore(event)) return;
    const record = { ...this.#newRecord(event, null), status: 'declined' as const };
    const entry = declined(event, intent.intentId, reason, now, intent.intentId);
    this.#bridge.log('warn', 'a command was declined', { intentId: intent.intentId, reason });
    const result = await this.#bridge.ledger.commit([{ record, entries: [entry] }], {
      unique: true,
      checks: [this.#bridge.lease.check()],
      processed: { consumer: BRIDGE, eventIds: [event.metadata.id] },
    });
    if (result.kind === 'conflict')
      throw new FencedOffError('the commit of a refusal found the lease or the order changed');
  }

  #newRecord(event: PlaceEvent, ticket: PlannedTicket | null): OrderRecord {
    const ids = {
      orderId: ticket === null ? 0 : this.#bridge.link.nextOrderId(),
      clientId: this.#bridge.settings.clientId,
    };
    return unsubmitted(
      event.data.intent,
      event.metadata.correlationId,
      ticket,
      ids,
      this.#bridge.schedule.now(),
    );
  }

  /** An order as it is journaled before it is sent, in its next life. */
  submitted(record: OrderRecord, commandEventId: string | null = null): OrderChange {
    const fencingToken = this.#bridge.lease.token;
    return submission(record, { now: this.#bridge.schedule.now(), fencingToken, commandEventId });
  }

  /** An entry that is over has nothing to hold its stop back with any more. */
  #parentId(record: OrderRecord): number | null {
    const parent = record.parentRef === null ? null : this.#bridge.ledger.peek(record.parentRef);
    return parent !== null && isOpen(parent) ? this.#bridge.link.orderIdOf(parent.orderRef) : null;
  }

  #ticket(record: OrderRecord): OrderTicket | null {
    const instrument = this.#bridge.instrument(record.instrument);
    const contract = instrument === undefined ? null : contractOf(instrument);
    if (contract === null) {
      this.#bridge.log('error', 'an order in an instrument that has no contract was not sent', {
        orderRef: record.orderRef,
      });
      return null;
    }
    return {
      orderId: record.orderId,
      contract,
      account: this.#bridge.link.account ?? '',
      orderRef: lifeRef(record),
      side: record.side,
      quantity: decimalText(workingQuantity(record)),
      orderType: record.orderType,
      limitPrice: record.limitPrice,
      triggerPrice: record.triggerPrice,
      timeInForce: record.timeInForce,
      goodTillDate: record.timeInForce === 'GTD' ? utcText(record.expiresAt) : null,
      parentId: this.#parentId(record),
      ocaGroup: record.ocaGroup,
      transmit: record.role === 'stop' || !opens(record),
    };
  }
}

/** `20180205-15:31:00`: the broker's form of an instant in UTC. */
function utcText(instant: string): string {
  return `${instant.slice(0, 10).replaceAll('-', '')}-${instant.slice(11, 19)}`;
}
