import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';

/** Longest delay that the runtime's timers take; longer waits are made of several. */
const LONGEST_DELAY = 2_147_483_647;

/** The machine's own time. */
export const wallClock: TimerClock = scaledClock({ start: () => Date.now(), pace: 1 });

/**
 * A clock that runs `pace` times as fast as the machine's, from `start`. Used to play a tape of another day: its
 * first session can begin now.
 */
export function scaledClock(options: {
  readonly start: () => EpochMillis;
  readonly pace: number;
}): TimerClock {
  const begun = performance.now();
  const start = options.start();
  const now = (): EpochMillis => Math.floor(start + (performance.now() - begun) * options.pace);
  return {
    now,
    schedule(at, run): Timer {
      let handle: NodeJS.Timeout;
      const arm = (): void => {
        const wait = Math.max(0, (at - now()) / options.pace);
        handle = setTimeout(() => (at <= now() ? run() : arm()), Math.min(wait, LONGEST_DELAY));
      };
      arm();
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
