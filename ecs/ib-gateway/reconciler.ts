import type { BrokerMessage, CompletedOrder, ObservedOrder } from '#core/broker/broker-port.ts';
import { cancelled, type OrderChange, rejected } from '#core/broker/order-facts.ts';
import { type OrderRecord, sameRecord } from '#core/broker/order-record.ts';
import { findOrder, type Mismatch } from '#core/broker/reconciliation.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import { type Bridge, reportDifference } from './bridge-parts.ts';
import type { ForeignHoldingsWatch } from './foreign-holdings.ts';

export interface ReconcilerOwner {
  /** Applies the end of an order that was found out, with all that hangs on it. */
  readonly ended: (orderRef: string, decide: (record: OrderRecord) => OrderChange) => Promise<void>;
  /** What the broker said of an order that it does not have: that it refuses it, as far as anybody knows. */
  readonly remarkOn: (record: OrderRecord) => { readonly code: number; readonly message: string } | null;
  readonly reconciled: (outcome: Reconciliation) => Promise<void>;
}

/** What came of comparing all orders with the broker's. */
export interface Reconciliation {
  /** Whether orders went out meanwhile. */
  readonly whileTrading: boolean;
  /** When the broker was asked. */
  readonly began: EpochMillis;
  /** Orders that the broker was proved never to have got. */
  readonly neverArrived: readonly OrderRecord[];
  /** Whether nothing has been heard of an order since the broker was asked. */
  readonly unchanged: (record: OrderRecord) => boolean;
}

interface Round {
  readonly number: 1 | 2;
  readonly began: EpochMillis;
  /** Orders go out meanwhile: then answers about what changed since the questions are stale. */
  readonly whileTrading: boolean;
  /** Records as they were when the questions went out: what changed since is newer than the answers. */
  readonly before: ReadonlyMap<string, OrderRecord>;
  readonly waiting: Set<'open' | 'executions' | 'completed'>;
  readonly open: ObservedOrder[];
  readonly completed: CompletedOrder[];
  readonly executionsRequest: number;
  readonly deadline: Timer;
}

/**
 * Brings the journal and the broker together: asks for open orders, executions and completed orders, and settles every
 * order that the journal holds for open. What is absent once is asked for again before anything is concluded.
 */
export class Reconciler {
  readonly #bridge: Bridge;
  readonly #foreign: ForeignHoldingsWatch;
  readonly #on: ReconcilerOwner;
  #round: Round | null = null;
  #again: Timer | null = null;

  constructor(bridge: Bridge, foreign: ForeignHoldingsWatch, on: ReconcilerOwner) {
    this.#bridge = bridge;
    this.#foreign = foreign;
    this.#on = on;
  }

  get running(): boolean {
    return this.#round !== null || this.#again !== null;
  }

  async start(whileTrading: boolean): Promise<void> {
    this.stop();
    await this.#bridge.ledger.load();
    this.#ask(1, whileTrading);
  }

  stop(): void {
    this.#round?.deadline.cancel();
    this.#round = null;
    this.#again?.cancel();
    this.#again = null;
  }

  async observe(message: BrokerMessage): Promise<void> {
    const round = this.#round;
    if (round === null) return;
    switch (message.kind) {
      case 'open-order':
        round.open.push(message.order);
        return;
      case 'completed-order':
        round.completed.push(message.order);
        return;
      case 'open-orders-end':
        await this.#foreign.endOrders();
        return this.#answered(round, 'open');
      case 'completed-orders-end':
        return this.#answered(round, 'completed');
      case 'executions-end':
        if (message.requestId === round.executionsRequest) return this.#answered(round, 'executions');
        return;
      case 'connected':
      case 'accounts':
      case 'next-order-id':
      case 'current-time':
      case 'what-if':
      case 'order-status':
      case 'execution':
      case 'unreadable':
      case 'commission':
      case 'position':
      case 'positions-end':
      case 'account-value':
      case 'account-values-end':
      case 'bar':
      case 'bars-end':
      case 'bar-update':
      case 'notice':
      case 'closed':
        return;
    }
  }

