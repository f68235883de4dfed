import type { BrokerMessage, CompletedOrder, ObservedOrder } from '#core/broker/broker-port.ts';
import { cancelled, rejected } from '#core/broker/order-facts.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import { findOrder } from '#core/broker/reconciliation.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import { type Bridge, reportDifference } from './bridge-parts.ts';
import type { ForeignHoldingsWatch } from './foreign-holdings.ts';

interface Round {
  readonly number: 1 | 2;
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
  readonly #onReconciled: (neverArrived: readonly OrderRecord[]) => Promise<void>;
  #round: Round | null = null;
  #again: Timer | null = null;

  constructor(
    bridge: Bridge,
    foreign: ForeignHoldingsWatch,
    onReconciled: (neverArrived: readonly OrderRecord[]) => Promise<void>,
  ) {
    this.#bridge = bridge;
    this.#foreign = foreign;
    this.#onReconciled = onReconciled;
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
    let askAgain = false;
    for (const record of ledger.openRecords()) {
      if (hasEnded(record)) continue;
      const stale = round.before.get(record.orderRef) !== record || record.status === 'submitted';
      if (round.whileTrading && stale) continue;
      const finding = findOrder(record, round, context);
      switch (finding.kind) {
        case 'agrees':
          break;
        case 'ask-again':
          askAgain = true;
          break;
        case 'never-arrived':
          neverArrived.push(record);
          break;
        case 'ended':
          await ledger.update(record.orderRef, (current) =>
            finding.as === 'rejected'
              ? rejected(current, 0, finding.reason, context.now)
              : cancelled(current, finding.reason, context.now),
          );
          break;
        case 'difference':
          await this.#unresolved(record, finding);
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
    await this.#onReconciled(neverArrived);
  }

  async #unresolved(
    record: OrderRecord,
    finding: { readonly expected: string; readonly observed: string; readonly explanation: string },
  ): Promise<void> {
    await reportDifference(this.#bridge, {
      subject: 'order',
      key: record.orderRef,
      expected: finding.expected,
      observed: finding.observed,
      explanation: finding.explanation,
    });
    await this.#bridge.ledger.update(record.orderRef, (current) => ({
      record: { ...current, status: 'unresolved' },
      entries: [],
    }));
  }
}

/** Whether the broker has ended it and the journal has said so; what comes next is the desk's to decide, or a person's. */
function hasEnded({ status, role, brokerStatus }: OrderRecord): boolean {
  return status === 'lapsed' || (status === 'unresolved' && role === 'stop' && brokerStatus === 'Cancelled');
}
