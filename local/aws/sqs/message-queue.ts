import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import { TimerHeap } from '../../host/timer-heap.ts';

/** A message as it is kept. */
export interface Message {
  /** Order of arrival within the queue. */
  readonly sequence: number;
  readonly messageId: string;
  readonly body: string;
  /** Message attributes in the wire's shape. */
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly senderId: string;
  readonly sentAt: EpochMillis;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  /** The queue it was redriven from. */
  readonly sourceQueueArn: string | undefined;
  readonly traceHeader: string | undefined;
  readonly receiveCount: number;
  readonly firstReceivedAt: EpochMillis | undefined;
  readonly visibleAt: EpochMillis;
}

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: string | undefined;
}

interface Entry {
  message: Message;
  state: 'ready' | 'delayed' | 'inFlight';
  reappears: Timer | undefined;
}

interface Group {
  readonly entries: Map<number, Entry>;
  inFlight: number;
}

/** What {@link MessageQueue.receive} took. */
export interface Received {
  readonly messages: readonly Message[];
  /** Received too often: removed, for the dead-letter queue. */
  readonly exhausted: readonly Message[];
}

/**
 * The order and visibility of one queue, without persistence, names or permissions.
 *
 * Invariants: a message is in flight from its receipt until it is deleted or its visibility ends; in a FIFO queue, a
 * group gives nothing while any of its messages is in flight, and gives its messages in order of arrival.
 */
export class MessageQueue {
  readonly #fifo: boolean;
  readonly #entries = new Map<number, Entry>();
  /** Standard: every ready message. FIFO: unused. */
  readonly #ready = new Map<number, Entry>();
  readonly #groups = new Map<string, Group>();
  /** FIFO: groups that may give messages now. */
  readonly #readyGroups = new Map<string, Group>();
  readonly #hidden = new TimerHeap();
  #inFlight = 0;

  constructor(fifo: boolean) {
    this.#fifo = fifo;
  }

  /** Messages of every state. */
  get size(): number {
    return this.#entries.size;
  }

  /** Adds a message, or puts back one that was stored: in flight or delayed while `visibleAt` lies ahead. */
  add(message: Message, now: EpochMillis): void {
    const entry: Entry = { message, state: 'ready', reappears: undefined };
    this.#entries.set(message.sequence, entry);
    if (this.#fifo) {
      const group = this.#groups.get(message.groupId!) ?? { entries: new Map<number, Entry>(), inFlight: 0 };
      group.entries.set(message.sequence, entry);
      this.#groups.set(message.groupId!, group);
    }
    if (message.visibleAt > now) this.#hide(entry, message.receiveCount > 0 ? 'inFlight' : 'delayed');
    else this.#show(entry);
  }

  /** Takes up to `maximum` messages; they stay hidden until `now + visibilityMillis`. */
  receive(
    now: EpochMillis,
    maximum: number,
    visibilityMillis: number,
    maxReceiveCount = Number.POSITIVE_INFINITY,
  ): Received {
    this.promote(now);
    const messages: Message[] = [];
    const exhausted: Message[] = [];
    for (const entry of this.#fifo ? this.#fifoCandidates() : this.#ready.values()) {
      if (entry.message.receiveCount >= maxReceiveCount) {
        exhausted.push(entry.message);
        this.#remove(entry);
        continue;
      }
      if (messages.length >= maximum) break;
      const { message } = entry;
      entry.message = {
        ...message,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? now,
        visibleAt: now + visibilityMillis,
      };
      this.#ready.delete(message.sequence);
      this.#hide(entry, 'inFlight');
      messages.push(entry.message);
    }
    return { messages, exhausted };
  }

  /** The message with that sequence number, whatever its state. */
  find(sequence: number): { readonly message: Message; readonly inFlight: boolean } | undefined {
    const entry = this.#entries.get(sequence);
    return entry === undefined ? undefined : { message: entry.message, inFlight: entry.state === 'inFlight' };
  }

