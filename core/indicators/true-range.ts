import type { RangeColumns } from './prices.ts';
import { checkLengths, checkPeriod } from './rolling.ts';

/** True range (Wilder 1978): the day's range, stretched to the close before. */
export function trueRangeOf(high: number, low: number, previousClose: number): number {
  return Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose));
}

/** True range (Wilder 1978) bar by bar; undefined for the first bar, which has no close before it (TA-Lib). */
export class TrueRange {
  #previousClose = Number.NaN;

  reset(): void {
    this.#previousClose = Number.NaN;
  }

  update(high: number, low: number, close: number): number {
    if (Number.isNaN(high + low + close)) {
      this.reset();
      return Number.NaN;
    }
    const range = trueRangeOf(high, low, this.#previousClose);
    this.#previousClose = close;
    return range;
  }
}

/** {@link TrueRange} over bars. @throws RangeError for columns of different lengths */
export function trueRange(bars: RangeColumns): Float64Array {
  const { high, low, close } = bars;
  const result = new Float64Array(checkLengths({ high, low, close }));
  const indicator = new TrueRange();
  for (let i = 0; i < result.length; i++) {
    result[i] = indicator.update(high[i] as number, low[i] as number, close[i] as number);
  }
  return result;
}

/**
 * Average true range (Wilder). Seed (TA-Lib): the mean of the first `period` true ranges, of the bars 1 to `period`; then
 * smoothing with 1 / period. First value at index `period`.
 */
export class Atr {
  readonly #period: number;
  #previousClose = Number.NaN;
  #count = 0;
  #value = 0;

  constructor(period = 14) {
    this.#period = checkPeriod('the period', period);
  }

  reset(): void {
    this.#previousClose = Number.NaN;
    this.#count = 0;
    this.#value = 0;
  }

  update(high: number, low: number, close: number): number {
    if (Number.isNaN(high + low + close)) {
      this.reset();
      return Number.NaN;
    }
    const range = trueRangeOf(high, low, this.#previousClose);
    this.#previousClose = close;
    if (Number.isNaN(range)) return Number.NaN;
    const period = this.#period;
    if (this.#count < period) {
      this.#value += range;
      if (++this.#count < period) return Number.NaN;
      this.#value /= period;
    } else {
      this.#value = (this.#value * (period - 1) + range) / period;
    }
    return this.#value;
  }
}

/** {@link Atr} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function atr(bars: RangeColumns, period = 14): Float64Array {
  const { high, low, close } = bars;
  const result = new Float64Array(checkLengths({ high, low, close }));
  const indicator = new Atr(period);
  for (let i = 0; i < result.length; i++) {
    result[i] = indicator.update(high[i] as number, low[i] as number, close[i] as number);
  }
  return result;
}
