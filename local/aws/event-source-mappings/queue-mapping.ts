import type { RequiredPermission } from '../../host/kernel.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import type { HostedFunction } from '../lambda/lambda.ts';
import type { ReceivedMessage, SqsHost } from '../sqs/sqs.ts';
import { batchOutcome } from './batch-outcome.ts';
import type { MappingSettings } from './mapping-settings.ts';

const LARGEST_RECEIVE = 10;

/** What the function's role needs on the queue, as Lambda itself demands it. */
export const queuePermissions = (queueArn: string): readonly RequiredPermission[] =>
  ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].map((action) => ({
    action,
    resource: queueArn,
  }));

/**
 * Takes messages off a queue and hands them to a function. What the function does not report as failed is deleted;
 * the rest comes back when its visibility timeout ends, and goes where the queue's redrive policy says in the end.
 */
export class QueueMapping {
  readonly #parts: RuntimeParts;
  readonly #settings: MappingSettings;
  readonly #function: HostedFunction;
  readonly #sqs: SqsHost;
  readonly #concurrency: number;
  readonly #fifo: boolean;
  #running = 0;
  #planned = false;
  #windowOpen = false;
  #closed = false;
  #stop: () => void = () => {};

  constructor(parts: RuntimeParts, settings: MappingSettings, target: HostedFunction, sqs: SqsHost) {
    this.#parts = parts;
    this.#settings = settings;
    this.#function = target;
    this.#sqs = sqs;
    this.#concurrency = Math.min(settings.maximumConcurrency ?? Number.POSITIVE_INFINITY, target.concurrency);
    this.#fifo = settings.sourceArn.endsWith('.fifo');
  }

  start(): void {
    this.#stop = this.#sqs.onMessagesAvailable(this.#settings.sourceArn, () => this.#available());
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #available(): void {
    const { batchingWindowMillis } = this.#settings;
    if (this.#fifo || batchingWindowMillis === 0) {
      this.#plan();
      return;
    }
    if (this.#windowOpen) return;
    this.#windowOpen = true;
    const { clock } = this.#parts.context;
    clock.schedule(clock.now() + batchingWindowMillis, () => {
      this.#windowOpen = false;
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#planned || this.#closed || this.#running >= this.#concurrency) return;
    this.#planned = true;
    // A later turn of the event loop: messages that arrive at once come along in the same batch.
    const end = this.#parts.context.activity.begin(`mapping:${this.#settings.id}`);
    setImmediate(() => {
      this.#planned = false;
      this.#dispatch();
      end();
    });
  }

  #dispatch(): void {
    while (!this.#closed && this.#running < this.#concurrency) {
      const batch = this.#receive();
      if (batch.length === 0) return;
      this.#running += 1;
      void this.#handle(batch).finally(() => {
        this.#running -= 1;
        this.#plan();
      });
    }
  }

  #receive(): readonly ReceivedMessage[] {
    const { sourceArn, batchSize } = this.#settings;
    const batch: ReceivedMessage[] = [];
    while (batch.length < batchSize) {
      const received = this.#sqs.receive(sourceArn, {
        maximum: Math.min(LARGEST_RECEIVE, batchSize - batch.length),
      });
      if (received.length === 0) break;
      batch.push(...received);
    }
    return batch;
  }

  async #handle(received: readonly ReceivedMessage[]): Promise<void> {
    const { context } = this.#parts;
    const { sourceArn, id } = this.#settings;
    const records = received.map((message) => this.#record(message));
    const wanted = records.filter((record) => this.#settings.accepts(filterView(record)));
    const passed = new Set(wanted.map(({ messageId }) => messageId));
    const skipped = received.filter(({ messageId }) => !passed.has(messageId));
    try {
      if (skipped.length > 0) this.#delete(skipped);
      if (wanted.length === 0) return;
      const outcome = batchOutcome(
        await this.#function.invoke(`queue:${id}`, JSON.stringify({ Records: wanted })),
        this.#settings.reportsFailures,
        passed,
      );
      if (this.#closed) return;
      if (outcome.kind === 'failed') {
        context.log.warn('function failed on messages of a queue; they come back later', {
          mapping: id,
          queue: sourceArn,
          error: outcome.error,
        });
        return;
      }
      const failed: ReadonlySet<string> = outcome.kind === 'partial' ? outcome.failed : new Set();
      this.#delete(received.filter(({ messageId }) => passed.has(messageId) && !failed.has(messageId)));
    } catch (error) {
      context.log.warn('messages of a queue could not be handled; they come back later', {
        mapping: id,
        queue: sourceArn,
        error: String(error),
      });
    }
  }

  #delete(messages: readonly ReceivedMessage[]): void {
    for (const message of messages) {
      try {
        this.#sqs.delete(this.#settings.sourceArn, [message.receiptHandle]);
      } catch (error) {
        // A FIFO message whose visibility ended meanwhile belongs to its next receipt.
        this.#parts.context.log.warn('a handled message could not be deleted; it comes again', {
          queue: this.#settings.sourceArn,
          messageId: message.messageId,
          error: String(error),
        });
      }
    }
  }

  #record(message: ReceivedMessage) {
    return {
      messageId: message.messageId,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: message.attributes,
      messageAttributes: Object.fromEntries(
        Object.entries(message.messageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
          name,
          {
            stringValue: StringValue,
            binaryValue: BinaryValue,
            stringListValues: [],
            binaryListValues: [],
            dataType: DataType,
          },
        ]),
      ),
      md5OfBody: message.md5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: this.#settings.sourceArn,
      awsRegion: this.#parts.context.region,
    };
  }
}

/** What filters see: the record with its body parsed where it is a JSON object. */
function filterView<T extends { readonly body: string }>(record: T): unknown {
  try {
    const body: unknown = JSON.parse(record.body);
    return typeof body === 'object' && body !== null ? { ...record, body } : record;
  } catch {
    return record;
  }
}
