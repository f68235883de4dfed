import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import { AwsError, type HostClock } from '../../host/kernel.ts';
import { transaction } from '../../host/store.ts';
import { checkAttributes, messageSize } from './message-attributes.ts';
import { type Message, type MessageAttribute, MessageQueue } from './message-queue.ts';
import type { Deduplication, MessageStore } from './message-store.ts';

/** Settings of a queue; durations in seconds, as its attributes give them. */
export interface QueueSettings {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly fifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly deduplicationScope: 'queue' | 'messageGroup';
  readonly visibilityTimeout: number;
  readonly delaySeconds: number;
  readonly retentionPeriod: number;
  readonly maximumMessageSize: number;
  readonly receiveWaitTime: number;
  readonly redrive: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number } | undefined;
  /** As the template gives it: key id, ARN or alias. */
  readonly kmsKey: string | undefined;
  readonly createdAt: EpochMillis;
}

/** A message to send. */
export interface Outgoing {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>> | undefined;
  readonly delaySeconds?: number | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly traceHeader?: string | undefined;
  readonly senderId: string;
}

/** What sending gives back; for a duplicate, that of the first one. */
export interface Sent {
  readonly messageId: string;
  readonly sequence: number;
}

/** What a queue needs around it. */
export interface QueueParts {
  readonly clock: HostClock;
  readonly database: DatabaseSync;
  readonly store: MessageStore;
  readonly newMessageId: () => string;
  /** The queue behind an ARN, for redrive. */
  readonly queue: (arn: string) => HostedQueue | undefined;
}

const deduplicationMillis = 5 * 60_000;
const largestReceive = 10;

/** One queue with its messages in memory and in the store, its long polls and its listeners. */
export class HostedQueue {
  settings: QueueSettings;
  readonly #parts: QueueParts;
  readonly #messages: MessageQueue;
  readonly #deduplication = new Map<string, Deduplication>();
  readonly #polls = new Set<() => boolean>();
  readonly #listeners = new Set<() => void>();
  readonly #observers = new Set<() => void>();
  #lastSequence: number;
  #noticePending = false;
  #wake: { readonly at: EpochMillis; readonly timer: Timer } | undefined;

  constructor(settings: QueueSettings, parts: QueueParts) {
    this.settings = settings;
    this.#parts = parts;
    this.#messages = new MessageQueue(settings.fifo);
    this.#lastSequence = parts.store.lastSequence(settings.name);
    const now = parts.clock.now();
    for (const message of parts.store.load(settings.name)) this.#messages.add(message, now);
    for (const entry of parts.store.loadDeduplication(settings.name))
      this.#deduplication.set(entry.key, entry);
  }

