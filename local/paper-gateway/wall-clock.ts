import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';

/** Longest delay that the runtime's timers take; longer waits are made of several. */
const LONGEST_DELAY = 2_147_483_647;

/**
 * A clock that runs `pace` times as fast as the machine's, from `start`. Used to play a tape of another day: its
 * first session can begin now. Timers wait in one queue, so that they run in order however late the machine is.
 */
export function scaledClock(options: {
  readonly start: () => EpochMillis;
  readonly pace: number;
}): TimerClock {
  const begun = performance.now();
  const start = options.start();
  const now = (): EpochMillis => Math.floor(start + (performance.now() - begun) * options.pace);
  const queue: { readonly at: EpochMillis; readonly run: () => void }[] = [];
  let handle: NodeJS.Timeout | undefined;

  const arm = (): void => {
    clearTimeout(handle);
    const first = queue[0];
    if (first === undefined) return;
    const wait = Math.max(0, (first.at - now()) / options.pace);
    handle = setTimeout(turn, Math.min(wait, LONGEST_DELAY));
  };
  /** Runs the first timer if it is due; the next gets a turn of the event loop of its own. */
  const turn = (): void => {
    const first = queue[0];
    try {
      if (first !== undefined && first.at <= now()) {
        queue.shift();
        first.run();
      }
    } finally {
      arm();
    }
  };

  return {
    now,
    schedule(at, run): Timer {
      const timer = { at, run };
      const later = queue.findIndex((other) => other.at > at);
      queue.splice(later < 0 ? queue.length : later, 0, timer);
      arm();
      return {
        cancel: () => {
          const index = queue.indexOf(timer);
          if (index < 0) return;
          queue.splice(index, 1);
          arm();
        },
      };
    },
  };
}

/** The machine's own time. */
export const wallClock: TimerClock = scaledClock({ start: () => Date.now(), pace: 1 });
