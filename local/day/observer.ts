import type { EventData, EventType } from '#contracts/registry.ts';
import type { Host } from '#local/host/host.ts';
import type { Resource } from '#local/host/kernel.ts';

/** One journal entry as the run sees it go by, with the real time at which it was committed. */
export interface Observed {
  readonly type: EventType;
  readonly correlationId: string;
  readonly occurredAt: string;
  readonly realTime: number;
  data<T extends EventType>(): EventData<T>;
}

const PAGE = 1000;

/** Watches the journal's stream beside its readers: for progress and real latency only, nothing is driven by it. */
export function observeJournal(host: Host, journal: Resource, listen: (entry: Observed) => void): void {
  const stream = host.dynamo.stream(journal.identity.attributes['StreamArn'] as string);
  let after: string | null = null;
  const take = () => {
    const realTime = performance.now();
    for (;;) {
      const records = stream.read(after, PAGE);
      for (const { dynamodb } of records) {
        after = dynamodb.SequenceNumber;
        const image = dynamodb.NewImage as Record<string, { S?: string }> | undefined;
        const text = image?.['event']?.S;
        const type = image?.['type']?.S;
        if (text === undefined || type === undefined) continue;
        let parsed: { readonly data: unknown } | undefined;
        listen({
          type: type as EventType,
          correlationId: image?.['pk']?.S ?? '',
          occurredAt: image?.['occurredAt']?.S ?? '',
          realTime,
          data<T extends EventType>() {
            parsed ??= JSON.parse(text) as { readonly data: unknown };
            return parsed.data as EventData<T>;
          },
        });
      }
      if (records.length < PAGE) return;
    }
  };
  take();
  stream.onRecords(take);
}
