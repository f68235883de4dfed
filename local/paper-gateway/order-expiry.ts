import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';

/**
 * Ends orders at their good-till date, when no bar comes to do it. It waits one millisecond longer, so that all bars that
 * close at the very instant have been matched.
 */
export class OrderExpiry {
  readonly #clock: TimerClock;
  readonly #next: () => EpochMillis | null;
  readonly #expire: () => void;
  #timer: Timer | null = null;
  #due: EpochMillis | null = null;

  constructor(clock: TimerClock, next: () => EpochMillis | null, expire: () => void) {
    this.#clock = clock;
    this.#next = next;
    this.#expire = expire;
  }

  /** Sets the timer for the order that ends next. To be called whenever orders may have changed. */
  arm(): void {
    const due = this.#next();
    if (due === this.#due) return;
    this.stop();
    this.#due = due;
    if (due === null) return;
    this.#timer = this.#clock.schedule(due + 1, () => {
      this.#due = null;
      this.#expire();
      this.arm();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#due = null;
  }
}
