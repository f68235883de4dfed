import type { Timer } from '#core/values/timer-clock.ts';
import type { Schedule } from './bridge-context.ts';

/**
 * What holds for one link only. Order ids mean something only together with the client and the link on which they were
 * learned: after a restart of the gateway the same id may stand for another order.
 */
export class LinkKnowledge {
  account: string | null = null;
  readonly #refs = new Map<string, string>();
  readonly #ids = new Map<string, number>();
  #next = 0;
  #requests: number;

  /** @param firstRequest ids of requests never return to an old value: subscriptions of an earlier link may linger */
  constructor(firstRequest: number) {
    this.#requests = firstRequest;
  }

  /** The gateway's next order id, raised above all ids that orders and earlier tries of ours may still have. */
  startOrderIds(next: number, highestKnown: number): void {
    this.#next = Math.max(this.#next, next, highestKnown + 1);
  }

  nextOrderId(): number {
    return this.#next++;
  }

  nextRequestId(): number {
    return this.#requests++;
  }

  get requestsUsed(): number {
    return this.#requests;
  }

  learn(clientId: number, orderId: number, orderRef: string): void {
    if (orderId < 1) return;
    this.#refs.set(`${clientId}:${orderId}`, orderRef);
    this.#ids.set(orderRef, orderId);
    this.#next = Math.max(this.#next, orderId + 1);
  }

  /** The order behind an id is over; what is still said under it concerns nobody. */
  forget(clientId: number, orderId: number): void {
    this.#refs.delete(`${clientId}:${orderId}`);
  }

  refOf(clientId: number, orderId: number): string | null {
    return this.#refs.get(`${clientId}:${orderId}`) ?? null;
  }

  orderIdOf(orderRef: string): number | null {
    return this.#ids.get(orderRef) ?? null;
  }
}

/** Orders that go out and that the broker has not spoken of yet. */
export class Acknowledgements {
  readonly #schedule: Schedule;
  readonly #deadline: number;
  readonly #onSilence: (orderRef: string) => void;
  /** A timer for each that has gone out; null for one that waits for its turn. */
  readonly #waiting = new Map<string, Timer | null>();

  constructor(schedule: Schedule, deadline: number, onSilence: (orderRef: string) => void) {
    this.#schedule = schedule;
    this.#deadline = deadline;
    this.#onSilence = onSilence;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** An order is about to go out. */
  expect(orderRef: string): void {
    this.arrived(orderRef);
    this.#waiting.set(orderRef, null);
  }

  /** It has gone out: from now on the broker has so long to speak of it. */
  due(orderRef: string): void {
    if (this.#waiting.get(orderRef) !== null) return;
    this.#waiting.set(
      orderRef,
      this.#schedule.after(this.#deadline, () => {
        if (this.#waiting.delete(orderRef)) this.#onSilence(orderRef);
      }),
    );
  }

  /** @returns whether somebody waited for it */
  arrived(orderRef: string): boolean {
    this.#waiting.get(orderRef)?.cancel();
    return this.#waiting.delete(orderRef);
  }

  clear(): void {
    for (const timer of this.#waiting.values()) timer?.cancel();
    this.#waiting.clear();
  }
}
