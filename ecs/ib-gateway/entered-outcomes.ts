import type { DeskEvent } from '#contracts/registry.ts';
import { enteredOutcome, outcomeCheck } from '#core/broker/entered-outcome.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import { type Bridge, decline } from './bridge-parts.ts';
import { FencedOffError } from './fenced-off.ts';
import type { Holdings } from './holdings.ts';

type OutcomeEvent = DeskEvent<'OrderOutcomeEntered'>;

/** Takes a person's word on how an order ended that the broker no longer tells of. */
export class EnteredOutcomes {
  readonly #bridge: Bridge;
  readonly #holdings: Holdings;
  readonly #onChanged: (before: OrderRecord, after: OrderRecord) => Promise<void>;

  /** @param onChanged sees to what hangs on the order: the stop of its layer */
  constructor(
    bridge: Bridge,
    holdings: Holdings,
    onChanged: (before: OrderRecord, after: OrderRecord) => Promise<void>,
  ) {
    this.#bridge = bridge;
    this.#holdings = holdings;
    this.#onChanged = onChanged;
  }

  async enter(event: OutcomeEvent): Promise<void> {
    const { ledger, lease, schedule, log } = this.#bridge;
    const { orderRef, by, reason, executions } = event.data;
    await ledger.load();
    const decision = enteredOutcome(await ledger.get(orderRef), event.data, schedule.now());
    if (decision.kind === 'refused') return decline(this.#bridge, event, orderRef, decision.reason);
    const word = outcomeCheck(event.data);
    const result = await ledger.commit([decision.change], {
      checks: [lease.check(), word],
      processed: { consumer: BRIDGE, eventIds: [event.metadata.id] },
    });
    if (result.kind === 'conflict') {
      if (result.keys.some(({ partition }) => partition !== word.key.partition))
        throw new FencedOffError('the commit of an entered outcome found the lease or the order changed');
      return decline(
        this.#bridge,
        event,
        orderRef,
        'no operator has left a word on this outcome in the desk’s state',
      );
    }
    log('warn', 'an order has the outcome that a person entered', {
      orderRef,
      by,
      reason,
      executions: executions.length,
      status: decision.change.record.status,
    });
    this.#holdings.executed(decision.change.record.instrument, schedule.now());
    // A duplicate is this outcome, recorded by a commit whose answer was lost: the ledger holds what that one stored.
    const after = ledger.peek(orderRef);
    if (after !== null) await this.#onChanged(decision.before, after);
  }
}
