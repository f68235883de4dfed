import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { Log } from '#functions/runtime/log.ts';

const ENTRIES_PER_CALL = 10;
const BYTES_PER_CALL = 250_000;

export interface BusMessage {
  readonly id: string;
  readonly detailType: string;
  readonly occurredAt: string;
  readonly canonical: string;
}

/**
 * Puts messages on the bus in order. Returns the id of the first that did not get there, from which on everything must be
 * tried again: what was put after it would overtake it.
 */
export async function publish(
  client: EventBridgeClient,
  bus: string,
  messages: readonly BusMessage[],
  log: Log,
): Promise<string | null> {
  for (const group of groups(messages)) {
    const answer = await client.send(
      new PutEventsCommand({ Entries: group.map((message) => entryOf(bus, message)) }),
    );
    const failed = (answer.Entries ?? []).findIndex((entry) => entry.ErrorCode !== undefined);
    if (failed >= 0) {
      const message = group[failed] as BusMessage;
      log.warn('the bus did not take an event', {
        id: message.id,
        detailType: message.detailType,
        error: answer.Entries?.[failed]?.ErrorCode,
      });
      return message.id;
    }
  }
  return null;
}

const entryOf = (bus: string, { detailType, occurredAt, canonical }: BusMessage): PutEventsRequestEntry => ({
  EventBusName: bus,
  Source: 'abc',
  DetailType: detailType,
  Time: new Date(occurredAt),
  Detail: canonical,
});

function groups(messages: readonly BusMessage[]): readonly (readonly BusMessage[])[] {
  const result: BusMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.canonical) + 256;
    const current = result.at(-1);
    if (current === undefined || current.length === ENTRIES_PER_CALL || bytes + size > BYTES_PER_CALL) {
      result.push([message]);
      bytes = size;
    } else {
      current.push(message);
      bytes += size;
    }
  }
  return result;
}
