import { type RangeColumns, typicalPrice } from './prices.ts';
import { checkLengths, checkPeriod, RollingExtreme, RollingMean } from './rolling.ts';

/** Where a close stands in the range of the last bars, 0 at the low, 1 at the high; undefined where there is no range. */
class RangePosition {
  readonly #highest: RollingExtreme;
  readonly #lowest: RollingExtreme;

  constructor(period: number) {
    this.#highest = new RollingExtreme(period, 1);
    this.#lowest = new RollingExtreme(period, -1);
  }

  reset(): void {
    this.#highest.reset();
    this.#lowest.reset();
  }

  update(high: number, low: number, close: number): number {
    if (Number.isNaN(high + low + close)) {
      this.reset();
      return Number.NaN;
    }
    const highest = this.#highest.update(high);
    const lowest = this.#lowest.update(low);
    return highest > lowest ? (close - lowest) / (highest - lowest) : Number.NaN;
  }
}

export interface StochasticValue {
  readonly k: number;
  readonly d: number;
}

/**
 * Stochastic oscillator (Lane), TA-Lib's STOCH: raw %K is the close in the range of `period` bars, %K its simple mean over
 * `slowing`, %D the simple mean of %K over `signal`; 0 to 100. %K begins at index `period + slowing − 2`, %D `signal − 1`
 * later. A window without range has no raw %K (TA-Lib says 0), and the means wait until they are whole again.
 */
export class Stochastic {
  readonly #position: RangePosition;
  readonly #slowing: RollingMean;
  readonly #signal: RollingMean;

  constructor(period = 5, slowing = 3, signal = 3) {
    this.#position = new RangePosition(period);
    this.#slowing = new RollingMean(slowing);
    this.#signal = new RollingMean(signal);
  }

  reset(): void {
    this.#position.reset();
    this.#slowing.reset();
    this.#signal.reset();
  }

  update(high: number, low: number, close: number): StochasticValue {
    const k = this.#slowing.update(100 * this.#position.update(high, low, close));
    return { k, d: this.#signal.update(k) };
  }
}

/** {@link Stochastic} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function stochastic(
  bars: RangeColumns,
  period = 5,
  slowing = 3,
  signal = 3,
): { readonly k: Float64Array; readonly d: Float64Array } {
  const { high, low, close } = bars;
  const length = checkLengths({ high, low, close });
  const indicator = new Stochastic(period, slowing, signal);
  const result = { k: new Float64Array(length), d: new Float64Array(length) };
  for (let i = 0; i < length; i++) {
    const value = indicator.update(high[i] as number, low[i] as number, close[i] as number);
    result.k[i] = value.k;
    result.d[i] = value.d;
  }
  return result;
}

/**
 * Williams %R: −100 · (highest high − close) / (highest high − lowest low), −100 to 0. First value at index `period − 1`;
 * undefined where there is no range (TA-Lib says 0).
 */
export class WilliamsR {
  readonly #position: RangePosition;

  constructor(period = 14) {
    this.#position = new RangePosition(period);
  }

  reset(): void {
    this.#position.reset();
  }

  update(high: number, low: number, close: number): number {
    return 100 * (this.#position.update(high, low, close) - 1);
  }
}

/** {@link WilliamsR} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function williamsR(bars: RangeColumns, period = 14): Float64Array {
  const { high, low, close } = bars;
  const result = new Float64Array(checkLengths({ high, low, close }));
  const indicator = new WilliamsR(period);
  for (let i = 0; i < result.length; i++) {
    result[i] = indicator.update(high[i] as number, low[i] as number, close[i] as number);
  }
  return result;
}

/**
 * Commodity channel index (Lambert 1980): the typical price less its mean over `period`, over 0.015 times the mean
 * absolute deviation from that mean. First value at index `period − 1`; undefined where nothing deviates (TA-Lib says 0).
 */
export class Cci {
  readonly #ring: Float64Array;
  #next = 0;
  #count = 0;

  constructor(period = 14) {
    this.#ring = new Float64Array(checkPeriod('the period', period));
  }

  reset(): void {
    this.#next = 0;
    this.#count = 0;
  }

  update(high: number, low: number, close: number): number {
    const price = typicalPrice(high, low, close);
    if (Number.isNaN(price)) {
      this.reset();
      return Number.NaN;
    }
    const ring = this.#ring;
    const period = ring.length;
    ring[this.#next] = price;
    this.#next = this.#next + 1 === period ? 0 : this.#next + 1;
    if (this.#count < period) this.#count++;
    if (this.#count < period) return Number.NaN;
    let sum = 0;
    let lowest = price;
    let highest = price;
    for (let i = 0; i < period; i++) {
      const each = ring[i] as number;
      sum += each;
      if (each < lowest) lowest = each;
      if (each > highest) highest = each;
    }
    // Told by the values, not by the deviation: rounding leaves the mean of equal prices a shade off them.
    if (lowest === highest) return Number.NaN;
    const mean = sum / period;
    let deviation = 0;
    for (let i = 0; i < period; i++) deviation += Math.abs((ring[i] as number) - mean);
    return (price - mean) / ((0.015 * deviation) / period);
  }
}

/** {@link Cci} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function cci(bars: RangeColumns, period = 14): Float64Array {
  const { high, low, close } = bars;
  const result = new Float64Array(checkLengths({ high, low, close }));
  const indicator = new Cci(period);
  for (let i = 0; i < result.length; i++) {
    result[i] = indicator.update(high[i] as number, low[i] as number, close[i] as number);
  }
  return result;
}
