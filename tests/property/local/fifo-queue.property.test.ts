import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Message, MessageQueue } from '#local/aws/sqs/message-queue.ts';

type Step =
  | { readonly kind: 'send'; readonly group: string; readonly delay: number }
  | { readonly kind: 'receive'; readonly maximum: number }
  | { readonly kind: 'delete'; readonly which: number }
  | { readonly kind: 'visibility'; readonly which: number; readonly seconds: number }
  | { readonly kind: 'pass'; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      group: fc.constantFrom('a', 'b', 'c'),
      delay: fc.constantFrom(0, 0, 0, 15),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('receive' as const), maximum: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), which: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('visibility' as const),
      which: fc.nat(5),
      seconds: fc.constantFrom(0, 20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(1, 10, 31) }),
  },
);
const visibilityMillis = 30_000;

function message(sequence: number, group: string | undefined, now: number, delay = 0): Message {
  return {
    sequence,
    messageId: `m${sequence}`,
    body: String(sequence),
    attributes: {},
    senderId: 'test',
    sentAt: now,
    groupId: group,
    deduplicationId: undefined,
    sourceQueueArn: undefined,
    traceHeader: undefined,
    receiveCount: 0,
    firstReceivedAt: undefined,
    visibleAt: now + delay * 1000,
  };
}

/** Plays the steps on a queue, and checks after each receipt what must hold. */
class Player {
  readonly queue: MessageQueue;
  now = 1_000_000;
  sequence = 0;
  readonly left = new Map<number, string | undefined>();
  readonly deliveredOnce = new Set<number>();
  /** Not visible yet since they were sent, with the end of their delay. */
  readonly delayed = new Map<number, number>();
  /** In flight, with the end of its visibility. */
  readonly inFlight = new Map<number, number>();

  constructor(fifo: boolean) {
    this.queue = new MessageQueue(fifo);
  }

  play(next: Step): readonly Message[] {
    switch (next.kind) {
      case 'send': {
        this.sequence++;
        this.left.set(this.sequence, next.group);
        this.queue.add(message(this.sequence, next.group, this.now, next.delay), this.now);
        if (next.delay > 0) this.delayed.set(this.sequence, this.now + next.delay * 1000);
        return [];
      }
      case 'receive':
        return this.receive(next.maximum);
      case 'delete': {
        const sequence = this.pick(next.which);
        if (sequence !== undefined) {
          this.queue.delete(sequence);
          this.inFlight.delete(sequence);
          this.left.delete(sequence);
        }
        return [];
      }
      case 'visibility': {
        const sequence = this.pick(next.which);
        if (sequence !== undefined) {
          this.queue.changeVisibility(sequence, this.now, next.seconds * 1000);
          if (next.seconds === 0) this.inFlight.delete(sequence);
          else this.inFlight.set(sequence, this.now + next.seconds * 1000);
        }
        return [];
      }
      case 'pass': {
        this.now += next.seconds * 1000;
        for (const [sequence, until] of [...this.delayed])
          if (until <= this.now) this.delayed.delete(sequence);
        for (const [sequence, until] of [...this.inFlight])
          if (until <= this.now) this.inFlight.delete(sequence);
        return [];
      }
    }
  }

  receive(maximum: number): readonly Message[] {
    const { messages } = this.queue.receive(this.now, maximum, visibilityMillis);
    return messages;
  }

  /** Notes a receipt after the checks. */
  note(messages: readonly Message[]): void {
    for (const { sequence } of messages) {
      this.inFlight.set(sequence, this.now + visibilityMillis);
      this.deliveredOnce.add(sequence);
    }
  }

  pick(which: number): number | undefined {
    return [...this.inFlight.keys()][which];
  }

  groupsInFlight(): Set<string | undefined> {
    return new Set([...this.inFlight.keys()].map((sequence) => this.left.get(sequence)));
  }
}

describe('a FIFO queue, whatever is sent, received, deleted, given back or timed out', () => {
  it('gives nothing of a group in flight, and always the oldest messages of a group in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const player = new Player(true);
        for (const next of steps) {
          const locked = player.groupsInFlight();
          const received = player.play(next);
          for (const group of new Set(received.map(({ groupId }) => groupId))) {
            expect(locked.has(group)).toBe(false);
            const given = received.filter(({ groupId }) => groupId === group).map(({ sequence }) => sequence);
            const oldest = [...player.left].filter(([, of]) => of === group).map(([sequence]) => sequence);
            expect(given).toEqual(oldest.slice(0, given.length));
          }
          player.note(received);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives every message in the end, and none after it is deleted', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.boolean(), (steps, fifo) => {
        const player = new Player(fifo);
        for (const next of steps) {
          const received = player.play(next);
          for (const { sequence } of received) expect(player.left.has(sequence)).toBe(true);
          player.note(received);
        }
        const expected = new Set(player.left.keys());
        const drained: number[] = [];
        player.now += visibilityMillis;
        for (let turn = 0; turn <= expected.size; turn++) {
          for (const { sequence } of player.receive(10)) {
            drained.push(sequence);
            player.queue.delete(sequence);
          }
        }
        expect(drained.length).toBe(expected.size);
        expect(new Set(drained)).toEqual(expected);
        expect(player.queue.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('counts each message once, as visible, in flight or delayed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.boolean(), (steps, fifo) => {
        const player = new Player(fifo);
        for (const next of steps) {
          player.note(player.play(next));
          const { visible, inFlight, delayed } = player.queue.counts(player.now);
          expect({ visible, inFlight, delayed }).toEqual({
            visible: player.left.size - player.inFlight.size - player.delayed.size,
            inFlight: player.inFlight.size,
            delayed: player.delayed.size,
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives up a message after its receipts are used, and only then', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.boolean(), (maxReceiveCount, fifo) => {
        const queue = new MessageQueue(fifo);
        queue.add(message(1, fifo ? 'g' : undefined, 0), 0);
        for (let receipt = 0; receipt < maxReceiveCount; receipt++) {
          expect(queue.receive(receipt * 30_000, 1, visibilityMillis, maxReceiveCount).messages).toHaveLength(
            1,
          );
        }
        const last = queue.receive(maxReceiveCount * 30_000, 1, visibilityMillis, maxReceiveCount);
        expect(last.messages).toHaveLength(0);
        expect(last.exhausted).toMatchObject([{ sequence: 1, receiveCount: maxReceiveCount }]);
        expect(queue.size).toBe(0);
      }),
    );
  });
});
