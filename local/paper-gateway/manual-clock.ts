import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';

/** A clock that stands until it is told to go on: for somebody who tries a program against the gateway bar by bar. */
export interface ManualClock extends TimerClock {
  /** Lets so much time pass; what falls due on the way happens in its order, each at its own instant. */
  advance(millis: number): Promise<void>;
}

export function manualClock(start: EpochMillis): ManualClock {
  let now = start;
  let timers: { readonly at: EpochMillis; readonly run: () => void }[] = [];
  return {
    now: () => now,
    schedule(at, run): Timer {
      const timer = { at, run };
      const later = timers.findIndex((other) => other.at > at);
      timers.splice(later < 0 ? timers.length : later, 0, timer);
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    async advance(millis) {
      const until = now + millis;
      for (let next = timers[0]; next !== undefined && next.at <= until; next = timers[0]) {
        timers.shift();
        now = Math.max(now, next.at);
        next.run();
        // What clients have sent meanwhile is heard before the next thing happens.
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = until;
    },
  };
}
