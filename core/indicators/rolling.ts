/**
 * Windows that move over a stream: the working parts of the indicators.
 *
 * One rule for all indicators here: **an input that is NaN starts the warm-up again**, and until a warm-up has passed
 * the value is NaN. Sums are recomputed from the window each time it has been replaced whole, so that rounding errors
 * don't pile up over long series, and a window of equal values is told exactly: its deviation is zero, not a rest of
 * rounding that something may later be divided by.
 */

/** @throws RangeError unless `period` is a whole number of at least `least` */
export function checkPeriod(name: string, period: number, least = 1): number {
  if (!Number.isInteger(period) || period < least) {
    throw new RangeError(`${name} is ${period}; expected a whole number of at least ${least}`);
  }
  return period;
}

/** @throws RangeError unless all columns are as long as the first */
export function checkLengths(columns: Readonly<Record<string, ArrayLike<number>>>): number {
  const [first, ...others] = Object.entries(columns);
  if (first === undefined) return 0;
  for (const [name, column] of others) {
    if (column.length !== first[1].length) {
      throw new RangeError(
        `${name} has ${column.length} values, ${first[0]} ${first[1].length}; expected the same number`,
      );
    }
  }
  return first[1].length;
}

/** The mean of the last `period` values. */
export class RollingMean {
  readonly #ring: Float64Array;
  #next = 0;
  #count = 0;
  #sum = 0;
  /** How many values in a row were the same as the last. */
  #equal = 0;
  #last = Number.NaN;

  constructor(period: number) {
    this.#ring = new Float64Array(checkPeriod('the period', period));
  }

  reset(): void {
    this.#next = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#equal = 0;
    this.#last = Number.NaN;
  }

  /** The mean after `value`, NaN until `period` values are in. */
  update(value: number): number {
    const ring = this.#ring;
    const period = ring.length;
    if (Number.isNaN(value)) {
      this.reset();
      return Number.NaN;
    }
    const next = this.#next;
    if (this.#count === period) {
      this.#sum += value - (ring[next] as number);
    } else {
      this.#sum += value;
      this.#count++;
    }
    ring[next] = value;
    this.#equal = value === this.#last ? this.#equal + 1 : 1;
    this.#last = value;
    if (next + 1 === period) {
      this.#next = 0;
      let sum = 0;
      for (let i = 0; i < period; i++) sum += ring[i] as number;
      this.#sum = sum;
    } else {
      this.#next = next + 1;
    }
    if (this.#equal >= period) return value;
    return this.#count === period ? this.#sum / period : Number.NaN;
  }
}

/** Mean and sum of squared deviations of the last `period` values (Welford's update, run over a window). */
export class RollingMoments {
  readonly #ring: Float64Array;
  #next = 0;
  #count = 0;
  #mean = 0;
  #squares = 0;
  #equal = 0;
  #last = Number.NaN;

  constructor(period: number) {
    this.#ring = new Float64Array(checkPeriod('the period', period));
  }

  reset(): void {
    this.#next = 0;
    this.#count = 0;
    this.#mean = 0;
    this.#squares = 0;
    this.#equal = 0;
    this.#last = Number.NaN;
  }

  /** True once the window is full, after which the moments are defined. */
  update(value: number): boolean {
    const ring = this.#ring;
    const period = ring.length;
    if (Number.isNaN(value)) {
      this.reset();
      return false;
    }
    const next = this.#next;
    if (this.#count === period) {
      const gone = ring[next] as number;
      const before = this.#mean;
      this.#mean += (value - gone) / period;
      this.#squares += (value - gone) * (value - this.#mean + gone - before);
    } else {
      this.#count++;
      const before = this.#mean;
      this.#mean += (value - before) / this.#count;
      this.#squares += (value - before) * (value - this.#mean);
    }
    ring[next] = value;
    this.#next = next + 1 === period ? 0 : next + 1;
    if (this.#next === 0) this.#recompute();
    this.#equal = value === this.#last ? this.#equal + 1 : 1;
    this.#last = value;
    if (this.#equal >= period) {
      this.#mean = value;
      this.#squares = 0;
    }
    return this.#count === period;
  }

  #recompute(): void {
    const ring = this.#ring;
    let sum = 0;
    for (let i = 0; i < ring.length; i++) sum += ring[i] as number;
    const mean = sum / ring.length;
    let squares = 0;
    for (let i = 0; i < ring.length; i++) squares += ((ring[i] as number) - mean) ** 2;
    this.#mean = mean;
    this.#squares = squares;
  }

  get mean(): number {
    return this.#count === this.#ring.length ? this.#mean : Number.NaN;
  }

  /** The variance with `ddof` degrees of freedom taken off (0 population, 1 sample). */
  variance(ddof: 0 | 1): number {
    if (this.#count < this.#ring.length || this.#count <= ddof) return Number.NaN;
    return Math.max(0, this.#squares) / (this.#count - ddof);
  }
}

/** The largest of the last `period` values, or with `sign` −1 the smallest, in constant time on average. */
export class RollingExtreme {
  readonly #period: number;
  readonly #sign: 1 | -1;
  /** A queue of candidates, each beaten by none after it; a ring as long as the window. */
  readonly #values: Float64Array;
  readonly #ages: Float64Array;
  #head = 0;
  #size = 0;
  #seen = 0;

  constructor(period: number, sign: 1 | -1) {
    this.#period = checkPeriod('the period', period);
    this.#sign = sign;
    this.#values = new Float64Array(period);
    this.#ages = new Float64Array(period);
  }

  reset(): void {
    this.#head = 0;
    this.#size = 0;
    this.#seen = 0;
  }

  /** The extreme after `value`, NaN until `period` values are in. */
  update(value: number): number {
    if (Number.isNaN(value)) {
      this.reset();
      return Number.NaN;
    }
    const period = this.#period;
    const values = this.#values;
    const ages = this.#ages;
    const signed = value * this.#sign;
    const now = this.#seen++;
    let head = this.#head;
    let size = this.#size;
    if (size > 0 && (ages[head] as number) <= now - period) {
      head = head + 1 === period ? 0 : head + 1;
      size--;
    }
    let tail = head + size;
    if (tail >= period) tail -= period;
    while (size > 0) {
      const last = tail === 0 ? period - 1 : tail - 1;
      if ((values[last] as number) > signed) break;
      tail = last;
      size--;
    }
    values[tail] = signed;
    ages[tail] = now;
    this.#head = head;
    this.#size = size + 1;
    return now + 1 >= period ? (values[head] as number) * this.#sign : Number.NaN;
  }

  /** How many values ago the extreme came in, of equal ones the newest; NaN until `period` values are in. */
  get age(): number {
    return this.#seen >= this.#period ? this.#seen - 1 - (this.#ages[this.#head] as number) : Number.NaN;
  }
}

/** The value `period` values ago. */
export class Lag {
  readonly #ring: Float64Array;
  #next = 0;
  #count = 0;

  constructor(period: number) {
    this.#ring = new Float64Array(checkPeriod('the period', period));
  }

  reset(): void {
    this.#next = 0;
    this.#count = 0;
  }

  /** The value that came in `period` values before this one, NaN until there is one. */
  update(value: number): number {
    if (Number.isNaN(value)) {
      this.reset();
      return Number.NaN;
    }
    const before = this.#ring[this.#next] as number;
    this.#ring[this.#next] = value;
    this.#next = this.#next + 1 === this.#ring.length ? 0 : this.#next + 1;
    if (this.#count === this.#ring.length) return before;
    this.#count++;
    return Number.NaN;
  }
}
