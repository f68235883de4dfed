import { Ema } from './moving-averages.ts';
import type { RangeColumns } from './prices.ts';
import { checkLengths, RollingExtreme, RollingMoments } from './rolling.ts';
import { Atr } from './true-range.ts';

export interface Band {
  readonly upper: number;
  readonly middle: number;
  readonly lower: number;
}

export interface BandColumns {
  readonly upper: Float64Array;
  readonly middle: Float64Array;
  readonly lower: Float64Array;
}

function bandColumns(length: number, at: (index: number) => Band): BandColumns {
  const columns = {
    upper: new Float64Array(length),
    middle: new Float64Array(length),
    lower: new Float64Array(length),
  };
  for (let i = 0; i < length; i++) {
    const band = at(i);
    columns.upper[i] = band.upper;
    columns.middle[i] = band.middle;
    columns.lower[i] = band.lower;
  }
  return columns;
}

function bandAround(middle: number, width: number): Band {
  const upper = middle + width;
  // Where either part is undefined the band is.
  return Number.isNaN(upper)
    ? { upper: Number.NaN, middle: Number.NaN, lower: Number.NaN }
    : { upper, middle, lower: middle - width };
}

/**
 * Bollinger bands: the simple mean of `period` values, and `deviations` population standard deviations (ddof 0, as TA-Lib
 * and Bollinger have it) to either side. First values at index `period − 1`.
 */
export class Bollinger {
  readonly #moments: RollingMoments;
  readonly #deviations: number;

  constructor(period = 20, deviations = 2) {
    this.#moments = new RollingMoments(period);
    this.#deviations = deviations;
  }

  reset(): void {
    this.#moments.reset();
  }

  update(value: number): Band {
    this.#moments.update(value);
    return bandAround(this.#moments.mean, this.#deviations * Math.sqrt(this.#moments.variance(0)));
  }
}

/** {@link Bollinger} over a column. @throws RangeError for a period below 1 */
export function bollinger(values: ArrayLike<number>, period = 20, deviations = 2): BandColumns {
  const indicator = new Bollinger(period, deviations);
  return bandColumns(values.length, (i) => indicator.update(values[i] as number));
}

/**
 * Donchian channel: the highest high and lowest low of the last `period` bars, the newest included, and the middle between
 * them. First values at index `period − 1`. For a breakout, compare a bar with the channel of the bar before.
 */
export class Donchian {
  readonly #highest: RollingExtreme;
  readonly #lowest: RollingExtreme;

  constructor(period = 20) {
    this.#highest = new RollingExtreme(period, 1);
    this.#lowest = new RollingExtreme(period, -1);
  }

  reset(): void {
    this.#highest.reset();
    this.#lowest.reset();
  }

  update(high: number, low: number): Band {
    const defined = !Number.isNaN(high + low);
    const upper = this.#highest.update(defined ? high : Number.NaN);
    const lower = this.#lowest.update(defined ? low : Number.NaN);
    return { upper, middle: (upper + lower) / 2, lower };
  }
}

/** {@link Donchian} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function donchian(bars: Omit<RangeColumns, 'close'>, period = 20): BandColumns {
  const { high, low } = bars;
  const indicator = new Donchian(period);
  return bandColumns(checkLengths({ high, low }), (i) =>
    indicator.update(high[i] as number, low[i] as number),
  );
}

/**
 * Keltner channel in Raschke's form: the EMA of closes over `period`, and `multiple` average true ranges over `atrPeriod`
 * to either side. Seeds as those of EMA and ATR; defined once both are.
 */
export class Keltner {
  readonly #ema: Ema;
  readonly #atr: Atr;
  readonly #multiple: number;

  constructor(period = 20, atrPeriod = 10, multiple = 2) {
    this.#ema = new Ema(period);
    this.#atr = new Atr(atrPeriod);
    this.#multiple = multiple;
  }

  reset(): void {
    this.#ema.reset();
    this.#atr.reset();
  }

  update(high: number, low: number, close: number): Band {
    const defined = !Number.isNaN(high + low + close);
    const middle = this.#ema.update(defined ? close : Number.NaN);
    return bandAround(middle, this.#multiple * this.#atr.update(high, low, close));
  }
}

/** {@link Keltner} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function keltner(bars: RangeColumns, period = 20, atrPeriod = 10, multiple = 2): BandColumns {
  const { high, low, close } = bars;
  const indicator = new Keltner(period, atrPeriod, multiple);
  return bandColumns(checkLengths({ high, low, close }), (i) =>
    indicator.update(high[i] as number, low[i] as number, close[i] as number),
  );
}
