import type { RangeColumns } from './prices.ts';
import { checkLengths, RollingMean } from './rolling.ts';
import { trueRangeOf } from './true-range.ts';

/**
 * Ultimate oscillator (Williams 1985), TA-Lib's ULTOSC: buying pressure (close less the lower of low and previous close)
 * over true range, summed over a short, a middle and a long window and weighed 4 : 2 : 1; 0 to 100. First value at the
 * index of the longest window; undefined where a window has no range (TA-Lib leaves that window out).
 */
export class UltimateOscillator {
  readonly #pressures: readonly [RollingMean, RollingMean, RollingMean];
  readonly #ranges: readonly [RollingMean, RollingMean, RollingMean];
  #previousClose = Number.NaN;

  constructor(short = 7, middle = 14, long = 28) {
    this.#pressures = [new RollingMean(short), new RollingMean(middle), new RollingMean(long)];
    this.#ranges = [new RollingMean(short), new RollingMean(middle), new RollingMean(long)];
  }

  reset(): void {
    this.update(Number.NaN, Number.NaN, Number.NaN);
  }

  update(high: number, low: number, close: number): number {
    const defined = !Number.isNaN(high + low + close);
    const previous = this.#previousClose;
    this.#previousClose = defined ? close : Number.NaN;
    const pressure = defined ? close - Math.min(low, previous) : Number.NaN;
    const range = defined ? trueRangeOf(high, low, previous) : Number.NaN;
    const short = this.#share(0, pressure, range);
    const middle = this.#share(1, pressure, range);
    const long = this.#share(2, pressure, range);
    return (100 * (4 * short + 2 * middle + long)) / 7;
  }

  #share(window: 0 | 1 | 2, pressure: number, range: number): number {
    const pressures = this.#pressures[window].update(pressure);
    const ranges = this.#ranges[window].update(range);
    return ranges > 0 ? pressures / ranges : Number.NaN;
  }
}

/** {@link UltimateOscillator} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function ultimateOscillator(bars: RangeColumns, short = 7, middle = 14, long = 28): Float64Array {
  const { high, low, close } = bars;
  const result = new Float64Array(checkLengths({ high, low, close }));
  const indicator = new UltimateOscillator(short, middle, long);
  for (let i = 0; i < result.length; i++) {
    result[i] = indicator.update(high[i] as number, low[i] as number, close[i] as number);
  }
  return result;
}
