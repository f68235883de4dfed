import type { EventData } from '#contracts/registry.ts';
import { contentOf } from '#core/events/content.ts';
import type { StateKey } from '#core/events/desk-store.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import {
  cancelled,
  executionBase,
  type OrderChange,
  observeCommission,
  observeExecution,
} from './order-facts.ts';
import { executedQuantity, isOpen, lifeRef, type OrderRecord } from './order-record.ts';

export type Outcome = EventData<'OrderOutcomeEntered'>;

export type OutcomeDecision =
  | { readonly kind: 'refused'; readonly reason: string }
  /** The record as it was, as it is then, and what the journal is told: the executions, their commissions, the end. */
  | { readonly kind: 'ended'; readonly before: OrderRecord; readonly change: OrderChange };

/**
 * What an outcome that a person has entered makes of the order. It is taken only where nobody else can say anything any
 * more, the order being unresolved, and counts as if the broker had told it: each execution once, by its id.
 */
export function enteredOutcome(
  record: OrderRecord | null,
  outcome: Outcome,
  now: EpochMillis,
): OutcomeDecision {
  const refused = (reason: string): OutcomeDecision => ({ kind: 'refused', reason });
  if (record === null) return refused(`the desk has no order ${outcome.orderRef}`);
  if (record.status !== 'unresolved')
    return refused(
      `the order ${record.orderRef} is ${record.status}: an outcome is taken of an order that is unresolved, of which the broker no longer tells`,
    );
  const problem = executionsProblem(record, outcome, now);
  if (problem !== null) return refused(problem);

  let change: OrderChange = { record, entries: [] };
  const then = (step: (current: OrderRecord) => OrderChange): void => {
    const next = step(change.record);
    change = { record: next.record, entries: [...change.entries, ...next.entries] };
  };
  const { side, orderId, permId } = record;
  const ids = { side, orderId, permId: permId ?? 0, orderRef: lifeRef(record) };
  for (const execution of outcome.executions) {
    const { executedAt, ...counted } = execution;
    const told = { ...counted, ...ids, executedAt: parseInstant(executedAt) };
    then((current) => observeExecution(current, told, now));
    then((current) => observeCommission(current, { ...execution, realizedPnl: null }, now));
  }
  const filled = executedQuantity(change.record);
  if (filled.gt(record.quantity))
    return refused(
      `with these executions the order ${record.orderRef} would have filled ${decimalText(filled)} of ${record.quantity}; leave out what belongs to another order`,
    );
  const told = new Decimal(record.brokerFilled).plus(record.filledBefore);
  if (filled.lt(told))
    return refused(
      `the broker has said that ${decimalText(told)} of the order ${record.orderRef} are filled, and with these executions it is ${decimalText(filled)}; enter all of them`,
    );
  then((current) =>
    isOpen(current)
      ? cancelled(current, sentenceOf(`as entered by ${outcome.by}: ${outcome.reason}`), now)
      : { record: current, entries: [] },
  );
  return { kind: 'ended', before: record, change };
}

function executionsProblem(record: OrderRecord, { executions }: Outcome, now: EpochMillis): string | null {
  const traded = findInstrument(record.instrument)?.currency;
  const seen = new Map<string, string>();
  for (const { execId, quantity, price, executedAt, currency } of executions) {
    const at = parseInstant(executedAt);
    const { base } = executionBase(execId);
    const same = seen.get(base);
    if (same !== undefined)
      return same === execId
        ? `the execution ${execId} is entered twice`
        : `${same} and ${execId} are one execution, as first told and corrected: its id but for the last group; enter the last of it alone`;
    seen.set(base, execId);
    if (traded !== undefined && currency !== traded)
      return `the commission of the execution ${execId} is in ${currency}, and ${record.instrument} is traded in ${traded}; enter what the broker booked for it in ${traded}`;
    if (!new Decimal(quantity).gt(0) || !new Decimal(price).gt(0))
      return `the execution ${execId} of ${quantity} at ${price}: quantity and price are above zero`;
    if (at > now) return `the execution ${execId} is of ${executedAt}, which is still to come; times are UTC`;
    if (at < parseInstant(record.submittedAt))
      return `the execution ${execId} is of ${executedAt}, before the order was sent at ${record.submittedAt}; times are UTC`;
  }
  return null;
}

const outcomeKey = (outcome: Outcome): StateKey =>
  stateKeys.outcome(contentOf('outcomes', outcome).reference.sha256);

/** The operator's word on this outcome, as it is written in the commit that journals it. */
export const outcomeWrite = (outcome: Outcome) => ({
  key: outcomeKey(outcome),
  value: { orderRef: outcome.orderRef, by: outcome.by },
  expectedVersion: 0,
});

/** What a commit has to check so that it fails where no operator has left that word: anybody can journal an event. */
export const outcomeCheck = (outcome: Outcome) => ({ key: outcomeKey(outcome), expectedVersion: 1 });
