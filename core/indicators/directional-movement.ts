import type { RangeColumns } from './prices.ts';
import { checkLengths, checkPeriod } from './rolling.ts';
import { trueRangeOf } from './true-range.ts';

export interface AdxValue {
  readonly plusDi: number;
  readonly minusDi: number;
  readonly adx: number;
}

const UNDEFINED: AdxValue = { plusDi: Number.NaN, minusDi: Number.NaN, adx: Number.NaN };

/**
 * Directional movement (Wilder 1978): +DI, −DI and ADX, 0 to 100. Seeds (TA-Lib): sums of the movements and true ranges
 * of the bars 1 to `period − 1`, from then on S − S / period + new, so that +DI and −DI begin at index `period`; ADX is
 * seeded with the mean of the first `period` DX and begins at index 2 · `period` − 1. A bar after which neither direction
 * has any movement leaves ADX as it was (as 0 within the seed); without any range +DI and −DI are undefined.
 */
export class Adx {
  readonly #period: number;
  #previousHigh = Number.NaN;
  #previousLow = Number.NaN;
  #previousClose = Number.NaN;
  #count = 0;
  #plus = 0;
  #minus = 0;
  #range = 0;
  #adx = 0;

  constructor(period = 14) {
    this.#period = checkPeriod('the period', period, 2);
  }

  reset(): void {
    this.#previousHigh = Number.NaN;
    this.#previousLow = Number.NaN;
    this.#previousClose = Number.NaN;
    this.#count = 0;
    this.#plus = 0;
    this.#minus = 0;
    this.#range = 0;
    this.#adx = 0;
  }

  update(high: number, low: number, close: number): AdxValue {
    if (Number.isNaN(high + low + close)) {
      this.reset();
      return UNDEFINED;
    }
    const up = high - this.#previousHigh;
    const down = this.#previousLow - low;
    const range = trueRangeOf(high, low, this.#previousClose);
    this.#previousHigh = high;
    this.#previousLow = low;
    this.#previousClose = close;
    if (Number.isNaN(range)) return UNDEFINED;

    const period = this.#period;
    const count = ++this.#count;
    if (count >= period) {
      this.#plus -= this.#plus / period;
      this.#minus -= this.#minus / period;
      this.#range -= this.#range / period;
    }
    if (up > down && up > 0) this.#plus += up;
    if (down > up && down > 0) this.#minus += down;
    this.#range += range;
    if (count < period) return UNDEFINED;

    const plusDi = this.#range > 0 ? (100 * this.#plus) / this.#range : Number.NaN;
    const minusDi = this.#range > 0 ? (100 * this.#minus) / this.#range : Number.NaN;
    const movement = this.#plus + this.#minus;
    const dx = movement > 0 ? (100 * Math.abs(this.#plus - this.#minus)) / movement : Number.NaN;
    if (count < 2 * period) {
      this.#adx += Number.isNaN(dx) ? 0 : dx / period;
    } else if (!Number.isNaN(dx)) {
      this.#adx = (this.#adx * (period - 1) + dx) / period;
    }
    return { plusDi, minusDi, adx: count < 2 * period - 1 ? Number.NaN : this.#adx };
  }
}

/** {@link Adx} over bars. @throws RangeError for a period below 2 or columns of different lengths */
export function adx(
  bars: RangeColumns,
  period = 14,
): { readonly plusDi: Float64Array; readonly minusDi: Float64Array; readonly adx: Float64Array } {
  const { high, low, close } = bars;
  const length = checkLengths({ high, low, close });
  const indicator = new Adx(period);
  const result = {
    plusDi: new Float64Array(length),
    minusDi: new Float64Array(length),
    adx: new Float64Array(length),
  };
  for (let i = 0; i < length; i++) {
    const value = indicator.update(high[i] as number, low[i] as number, close[i] as number);
    result.plusDi[i] = value.plusDi;
    result.minusDi[i] = value.minusDi;
    result.adx[i] = value.adx;
  }
  return result;
}
