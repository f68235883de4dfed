import type { RangeColumns } from './prices.ts';
import { checkLengths } from './rolling.ts';

/**
 * Parabolic stop and reverse (Wilder 1978), TA-Lib's SAR. Seed: the first trend is down where the second bar's low fell
 * by more than its high rose, otherwise up; the stop starts at the first bar's low (high in a downtrend), the extreme at
 * the second bar's high (low). First value at index 1. A stop that a bar touches is turned there and then.
 */
export class ParabolicSar {
  readonly #acceleration: number;
  readonly #maximum: number;
  /** 1 in an uptrend, −1 in a downtrend: a downtrend is an uptrend of prices with their sign turned. */
  #trend: 1 | -1 = 1;
  #bars = 0;
  #stop = Number.NaN;
  #extreme = Number.NaN;
  #factor = 0;
  #previousHigh = Number.NaN;
  #previousLow = Number.NaN;

  /** @throws RangeError unless 0 < acceleration ≤ maximum */
  constructor(acceleration = 0.02, maximum = 0.2) {
    if (!(acceleration > 0 && acceleration <= maximum && Number.isFinite(maximum))) {
      throw new RangeError(
        `the acceleration is ${acceleration}, its maximum ${maximum}; expected 0 < acceleration <= maximum`,
      );
    }
    this.#acceleration = acceleration;
    this.#maximum = maximum;
  }

  reset(): void {
    this.#bars = 0;
  }

  update(high: number, low: number): number {
    if (Number.isNaN(high + low)) {
      this.reset();
      return Number.NaN;
    }
    let value = Number.NaN;
    if (this.#bars === 1) this.#seed(high, low);
    if (this.#bars > 0) value = this.#step(high, low);
    this.#bars++;
    this.#previousHigh = high;
    this.#previousLow = low;
    return value;
  }

  #seed(high: number, low: number): void {
    const rise = high - this.#previousHigh;
    const fall = this.#previousLow - low;
    this.#trend = fall > 0 && fall > rise ? -1 : 1;
    this.#stop = this.#trend === 1 ? this.#previousLow : this.#previousHigh;
    this.#extreme = this.#trend === 1 ? high : low;
    this.#factor = this.#acceleration;
    // The bar before the second one bounds no stop yet.
    this.#previousHigh = high;
    this.#previousLow = low;
  }

  #step(high: number, low: number): number {
    const trend = this.#trend;
    const [best, worst] = trend === 1 ? [high, low] : [low, high];
    if (trend * (worst - this.#stop) <= 0) return this.#turn(high, low);
    const value = this.#stop;
    if (trend * (best - this.#extreme) > 0) {
      this.#extreme = best;
      this.#factor = Math.min(this.#factor + this.#acceleration, this.#maximum);
    }
    this.#advance(high, low);
    return value;
  }

  #turn(high: number, low: number): number {
    const extreme = this.#extreme;
    this.#trend = this.#trend === 1 ? -1 : 1;
    const value = this.#behind(extreme, high, low);
    this.#stop = value;
    this.#extreme = this.#trend === 1 ? high : low;
    this.#factor = this.#acceleration;
    this.#advance(high, low);
    return value;
  }

  #advance(high: number, low: number): void {
    this.#stop = this.#behind(this.#stop + this.#factor * (this.#extreme - this.#stop), high, low);
  }

  /** A stop never lies inside the range of this bar or the one before. */
  #behind(stop: number, high: number, low: number): number {
    return this.#trend === 1
      ? Math.min(stop, this.#previousLow, low)
      : Math.max(stop, this.#previousHigh, high);
  }
}

/** {@link ParabolicSar} over bars. @throws RangeError for a bad acceleration or columns of different lengths */
export function parabolicSar(
  bars: Omit<RangeColumns, 'close'>,
  acceleration = 0.02,
  maximum = 0.2,
): Float64Array {
  const { high, low } = bars;
  const result = new Float64Array(checkLengths({ high, low }));
  const indicator = new ParabolicSar(acceleration, maximum);
  for (let i = 0; i < result.length; i++) result[i] = indicator.update(high[i] as number, low[i] as number);
  return result;
}
