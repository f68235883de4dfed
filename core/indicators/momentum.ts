import { Ema } from './moving-averages.ts';
import { checkPeriod, Lag } from './rolling.ts';

/**
 * Relative strength index (Wilder 1978). Seed (TA-Lib): means of the gains and losses of the first `period` changes;
 * then Wilder's smoothing with 1 / period. First value at index `period`, 0 to 100. Where neither gain nor loss is left
 * (prices that never moved) it is undefined, where TA-Lib says 0.
 */
export class Rsi {
  readonly #period: number;
  readonly #weight: number;
  #previous = Number.NaN;
  #changes = 0;
  #gain = 0;
  #loss = 0;

  constructor(period = 14) {
    this.#period = checkPeriod('the period', period);
    this.#weight = 1 / period;
  }

  reset(): void {
    this.#previous = Number.NaN;
    this.#changes = 0;
    this.#gain = 0;
    this.#loss = 0;
  }

  update(value: number): number {
    if (Number.isNaN(value)) {
      this.reset();
      return Number.NaN;
    }
    const change = value - this.#previous;
    this.#previous = value;
    if (Number.isNaN(change)) return Number.NaN;
    const period = this.#period;
    const gain = Math.max(change, 0);
    const loss = Math.max(-change, 0);
    if (this.#changes < period) {
      this.#gain += gain;
      this.#loss += loss;
      if (++this.#changes < period) return Number.NaN;
      this.#gain /= period;
      this.#loss /= period;
    } else {
      this.#gain += (gain - this.#gain) * this.#weight;
      this.#loss += (loss - this.#loss) * this.#weight;
    }
    return (100 * this.#gain) / (this.#gain + this.#loss);
  }
}

/**
 * {@link Rsi} over a column; the same arithmetic, written out with local variables because scans over years of minutes
 * live on it.
 * @throws RangeError for a period below 1
 */
export function rsi(values: ArrayLike<number>, period = 14): Float64Array {
  const weight = 1 / checkPeriod('the period', period);
  const length = values.length;
  const result = new Float64Array(length);
  let i = 0;
  while (i < length) {
    const first = i;
    let previous = values[i++] as number;
    let gain = 0;
    let loss = 0;
    const seeded = i + period;
    for (; i < seeded && i < length; i++) {
      const value = values[i] as number;
      const change = value - previous;
      previous = value;
      if (Number.isNaN(change)) break;
      const rise = (change + Math.abs(change)) * 0.5;
      gain += rise;
      loss += rise - change;
    }
    result.fill(Number.NaN, first, i);
    if (i < seeded) continue;
    gain /= period;
    loss /= period;
    result[i - 1] = (100 * gain) / (gain + loss);
    for (; i < length; i++) {
      const value = values[i] as number;
      const change = value - previous;
      previous = value;
      if (Number.isNaN(change)) break;
      // The positive part of the change without a branch: up and down come in no order that could be foreseen.
      const rise = (change + Math.abs(change)) * 0.5;
      gain += (rise - gain) * weight;
      loss += (rise - change - loss) * weight;
      result[i] = (100 * gain) / (gain + loss);
    }
  }
  return result;
}

export interface MacdValue {
  readonly macd: number;
  readonly signal: number;
  readonly histogram: number;
}

/**
 * Moving average convergence/divergence: EMA(fast) − EMA(slow), its EMA(signal), and their difference. Seeds (TA-Lib):
 * both averages start at index `slow − 1`, the fast one with the mean of the `fast` values up to there; the signal with
 * the mean of the first `signal` values of the line. The line begins at index `slow − 1` (TA-Lib holds it back), the
 * signal at `slow + signal − 2`.
 */
export class Macd {
  readonly #fast: Ema;
  readonly #slow: Ema;
  readonly #signal: Ema;
  readonly #lead: number;
  #count = 0;

  constructor(fast = 12, slow = 26, signal = 9) {
    this.#fast = new Ema(checkPeriod('the fast period', fast));
    this.#slow = new Ema(checkPeriod('the slow period', slow, fast + 1));
    this.#signal = new Ema(checkPeriod('the signal period', signal));
    this.#lead = slow - fast;
  }

  reset(): void {
    this.#fast.reset();
    this.#slow.reset();
    this.#signal.reset();
    this.#count = 0;
  }

  update(value: number): MacdValue {
    if (Number.isNaN(value)) {
      this.reset();
      return { macd: Number.NaN, signal: Number.NaN, histogram: Number.NaN };
    }
    const slow = this.#slow.update(value);
    const fast = this.#count++ < this.#lead ? Number.NaN : this.#fast.update(value);
    const macd = fast - slow;
    const signal = this.#signal.update(macd);
    return { macd, signal, histogram: macd - signal };
  }
}

/** {@link Macd} over a column. @throws RangeError for periods below 1, or a slow one not above the fast */
export function macd(
  values: ArrayLike<number>,
  fast = 12,
  slow = 26,
  signal = 9,
): { readonly macd: Float64Array; readonly signal: Float64Array; readonly histogram: Float64Array } {
  const indicator = new Macd(fast, slow, signal);
  const line = new Float64Array(values.length);
  const signalLine = new Float64Array(values.length);
  const histogram = new Float64Array(values.length);
  for (let i = 0; i < line.length; i++) {
    const value = indicator.update(values[i] as number);
    line[i] = value.macd;
    signalLine[i] = value.signal;
    histogram[i] = value.histogram;
  }
  return { macd: line, signal: signalLine, histogram };
}

/**
 * Rate of change over `period` values in percent: 100 · (v / v[−period] − 1). First value at index `period`; undefined
 * from a zero.
 */
export class Roc {
  readonly #lag: Lag;

  constructor(period = 10) {
    this.#lag = new Lag(period);
  }

  reset(): void {
    this.#lag.reset();
  }

  update(value: number): number {
    const before = this.#lag.update(value);
    return before === 0 ? Number.NaN : 100 * (value / before - 1);
  }
}

/** {@link Roc} over a column. @throws RangeError for a period below 1 */
export function roc(values: ArrayLike<number>, period = 10): Float64Array {
  const indicator = new Roc(period);
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = indicator.update(values[i] as number);
  return result;
}

/** Momentum over `period` values: v − v[−period], in units of the value. First value at index `period`. */
export class Momentum {
  readonly #lag: Lag;

  constructor(period = 10) {
    this.#lag = new Lag(period);
  }

  reset(): void {
    this.#lag.reset();
  }

  update(value: number): number {
    return value - this.#lag.update(value);
  }
}

/** {@link Momentum} over a column. @throws RangeError for a period below 1 */
export function momentum(values: ArrayLike<number>, period = 10): Float64Array {
  const indicator = new Momentum(period);
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = indicator.update(values[i] as number);
  return result;
}
