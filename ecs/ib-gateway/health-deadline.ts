import type { EpochMillis } from '#core/values/clock.ts';

/**
 * Until when the bridge counts as healthy. A task that is not is replaced, and the gateway's login goes with it: so health is
 * about what a new task could mend. A gateway that has stopped answering is such a thing; one that a person has to log in,
 * at the beginning or after a planned window, is not. It is waited for, though not for ever.
 */
export class HealthDeadline {
  readonly #now: () => EpochMillis;
  readonly #tell: (healthyUntil: EpochMillis) => void;
  readonly #loginGrace: number;
  /** What the gateway's answers, or the wait for the lease, are good for. Never moves back. */
  #promised: EpochMillis = 0;
  /** From when on a login is waited for, null where none is. */
  #loginDue: EpochMillis | null = null;

  /** @param loginGrace milliseconds that a person has for a login */
  constructor(now: () => EpochMillis, tell: (healthyUntil: EpochMillis) => void, loginGrace: number) {
    this.#now = now;
    this.#tell = tell;
    this.#loginGrace = loginGrace;
  }

  extend(millis: number): void {
    this.#promised = Math.max(this.#promised, this.#now() + millis);
    this.#report();
  }

  /** Nobody but a person can help until the gateway has shaken hands. @param from the end of a planned window, or now */
  awaitLogin(from: EpochMillis): void {
    this.#loginDue = from;
    this.#report();
  }

  /** The gateway has shaken hands, or still answers. Inside a planned window that does not end the wait: it may yet restart. */
  loggedIn(): void {
    if (this.#loginDue === null || this.#now() < this.#loginDue) return;
    this.#loginDue = null;
    this.#report();
  }

  #report(): void {
    const waiting = this.#loginDue === null ? 0 : this.#loginDue + this.#loginGrace;
    this.#tell(Math.max(this.#promised, waiting));
  }
}