  #ask(number: 1 | 2, whileTrading: boolean): void {
    const { outbox, link, ledger, schedule, settings } = this.#bridge;
    const executionsRequest = link.nextRequestId();
    const waiting = new Set(['open', 'executions', 'completed'] as const);
    this.#round = {
      number,
      began: schedule.now(),
      whileTrading,
      before: new Map(ledger.openRecords().map((record) => [record.orderRef, record])),
      waiting,
      open: [],
      completed: [],
      executionsRequest,
      deadline: schedule.after(settings.reconcileDeadline, () =>
        this.#bridge.endLink(`no answer to the reconciliation in time: ${[...waiting].join(', ')}`),
      ),
    };
    this.#foreign.beginOrders();
    outbox.send('question', { kind: 'all-open-orders' });
    outbox.send('question', { kind: 'executions', requestId: executionsRequest });
    outbox.send('question', { kind: 'completed-orders' });
  }

  async #answered(round: Round, what: 'open' | 'executions' | 'completed'): Promise<void> {
    round.waiting.delete(what);
    if (round.waiting.size > 0) return;
    round.deadline.cancel();
    this.#round = null;
    await this.#conclude(round);
  }

  async #conclude(round: Round): Promise<void> {
    const { ledger, schedule, settings } = this.#bridge;
    const context = { now: schedule.now(), confirmed: round.number === 2 };
    const neverArrived: OrderRecord[] = [];
    const unchanged = (record: OrderRecord) => sameFacts(round.before.get(record.orderRef), record);
    let askAgain = false;
    for (const record of ledger.openRecords()) {
      if (hasEnded(record)) continue;
      const stale = !unchanged(record) || record.status === 'submitted';
      if (round.whileTrading && stale) continue;
      const finding = findOrder(record, round, context);
      switch (finding.kind) {
        case 'agrees':
          break;
        case 'altered':
          await this.#report(record, finding);
          break;
        case 'ask-again':
          askAgain = true;
          break;
        case 'never-arrived': {
          const remark = this.#on.remarkOn(record);
          if (remark === null) neverArrived.push(record);
          // Sent again it would be refused again, each time with the link; and held back unseen it must not stay there.
          else
            await this.#on.ended(record.orderRef, (current) =>
              rejected(withdrawn(current), remark.code, remark.message, context.now),
            );
          break;
        }
        case 'ended':
          await this.#on.ended(record.orderRef, (current) =>
            finding.as === 'rejected'
              ? rejected(current, 0, finding.reason, context.now)
              : cancelled(current, finding.reason, context.now),
          );
          break;
        case 'difference':
          await this.#report(record, finding);
          await ledger.update(record.orderRef, (current) => ({
            record: { ...current, status: 'unresolved' },
            entries: [],
          }));
          break;
      }
    }
    if (askAgain) {
      this.#again = schedule.after(settings.absenceConfirmation, () => {
        this.#again = null;
        this.#ask(2, round.whileTrading);
      });
      return;
    }
    const { whileTrading, began } = round;
    await this.#on.reconciled({ whileTrading, began, neverArrived, unchanged });
  }

  #report({ orderRef }: OrderRecord, { expected, observed, explanation }: Mismatch): Promise<void> {
    return reportDifference(this.#bridge, {
      subject: 'order',
      key: orderRef,
      expected,
      observed,
      explanation,
    });
  }
}

/** The order with its present try to be withdrawn. */
const withdrawn = (record: OrderRecord): OrderRecord => ({
  ...record,
  triedOrderIds: [...record.triedOrderIds, record.orderId],
});

/** Whether nothing was learned of an order; its status word alone may change from one message to the next. */
function sameFacts(before: OrderRecord | undefined, now: OrderRecord): boolean {
  return before !== undefined && sameRecord({ ...before, brokerStatus: now.brokerStatus }, now);
}

/** Whether the broker has ended it and the journal has said so; what comes next is the desk's to decide, or a person's. */
function hasEnded({ status, role, brokerStatus }: OrderRecord): boolean {
  return status === 'lapsed' || (status === 'unresolved' && role === 'stop' && brokerStatus === 'Cancelled');
}