  /** Removes a message of any state. */
  delete(sequence: number): void {
    const entry = this.#entries.get(sequence);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Moves the end of a message's visibility timeout. Returns the message as it is now. */
  changeVisibility(sequence: number, now: EpochMillis, visibilityMillis: number): Message | undefined {
    const entry = this.#entries.get(sequence);
    if (entry?.state !== 'inFlight') return undefined;
    entry.message = { ...entry.message, visibleAt: now + visibilityMillis };
    this.#unhide(entry);
    if (visibilityMillis > 0) this.#hide(entry, 'inFlight');
    else this.#show(entry);
    return entry.message;
  }

  /** Shows all that is in flight, and puts what is visible in order of arrival again. Returns the messages it showed. */
  release(now: EpochMillis): readonly Message[] {
    const released: Message[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.state === 'delayed') continue;
      if (entry.state === 'inFlight') {
        entry.message = { ...entry.message, visibleAt: now };
        this.#unhide(entry);
        released.push(entry.message);
      }
      this.#ready.delete(entry.message.sequence);
      this.#show(entry);
    }
    return released;
  }

  /** Shows what has become visible by `now`. */
  promote(now: EpochMillis): void {
    for (let next = this.#hidden.peek(); next !== undefined && next.at <= now; next = this.#hidden.peek()) {
      this.#hidden.pop();
      next.run();
    }
  }

  /** When the next hidden message becomes visible. */
  get nextVisibleAt(): EpochMillis | undefined {
    return this.#hidden.peek()?.at;
  }

  /** Whether a receive now would find something. */
  hasReady(now: EpochMillis): boolean {
    this.promote(now);
    return this.#fifo ? this.#readyGroups.size > 0 : this.#ready.size > 0;
  }

  /** Removes messages sent before an instant; returns them. */
  expire(before: EpochMillis): readonly Message[] {
    const expired: Message[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.message.sentAt > before) break;
      expired.push(entry.message);
    }
    for (const { sequence } of expired) this.delete(sequence);
    return expired;
  }

  clear(): void {
    for (const entry of [...this.#entries.values()]) this.#remove(entry);
  }

  /** Counts as GetQueueAttributes gives them. */
  counts(now: EpochMillis): {
    readonly visible: number;
    readonly inFlight: number;
    readonly delayed: number;
  } {
    this.promote(now);
    const delayed = this.#hidden.size - this.#inFlight;
    return { visible: this.#entries.size - this.#hidden.size, inFlight: this.#inFlight, delayed };
  }

  /** When the oldest message that is not deleted was sent. */
  get oldestSentAt(): EpochMillis | undefined {
    for (const { message } of this.#entries.values()) return message.sentAt;
    return undefined;
  }

  *#fifoCandidates(): Generator<Entry> {
    for (const [groupId, group] of [...this.#readyGroups]) {
      // A group is left when a message of it is delayed: later ones must not overtake it.
      for (const entry of [...group.entries.values()]) {
        if (entry.state !== 'ready') break;
        yield entry;
      }
      if (group.inFlight > 0) this.#readyGroups.delete(groupId);
    }
  }

  #hide(entry: Entry, state: 'delayed' | 'inFlight'): void {
    entry.state = state;
    entry.reappears = this.#hidden.push(entry.message.visibleAt, () => {
      this.#countOut(entry);
      this.#show(entry);
    });
    if (state !== 'inFlight') return;
    this.#inFlight++;
    const group = this.#groupOf(entry);
    if (group !== undefined) {
      group.inFlight++;
      this.#readyGroups.delete(entry.message.groupId!);
    }
  }

  #unhide(entry: Entry): void {
    entry.reappears?.cancel();
    this.#countOut(entry);
  }

  #countOut(entry: Entry): void {
    entry.reappears = undefined;
    if (entry.state !== 'inFlight') return;
    this.#inFlight--;
    const group = this.#groupOf(entry);
    if (group !== undefined) group.inFlight--;
  }

  #show(entry: Entry): void {
    entry.state = 'ready';
    if (this.#fifo) this.#refresh(entry.message.groupId!);
    else this.#ready.set(entry.message.sequence, entry);
  }

  #remove(entry: Entry): void {
    this.#unhide(entry);
    this.#entries.delete(entry.message.sequence);
    this.#ready.delete(entry.message.sequence);
    const group = this.#groupOf(entry);
    if (group === undefined) return;
    group.entries.delete(entry.message.sequence);
    this.#refresh(entry.message.groupId!);
  }

  #groupOf(entry: Entry): Group | undefined {
    return this.#fifo ? this.#groups.get(entry.message.groupId!) : undefined;
  }

  #refresh(groupId: string): void {
    const group = this.#groups.get(groupId)!;
    const [first] = group.entries.values();
    if (first === undefined) {
      this.#groups.delete(groupId);
      this.#readyGroups.delete(groupId);
    } else if (group.inFlight === 0 && first.state === 'ready') this.#readyGroups.set(groupId, group);
    else this.#readyGroups.delete(groupId);
  }
}
