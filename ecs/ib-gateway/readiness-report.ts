import type { Timer, TimerClock } from '#core/values/timer-clock.ts';
import type { BridgeMetric } from './bridge-context.ts';
import type { Mailbox } from './mailbox.ts';

export interface ReadinessOwner {
  readonly clock: TimerClock;
  readonly every: number;
  readonly metric: BridgeMetric;
  readonly mailbox: Pick<Mailbox, 'idle' | 'turn'>;
  /** Whether the bridge trades, or has planned not to. */
  readonly ready: () => boolean;
}

/**
 * Says again and again whether the bridge can trade: what is heard of a bridge that is dead is nothing, and that rings. It
 * goes past the mailbox, the lease and the store, and so tells of a bridge that is stuck in one of them.
 */
export class ReadinessReport {
  readonly #owner: ReadinessOwner;
  #timer: Timer | null = null;
  /** The piece of work that was in hand the last time, null where none was. */
  #inHand: number | null = null;

  constructor(owner: ReadinessOwner) {
    this.#owner = owner;
  }

  start(): void {
    const { clock, every } = this.#owner;
    this.#timer = clock.schedule(clock.now() + every, () => {
      this.start();
      this.#report();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #report(): void {
    const { mailbox, metric, ready } = this.#owner;
    const before = this.#inHand;
    this.#inHand = mailbox.idle ? null : mailbox.turn;
    const stuck = before !== null && before === this.#inHand;
    metric('BrokerReady', ready() && !stuck ? 1 : 0);
  }
}
