import type { DeskEvent } from '#contracts/registry.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import { BRIDGE } from './order-facts.ts';

/** A command that is not carried out, as the journal is told. `key` tells the commands of one type apart. */
export function declined(
  { metadata }: DeskEvent,
  intentId: string,
  reason: string,
  now: EpochMillis,
  key: string,
): JournalEntry<'CommandDeclined'> {
  return journalEntry<'CommandDeclined'>({
    type: 'CommandDeclined',
    key: `${metadata.type}:${key}`,
    correlationId: metadata.correlationId,
    causationId: metadata.id,
    sender: BRIDGE,
    occurredAt: now,
    urgency: 'high',
    data: { intentId, command: metadata.type, reason: sentenceOf(reason) },
  });
}
