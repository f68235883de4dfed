import type { Clock, EpochMillis } from './clock.ts';

/** A timer that has been set and may be withdrawn. */
export interface Timer {
  /** Withdraws the timer. Calling it after the timer ran, or twice, does nothing. */
  cancel(): void;
}

/**
 * A clock that also runs things later. Timers run in order of their instant and, at one instant, in the order they
 * were set; a timer set for the past runs as soon as the clock turns, never inside the call that set it. Wall,
 * scaled and stepped (virtual) clocks implement it, so that the same code lives in all three.
 */
export interface TimerClock extends Clock {
  schedule(at: EpochMillis, run: () => void): Timer;
}
