import type { RangeColumns } from './prices.ts';
import { checkLengths, checkPeriod, RollingExtreme } from './rolling.ts';

export interface AroonValue {
  readonly up: number;
  readonly down: number;
  /** Up less down. */
  readonly oscillator: number;
}

/**
 * Aroon (Chande 1995), TA-Lib's AROON and AROONOSC: 100 · (period − bars since the highest high) / period, and the same
 * of the lowest low, over `period + 1` bars; of equal extremes the newest counts. First values at index `period`.
 */
export class Aroon {
  readonly #period: number;
  readonly #highest: RollingExtreme;
  readonly #lowest: RollingExtreme;

  constructor(period = 14) {
    this.#period = checkPeriod('the period', period);
    this.#highest = new RollingExtreme(period + 1, 1);
    this.#lowest = new RollingExtreme(period + 1, -1);
  }

  reset(): void {
    this.#highest.reset();
    this.#lowest.reset();
  }

  update(high: number, low: number): AroonValue {
    const defined = !Number.isNaN(high + low);
    this.#highest.update(defined ? high : Number.NaN);
    this.#lowest.update(defined ? low : Number.NaN);
    const up = 100 * (1 - this.#highest.age / this.#period);
    const down = 100 * (1 - this.#lowest.age / this.#period);
    return { up, down, oscillator: up - down };
  }
}

/** {@link Aroon} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function aroon(
  bars: Omit<RangeColumns, 'close'>,
  period = 14,
): { readonly up: Float64Array; readonly down: Float64Array; readonly oscillator: Float64Array } {
  const { high, low } = bars;
  const length = checkLengths({ high, low });
  const indicator = new Aroon(period);
  const result = {
    up: new Float64Array(length),
    down: new Float64Array(length),
    oscillator: new Float64Array(length),
  };
  for (let i = 0; i < length; i++) {
    const value = indicator.update(high[i] as number, low[i] as number);
    result.up[i] = value.up;
    result.down[i] = value.down;
    result.oscillator[i] = value.oscillator;
  }
  return result;
}
