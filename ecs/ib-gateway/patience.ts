import type { TimerClock } from '#core/values/timer-clock.ts';

/** What is outside did not answer until the task had to stop. */
export class UnansweredError extends Error {
  readonly code = 'Unanswered';
  readonly retryable = true;
  /** @param what was not answered, in words */
  constructor(what: string) {
    super(`there was no answer to ${what} before the task had to stop`);
    this.name = 'UnansweredError';
  }
}

/**
 * How long what is outside is waited for: without end, until the task has to stop. Then nothing is, neither what is under way
 * nor what is asked next: a connection that went dead does not even refuse, and the task would be killed where it waits.
 * Nothing that matters is lost with it: what the broker has done is asked for again by the next bridge.
 */
export class Patience {
  readonly #clock: TimerClock;
  readonly #waits = new Set<() => void>();
  #over = false;

  constructor(clock: TimerClock) {
    this.#clock = clock;
  }

  /** @throws UnansweredError where patience ends before `work` does */
  waitFor<T>(what: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new UnansweredError(what));
      if (this.#over) return giveUp();
      this.#waits.add(giveUp);
      work()
        .finally(() => this.#waits.delete(giveUp))
        .then(resolve, reject);
    });
  }

  /** Waits so long, or until patience ends. */
  pause(millis: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over) return resolve();
      const done = () => {
        timer.cancel();
        this.#waits.delete(done);
        resolve();
      };
      const timer = this.#clock.schedule(this.#clock.now() + millis, done);
      this.#waits.add(done);
    });
  }

  end(): void {
    this.#over = true;
    for (const giveUp of [...this.#waits]) giveUp();
    this.#waits.clear();
  }
}
