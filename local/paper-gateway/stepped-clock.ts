import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';

/** A clock that stands still until it is told to move. Timers of one instant run in the order they were set. */
export class SteppedClock implements TimerClock {
  #now: EpochMillis;
  readonly #timers: { readonly at: EpochMillis; readonly run: () => void }[] = [];

  constructor(start: EpochMillis) {
    this.#now = start;
  }

  now(): EpochMillis {
    return this.#now;
  }

  schedule(at: EpochMillis, run: () => void): Timer {
    const timer = { at, run };
    const later = this.#timers.findIndex((other) => other.at > at);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
      },
    };
  }

  /** Moves to `to`, running every timer on the way. */
  advanceTo(to: EpochMillis): void {
    for (;;) {
      const next = this.#timers[0];
      if (next === undefined || next.at > to) break;
      this.#timers.shift();
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = Math.max(this.#now, to);
  }

  advance(millis: number): void {
    this.advanceTo(this.#now + millis);
  }
}
