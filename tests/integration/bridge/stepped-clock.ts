import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';

interface Entry {
  readonly at: EpochMillis;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands until it is moved; between two timers it waits for everybody to come to rest. */
export class SteppedClock implements TimerClock {
  #now: EpochMillis;
  #order = 0;
  #timers: Entry[] = [];

  constructor(start: EpochMillis) {
    this.#now = start;
  }

  now(): EpochMillis {
    return this.#now;
  }

  get pending(): number {
    return this.#timers.length;
  }

  schedule(at: EpochMillis, run: () => void): Timer {
    const entry = { at, order: this.#order++, run };
    this.#timers.push(entry);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== entry);
      },
    };
  }

  /** Moves to `target`, timer by timer; `rest` resolves when nothing moves any more. */
  async advanceTo(target: EpochMillis, rest: () => Promise<void>): Promise<void> {
    for (;;) {
      await rest();
      const next = this.#timers.reduce<Entry | null>(
        (first, entry) =>
          first === null || entry.at < first.at || (entry.at === first.at && entry.order < first.order)
            ? entry
            : first,
        null,
      );
      if (next === null || next.at > target) break;
      this.#timers = this.#timers.filter((entry) => entry !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = Math.max(this.#now, target);
    await rest();
  }
}