  /**
   * Sends a message; committed when it returns (or with the surrounding transaction).
   * @throws AwsError InvalidParameterValue or MissingParameter, as SQS would.
   */
  send(outgoing: Outgoing): Sent {
    const { clock, store } = this.#parts;
    const now = clock.now();
    const attributes = outgoing.attributes ?? {};
    this.#check(outgoing, attributes);
    const deduplicationId = this.#deduplicationId(outgoing);
    const key =
      this.settings.deduplicationScope === 'messageGroup'
        ? `${outgoing.groupId}\n${deduplicationId}`
        : deduplicationId;
    const earlier = key === undefined ? undefined : this.#duplicateOf(key, now);
    if (earlier !== undefined) return earlier;

    const delaySeconds = outgoing.delaySeconds ?? this.settings.delaySeconds;
    const message: Message = {
      sequence: ++this.#lastSequence,
      messageId: this.#parts.newMessageId(),
      body: outgoing.body,
      attributes,
      senderId: outgoing.senderId,
      sentAt: now,
      groupId: outgoing.groupId,
      deduplicationId,
      sourceQueueArn: undefined,
      traceHeader: outgoing.traceHeader,
      receiveCount: 0,
      firstReceivedAt: undefined,
      visibleAt: now + delaySeconds * 1000,
    };
    transaction(this.#parts.database, () => {
      store.insert(this.settings.name, message);
      if (key === undefined) return;
      const entry = {
        key,
        messageId: message.messageId,
        sequence: message.sequence,
        expiresAt: now + deduplicationMillis,
      };
      store.putDeduplication(this.settings.name, entry);
      this.#deduplication.set(key, entry);
    });
    this.#messages.add(message, now);
    this.#changed();
    return message;
  }

  /** Takes messages; those received too often go to the dead-letter queue instead. */
  receive(maximum: number, visibilitySeconds: number = this.settings.visibilityTimeout): readonly Message[] {
    const { clock, database, store } = this.#parts;
    const now = clock.now();
    return transaction(database, () => {
      this.#expire(now);
      const { redrive } = this.settings;
      const { messages, exhausted } = this.#messages.receive(
        now,
        Math.min(maximum, largestReceive),
        visibilitySeconds * 1000,
        redrive?.maxReceiveCount,
      );
      for (const message of messages) store.update(this.settings.name, message);
      for (const message of exhausted) {
        store.delete(this.settings.name, message.sequence);
        this.#parts.queue(redrive!.deadLetterTargetArn)?.adopt(message, this.settings.arn);
      }
      this.#arm();
      if (this.#observers.size > 0 && messages.length + exhausted.length > 0) this.#changed();
      return messages;
    });
  }

  /** Waits up to `seconds` for a first message; resolves at once when one is sent or becomes visible, and empty when `abandoned`. */
  async poll(
    maximum: number,
    visibilitySeconds: number | undefined,
    seconds: number,
    abandoned?: AbortSignal,
  ): Promise<readonly Message[]> {
    const found = this.receive(maximum, visibilitySeconds);
    if (found.length > 0 || seconds === 0) return found;
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const finish = (messages: readonly Message[]): void => {
        this.#polls.delete(attempt);
        timer?.cancel();
        abandoned?.removeEventListener('abort', giveUp);
        this.#arm();
        resolve(messages);
      };
      const giveUp = (): void => finish([]);
      const attempt = (): boolean => {
        const messages = this.receive(maximum, visibilitySeconds);
        if (messages.length > 0) finish(messages);
        return messages.length > 0;
      };
      // How long a caller is ready to wait is about real time. Stepped time would have to stop for every poll of an idle
      // consumer, thousands of times a night; there a poll lasts until a message comes or the caller goes.
      const timer =
        clock.mode === 'stepped' ? undefined : clock.schedule(clock.now() + seconds * 1000, giveUp);
      this.#polls.add(attempt);
      abandoned?.addEventListener('abort', giveUp);
      this.#arm();
    });
  }

  /** Deletes by receipt handle; one that is outdated deletes nothing. @throws AwsError ReceiptHandleIsInvalid */
  delete(receiptHandle: string): void {
    const { sequence, receiveCount } = this.#readReceipt(receiptHandle);
    const found = this.#find(sequence);
    if (found === undefined || found.message.receiveCount !== receiveCount) return;
    if (this.settings.fifo && !found.inFlight) {
      throw new AwsError(
        'InvalidParameterValue',
        `Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
      );
    }
    this.#messages.delete(sequence);
    this.#parts.store.delete(this.settings.name, sequence);
    this.#changed();
  }

  /** @throws AwsError MessageNotInflight, ReceiptHandleIsInvalid, InvalidParameterValue */
  changeVisibility(receiptHandle: string, seconds: number): void {
    if (!(seconds >= 0 && seconds <= 43_200)) {
      throw new AwsError(
        'InvalidParameterValue',
        `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.`,
      );
    }
    const { sequence, receiveCount } = this.#readReceipt(receiptHandle);
    const found = this.#find(sequence);
    if (found === undefined || !found.inFlight || found.message.receiveCount !== receiveCount) {
      throw new AwsError('MessageNotInflight', 'The specified message is not in flight.');
    }
    const message = this.#messages.changeVisibility(sequence, this.#parts.clock.now(), seconds * 1000);
    if (message !== undefined) this.#parts.store.update(this.settings.name, message);
    this.#changed();
  }

  /** Gives back all that is in flight, because whoever had it in hand is gone. */
  release(): void {
    const { clock, database, store } = this.#parts;
    const released = this.#messages.release(clock.now());
    if (released.length === 0) return;
    transaction(database, () => {
      for (const message of released) store.update(this.settings.name, message);
    });
    this.#changed();
  }

  purge(): void {
    this.#messages.clear();
    this.#parts.store.clear(this.settings.name);
    this.#changed();
    this.#arm();
  }

  /** Takes a message from a queue that gave it up. Standard queues keep the original time of sending, FIFO ones reset it. */
  adopt(message: Message, sourceQueueArn: string): void {
    const now = this.#parts.clock.now();
    const adopted: Message = {
      ...message,
      sequence: ++this.#lastSequence,
      sourceQueueArn,
      sentAt: this.settings.fifo ? now : message.sentAt,
      visibleAt: now,
    };
    this.#parts.store.insert(this.settings.name, adopted);
    this.#messages.add(adopted, now);
    this.#changed();
  }

  /** Calls `listener` (soon, never at once) whenever a receive would find something. Returns how to stop. */
  onAvailable(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#changed();
    return () => {
      this.#listeners.delete(listener);
      this.#arm();
    };
  }

  /** Calls `observer`, a microtask later, whenever what {@link counts} gives may have changed. */
  onChange(observer: () => void): void {
    this.#observers.add(observer);
  }

  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    this.#expire(this.#parts.clock.now());
    return this.#messages.counts(this.#parts.clock.now());
  }

  /** Age in seconds of the oldest message that is not deleted; 0 for an empty queue. */
  oldestAgeSeconds(): number {
    const oldest = this.#messages.oldestSentAt;
    return oldest === undefined ? 0 : Math.max(0, (this.#parts.clock.now() - oldest) / 1000);
  }

  /** The handle that belongs to this receipt of the message. */
  receiptHandle(message: Message): string {
    return Buffer.from(`${this.settings.name}\n${message.sequence}\n${message.receiveCount}`).toString(
      'base64',
    );
  }

  #readReceipt(handle: string): { readonly sequence: number; readonly receiveCount: number } {
    const [name, sequence, receiveCount] = Buffer.from(handle, 'base64').toString('utf8').split('\n');
    if (name !== this.settings.name || receiveCount === undefined) {
      throw new AwsError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${handle}" is not a valid receipt handle.`,
      );
    }
    return { sequence: Number(sequence), receiveCount: Number(receiveCount) };
  }

  #find(sequence: number): { readonly message: Message; readonly inFlight: boolean } | undefined {
    this.#messages.promote(this.#parts.clock.now());
    return this.#messages.find(sequence);
  }

  #check(outgoing: Outgoing, attributes: Readonly<Record<string, MessageAttribute>>): void {
    const { fifo, maximumMessageSize } = this.settings;
    checkAttributes(attributes);
    if (outgoing.body.length === 0)
      throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
    const size = messageSize(outgoing.body, attributes);
    if (size > maximumMessageSize) {
      throw new AwsError(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: Message must be shorter than ${maximumMessageSize} bytes.`,
      );
    }
    if (fifo && outgoing.groupId === undefined)
      throw new AwsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
    if (fifo && outgoing.delaySeconds !== undefined) {
      throw new AwsError(
        'InvalidParameterValue',
        'Value for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.',
      );
    }
    const delay = outgoing.delaySeconds ?? 0;
    if (!(delay >= 0 && delay <= 900))
      throw new AwsError(
        'InvalidParameterValue',
        `Value ${delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`,
      );
  }

  #deduplicationId(outgoing: Outgoing): string | undefined {
    if (!this.settings.fifo) return undefined;
    if (outgoing.deduplicationId !== undefined) return outgoing.deduplicationId;
    if (this.settings.contentBasedDeduplication)
      return createHash('sha256').update(outgoing.body).digest('hex');
    throw new AwsError(
      'InvalidParameterValue',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }

  #duplicateOf(key: string, now: EpochMillis): Sent | undefined {
    for (const [oldKey, { expiresAt }] of this.#deduplication) {
      if (expiresAt > now) break;
      this.#deduplication.delete(oldKey);
      this.#parts.store.pruneDeduplication(this.settings.name, now);
    }
    return this.#deduplication.get(key);
  }

  #expire(now: EpochMillis): void {
    for (const { sequence } of this.#messages.expire(now - this.settings.retentionPeriod * 1000))
      this.#parts.store.delete(this.settings.name, sequence);
  }

  /** A microtask later, so that the transaction that sends is over, and before the host can look quiet. */
  #changed(): void {
    if (this.#noticePending || this.#waiting === 0) return;
    this.#noticePending = true;
    queueMicrotask(() => {
      this.#noticePending = false;
      this.#notify();
    });
  }

  /** Serves long polls in the order in which they came, then tells the listeners. */
  #notify(): void {
    for (const attempt of [...this.#polls]) {
      if (!attempt()) break;
    }
    if (this.#listeners.size > 0 && this.#messages.hasReady(this.#parts.clock.now())) {
      for (const listener of [...this.#listeners]) listener();
    }
    for (const observer of this.#observers) observer();
    this.#arm();
  }

  get #waiting(): number {
    return this.#polls.size + this.#listeners.size + this.#observers.size;
  }

  /** Somebody waits: be there when the next hidden message appears. Nobody waits: leave the clock alone. */
  #arm(): void {
    const wanted = this.#waiting > 0 ? this.#messages.nextVisibleAt : undefined;
    if (wanted === this.#wake?.at) return;
    this.#wake?.timer.cancel();
    this.#wake = undefined;
    if (wanted === undefined) return;
    const timer = this.#parts.clock.schedule(wanted, () => {
      this.#wake = undefined;
      this.#changed();
    });
    this.#wake = { at: wanted, timer };
  }
}
