/**
 * The finite values of a moving window, kept in order as it moves: a rank or a median then takes a search instead of a
 * pass over the window or a sort. What is not finite is not held.
 */
export class SortedWindow {
  readonly #values: Float64Array;
  size = 0;

  /** @param most values held at most */
  constructor(most: number) {
    this.#values = new Float64Array(most);
  }

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    const at = this.#below(value);
    this.#values.copyWithin(at + 1, at, this.size);
    this.#values[at] = value;
    this.size += 1;
  }

  /** Removes one value that is held and equal to `value`. */
  remove(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#values.copyWithin(this.#below(value), this.#below(value) + 1, this.size);
    this.size -= 1;
  }

  /** Share of the values below `value`, those equal to it counted half; NaN where none is held. */
  rank(value: number): number {
    let equal = 0;
    const below = this.#below(value);
    while (below + equal < this.size && this.#values[below + equal] === value) equal += 1;
    return (below + equal / 2) / this.size;
  }

  /** The middle value, or the mean of the two; NaN where none is held. */
  median(): number {
    const middle = this.size >> 1;
    const upper = this.#values[middle] as number;
    if (this.size === 0) return Number.NaN;
    return this.size % 2 === 1 ? upper : ((this.#values[middle - 1] as number) + upper) / 2;
  }

  /** How many values are below `value`. */
  #below(value: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#values[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
