import type { TimerClock } from '#core/values/timer-clock.ts';

/** Node's longest timer; a longer one would run at once. */
const LONGEST_TIMEOUT = 2_147_483_647;

/**
 * The process's own clock and timers. Where the embedded host runs the bridge, it has put its virtual time behind `Date` and
 * `setTimeout` before.
 */
export const processClock: TimerClock = {
  now: () => Date.now(),
  schedule(at, run) {
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const wait = Math.max(0, at - Date.now());
      handle = wait > LONGEST_TIMEOUT ? setTimeout(arm, LONGEST_TIMEOUT) : setTimeout(run, wait);
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
