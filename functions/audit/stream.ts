import * as z from 'zod';

/** The part of a journal stream record that its readers use. */
const streamBatch = z.object({
  Records: z.array(
    z.object({
      eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
      dynamodb: z.object({
        SequenceNumber: z.string(),
        NewImage: z
          .object({
            pk: z.object({ S: z.string() }),
            sk: z.object({ S: z.string() }),
            type: z.object({ S: z.string() }),
            version: z.object({ N: z.string() }),
            occurredAt: z.object({ S: z.string() }),
            event: z.object({ S: z.string() }),
          })
          .optional(),
      }),
    }),
  ),
});

/** One appended journal entry as its readers see it. */
export interface AppendedEntry {
  readonly sequenceNumber: string;
  readonly correlationId: string;
  readonly sortKey: string;
  readonly detailType: string;
  readonly occurredAt: string;
  /** The canonical JSON of the event: the audit's leaf and the bus's detail. */
  readonly canonical: string;
}

/** A journal entry was changed or deleted. Appending is all that is allowed; somebody must look. */
export class JournalTamperedError extends Error {
  readonly code = 'JournalTampered';
  readonly retryable = false;
  constructor(eventName: string, sequenceNumber: string) {
    super(`the journal stream shows a ${eventName} at ${sequenceNumber}; entries are only ever appended`);
    this.name = 'JournalTamperedError';
  }
}

/** Reads a stream batch. @throws JournalTamperedError for anything but an append */
export function appendedEntries(input: unknown): readonly AppendedEntry[] {
  return streamBatch.parse(input).Records.map(({ eventName, dynamodb: { SequenceNumber, NewImage } }) => {
    if (eventName !== 'INSERT' || NewImage === undefined)
      throw new JournalTamperedError(eventName, SequenceNumber);
    return {
      sequenceNumber: SequenceNumber,
      correlationId: NewImage.pk.S,
      sortKey: NewImage.sk.S,
      detailType: `${NewImage.type.S}.v${NewImage.version.N}`,
      occurredAt: NewImage.occurredAt.S,
      canonical: NewImage.event.S,
    };
  });
}
