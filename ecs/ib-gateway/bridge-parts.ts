import type { DeskEvent } from '#contracts/registry.ts';
import { declined } from '#core/broker/declined-command.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import type { Commit } from '#core/events/desk-store.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import type { BridgeLog, BridgeMetric, Schedule } from './bridge-context.ts';
import type { ExpectedAccount } from './expected-account.ts';
import { FencedOffError } from './fenced-off.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { Acknowledgements, LinkKnowledge } from './link-knowledge.ts';
import type { OrderLedger } from './order-ledger.ts';
import type { Outbox } from './outbox.ts';
import type { BridgeSettings } from './settings.ts';

/** What the bridge's services share. `link` is that of the connection in use. */
export interface Bridge {
  readonly settings: BridgeSettings;
  readonly log: BridgeLog;
  readonly metric: BridgeMetric;
  readonly schedule: Schedule;
  readonly writer: JournalWriter;
  readonly ledger: OrderLedger;
  readonly lease: LeaseKeeper;
  readonly killSwitch: KillSwitch;
  readonly outbox: Outbox;
  readonly link: LinkKnowledge;
  readonly acknowledgements: Acknowledgements;
  instrument(id: string): Instrument | undefined;
  /** What the desk's book expects of the account now; null before the broker's account has opened it. */
  expectedAccount(): Promise<ExpectedAccount | null>;
  /** Whether an order may leave at this moment. */
  mayTrade(): boolean;
  /** Whether a question may go out: a gateway that has greeted, with the broker behind it. */
  mayAsk(): boolean;
  /** Ends the link in use; the next one begins with a reconciliation. */
  endLink(reason: string): void;
}

export interface Difference {
  readonly subject: 'order' | 'execution' | 'position' | 'account' | 'foreign-order';
  readonly key: string;
  readonly expected: string;
  readonly observed: string;
  readonly explanation: string;
}

/**
 * Journals that the broker and we differ, once for each pair of views and day: an unrepaired difference does not repeat.
 */
export async function reportDifference(bridge: Bridge, difference: Difference): Promise<void> {
  const now = bridge.schedule.now();
  const entry = journalEntry<'BrokerDifferenceFound'>({
    type: 'BrokerDifferenceFound',
    key: `${difference.subject}:${difference.key}:${difference.expected}:${difference.observed}`.slice(
      0,
      500,
    ),
    correlationId: brokerCorrelation(now),
    causationId: null,
    sender: BRIDGE,
    occurredAt: now,
    urgency: 'critical',
    data: { ...difference, observed: sentenceOf(difference.observed) },
  });
  const commit: Commit = { entries: [entry] };
  const result = await bridge.writer.commit(commit);
  if (result.kind !== 'committed') return;
  bridge.log('error', 'the broker and the desk differ', { ...difference });
  bridge.metric('BrokerDifferenceFound', 1);
}

/**
 * Journals that a request is not carried out. Only the holder of the lease knows that there is nothing to do.
 * @throws FencedOffError where this bridge is not the holder any more
 */
export async function decline(
  { writer, schedule, lease, log }: Bridge,
  event: DeskEvent<'CancelAuthorized' | 'StopMoveAuthorized' | 'OrderOutcomeEntered'>,
  subject: string,
  reason: string,
): Promise<void> {
  log('info', 'a request was declined', { type: event.metadata.type, subject, reason });
  const { kind } = await writer.append({
    entries: [declined(event, subject, reason, schedule.now(), event.data.requestId)],
    checks: [lease.check()],
    processed: { consumer: BRIDGE, eventIds: [event.metadata.id] },
  });
  if (kind === 'conflict') throw new FencedOffError('the commit of a refusal found the lease changed');
}

/** The stream of the broker's own events on the day of an instant, New York time. */
export function brokerCorrelation(at: EpochMillis): string {
  return correlations.broker(newYorkDate(at));
}
