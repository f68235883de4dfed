/** Work for the mailbox; done before the next one begins. */
export type Work = () => void | Promise<void>;

/**
 * Everything the bridge does passes through here, one thing at a time, in the order in which it came: the journal then says
 * what happened in the order in which the broker said it, and no two handlers ever see half of each other's work.
 */
export class Mailbox {
  readonly #onFault: (fault: unknown) => void;
  readonly #waiting: Work[] = [];
  readonly #urgent: Work[] = [];
  #running = false;
  #turn = 0;
  #closed = false;
  #sleepers: (() => void)[] = [];

  /** @param onFault told of whatever work throws; the mailbox goes on */
  constructor(onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
  }

  get idle(): boolean {
    return !this.#running && this.#waiting.length === 0 && this.#urgent.length === 0;
  }

  /** Numbers the piece of work in hand, or the last one where there is none. */
  get turn(): number {
    return this.#turn;
  }

  post(work: Work): void {
    this.#add(this.#waiting, work);
  }

  /** What cannot wait behind a thousand reports: it is done next, in the order in which it came. */
  postUrgent(work: Work): void {
    this.#add(this.#urgent, work);
  }

  #add(to: Work[], work: Work): void {
    if (this.#closed) return;
    to.push(work);
    if (this.#running) return;
    this.#running = true;
    // Not at once: what one read of the socket brings is all waiting before the first of it is looked at.
    queueMicrotask(() => void this.#run());
  }

  /** Resolves when nothing is left to do. */
  settled(): Promise<void> {
    return this.idle ? Promise.resolve() : new Promise((resolve) => this.#sleepers.push(resolve));
  }

  /** Takes nothing more; what was taken is still done. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    const next = () => this.#urgent.shift() ?? this.#waiting.shift();
    for (let work = next(); work !== undefined; work = next()) {
      this.#turn += 1;
      try {
        await work();
      } catch (fault) {
        this.#onFault(fault);
      }
    }
    this.#running = false;
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }
}
