import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer } from '#core/values/timer-clock.ts';

interface Entry extends Timer {
  readonly at: EpochMillis;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const before = (left: Entry, right: Entry): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order);

/** Timers ordered by instant, then by the order in which they were scheduled. Cancelled ones are dropped when met. */
export class TimerHeap {
  #entries: Entry[] = [];
  #order = 0;
  #live = 0;

  /** Timers that will still fire. */
  get size(): number {
    return this.#live;
  }

  push(at: EpochMillis, run: () => void): Timer {
    const entry: Entry = {
      at,
      order: this.#order++,
      run,
      cancelled: false,
      cancel: () => {
        if (entry.cancelled) return;
        entry.cancelled = true;
        this.#live -= 1;
      },
    };
    this.#live += 1;
    this.#entries.push(entry);
    this.#rise(this.#entries.length - 1);
    return entry;
  }

  /** The earliest timer that is not cancelled. */
  peek(): { readonly at: EpochMillis; readonly run: () => void } | undefined {
    while (this.#entries[0]?.cancelled) this.#removeFirst();
    return this.#entries[0];
  }

  /** Removes the earliest timer; afterwards cancelling it does nothing. */
  pop(): void {
    const first = this.peek() as Entry | undefined;
    if (first === undefined) return;
    first.cancel();
    this.#removeFirst();
  }

  clear(): void {
    this.#entries = [];
    this.#live = 0;
  }

  #removeFirst(): void {
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return;
    this.#entries[0] = last;
    this.#sink();
  }

  #rise(index: number): void {
    const entries = this.#entries;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(entries[index]!, entries[parent]!)) return;
      [entries[index], entries[parent]] = [entries[parent]!, entries[index]!];
      index = parent;
    }
  }

  #sink(): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < entries.length && before(entries[left]!, entries[least]!)) least = left;
      if (right < entries.length && before(entries[right]!, entries[least]!)) least = right;
      if (least === index) return;
      [entries[index], entries[least]] = [entries[least]!, entries[index]!];
      index = least;
    }
  }
}
