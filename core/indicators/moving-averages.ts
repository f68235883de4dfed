import { checkPeriod, RollingMean } from './rolling.ts';

/** Simple moving average: the mean of the last `period` values. First value at index `period − 1`. */
export class Sma extends RollingMean {}

/** {@link Sma} over a column. @throws RangeError for a period below 1 */
export function sma(values: ArrayLike<number>, period: number): Float64Array {
  const indicator = new Sma(period);
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = indicator.update(values[i] as number);
  return result;
}

/**
 * Exponential moving average with k = 2 / (period + 1). Seed (TA-Lib): the mean of the first `period` values, which is
 * also the first value, at index `period − 1`.
 */
export class Ema {
  readonly #period: number;
  readonly #weight: number;
  #count = 0;
  #value = 0;

  constructor(period: number) {
    this.#period = checkPeriod('the period', period);
    this.#weight = 2 / (period + 1);
  }

  reset(): void {
    this.#count = 0;
    this.#value = 0;
  }

  update(value: number): number {
    if (Number.isNaN(value)) {
      this.reset();
      return Number.NaN;
    }
    if (this.#count < this.#period) {
      this.#value += value;
      if (++this.#count < this.#period) return Number.NaN;
      this.#value /= this.#period;
    } else {
      this.#value += (value - this.#value) * this.#weight;
    }
    return this.#value;
  }
}

/** {@link Ema} over a column. @throws RangeError for a period below 1 */
export function ema(values: ArrayLike<number>, period: number): Float64Array {
  const indicator = new Ema(period);
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = indicator.update(values[i] as number);
  return result;
}

/**
 * Linearly weighted moving average: the newest of `period` values weighs `period`, the oldest 1. First value at index
 * `period − 1`.
 */
export class Wma {
  readonly #ring: Float64Array;
  readonly #weights: number;
  #next = 0;
  #count = 0;
  #sum = 0;
  #weighted = 0;

  constructor(period: number) {
    this.#ring = new Float64Array(checkPeriod('the period', period));
    this.#weights = (period * (period + 1)) / 2;
  }

  reset(): void {
    this.#next = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#weighted = 0;
  }

  update(value: number): number {
    const ring = this.#ring;
    const period = ring.length;
    if (Number.isNaN(value)) {
      this.reset();
      return Number.NaN;
    }
    const next = this.#next;
    if (this.#count === period) {
      this.#weighted += period * value - this.#sum;
      this.#sum += value - (ring[next] as number);
    } else {
      this.#count++;
      this.#weighted += this.#count * value;
      this.#sum += value;
    }
    ring[next] = value;
    this.#next = next + 1;
    if (this.#next === period) {
      this.#next = 0;
      let sum = 0;
      let weighted = 0;
      for (let i = 0; i < period; i++) {
        sum += ring[i] as number;
        weighted += (i + 1) * (ring[i] as number);
      }
      this.#sum = sum;
      this.#weighted = weighted;
    }
    return this.#count === period ? this.#weighted / this.#weights : Number.NaN;
  }
}

/** {@link Wma} over a column. @throws RangeError for a period below 1 */
export function wma(values: ArrayLike<number>, period: number): Float64Array {
  const indicator = new Wma(period);
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = indicator.update(values[i] as number);
  return result;
}
