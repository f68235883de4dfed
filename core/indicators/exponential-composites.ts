import { Ema } from './moving-averages.ts';

/** An EMA, the EMA of it, and the EMA of that: each is seeded (TA-Lib) with the mean of the first values of the one before. */
class TripleEma {
  readonly #first: Ema;
  readonly #second: Ema;
  readonly #third: Ema;
  first = Number.NaN;
  second = Number.NaN;
  third = Number.NaN;

  constructor(period: number) {
    this.#first = new Ema(period);
    this.#second = new Ema(period);
    this.#third = new Ema(period);
  }

  reset(): void {
    this.update(Number.NaN);
  }

  update(value: number): void {
    this.first = this.#first.update(value);
    this.second = this.#second.update(this.first);
    this.third = this.#third.update(this.second);
  }
}

/**
 * Double exponential moving average (Mulloy 1994): 2 · EMA − EMA(EMA), TA-Lib's seeds. First value at index
 * `2 · (period − 1)`.
 */
export class Dema {
  readonly #averages: TripleEma;

  constructor(period = 30) {
    this.#averages = new TripleEma(period);
  }

  reset(): void {
    this.#averages.reset();
  }

  update(value: number): number {
    this.#averages.update(value);
    return 2 * this.#averages.first - this.#averages.second;
  }
}

/** {@link Dema} over a column. @throws RangeError for a period below 1 */
export function dema(values: ArrayLike<number>, period = 30): Float64Array {
  return overColumn(new Dema(period), values);
}

/**
 * Triple exponential moving average (Mulloy 1994): 3 · EMA − 3 · EMA(EMA) + EMA(EMA(EMA)), TA-Lib's seeds. First value at
 * index `3 · (period − 1)`.
 */
export class Tema {
  readonly #averages: TripleEma;

  constructor(period = 30) {
    this.#averages = new TripleEma(period);
  }

  reset(): void {
    this.#averages.reset();
  }

  update(value: number): number {
    const averages = this.#averages;
    averages.update(value);
    return 3 * (averages.first - averages.second) + averages.third;
  }
}

/** {@link Tema} over a column. @throws RangeError for a period below 1 */
export function tema(values: ArrayLike<number>, period = 30): Float64Array {
  return overColumn(new Tema(period), values);
}

/**
 * TRIX (Hutson 1983): the change of the triply smoothed EMA from one bar to the next, in percent, TA-Lib's seeds. First
 * value at index `3 · (period − 1) + 1`; undefined from a zero.
 */
export class Trix {
  readonly #averages: TripleEma;

  constructor(period = 30) {
    this.#averages = new TripleEma(period);
  }

  reset(): void {
    this.#averages.reset();
  }

  update(value: number): number {
    const before = this.#averages.third;
    this.#averages.update(value);
    return before === 0 ? Number.NaN : 100 * (this.#averages.third / before - 1);
  }
}

/** {@link Trix} over a column. @throws RangeError for a period below 1 */
export function trix(values: ArrayLike<number>, period = 30): Float64Array {
  return overColumn(new Trix(period), values);
}

function overColumn(indicator: Dema | Tema | Trix, values: ArrayLike<number>): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = indicator.update(values[i] as number);
  return result;
}
