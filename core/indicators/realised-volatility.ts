import type { OpenColumns } from './prices.ts';
import { checkLengths, checkPeriod, RollingMean, RollingMoments } from './rolling.ts';

/**
 * How the variance of a bar's log return is estimated:
 * - `close-to-close`: sample variance (ddof 1) of log returns.
 * - `parkinson`: from high and low (Parkinson 1980); no drift, no gaps between bars.
 * - `garman-klass`: from open, high, low, close (Garman & Klass 1980); no drift, no gaps.
 * - `rogers-satchell`: the same with drift (Rogers & Satchell 1991); no gaps.
 * - `yang-zhang`: with drift and gaps (Yang & Zhang 2000), k = 0.34 / (1.34 + (n + 1) / (n − 1)).
 */
export type VolatilityEstimator =
  | 'close-to-close'
  | 'parkinson'
  | 'garman-klass'
  | 'rogers-satchell'
  | 'yang-zhang';

interface VarianceWindow {
  reset(): void;
  /** The variance of one bar's return after this bar, NaN during the warm-up. All prices are above 0. */
  update(open: number, high: number, low: number, close: number): number;
}

/** Variance as the mean of a term of each bar alone. */
function meanOf(
  period: number,
  term: (open: number, high: number, low: number, close: number) => number,
): VarianceWindow {
  const mean = new RollingMean(period);
  return {
    reset: () => mean.reset(),
    update: (open, high, low, close) => mean.update(term(open, high, low, close)),
  };
}

function rogersSatchellTerm(open: number, high: number, low: number, close: number): number {
  return Math.log(high / close) * Math.log(high / open) + Math.log(low / close) * Math.log(low / open);
}

function closeToClose(period: number): VarianceWindow {
  const moments = new RollingMoments(period);
  let previous = Number.NaN;
  return {
    reset() {
      moments.reset();
      previous = Number.NaN;
    },
    update(_open, _high, _low, close) {
      moments.update(Math.log(close / previous));
      previous = close;
      return moments.variance(1);
    },
  };
}

function yangZhang(period: number): VarianceWindow {
  const overnight = new RollingMoments(period);
  const openToClose = new RollingMoments(period);
  const rogersSatchell = new RollingMean(period);
  const share = 0.34 / (1.34 + (period + 1) / (period - 1));
  let previous = Number.NaN;
  return {
    reset() {
      overnight.reset();
      openToClose.reset();
      rogersSatchell.reset();
      previous = Number.NaN;
    },
    update(open, high, low, close) {
      overnight.update(Math.log(open / previous));
      const first = Number.isNaN(previous);
      previous = close;
      // The three parts speak of the same bars: those with a close before them.
      if (first) return Number.NaN;
      openToClose.update(Math.log(close / open));
      const within = rogersSatchell.update(rogersSatchellTerm(open, high, low, close));
      return overnight.variance(1) + share * openToClose.variance(1) + (1 - share) * within;
    },
  };
}

function windowOf(estimator: VolatilityEstimator, period: number): VarianceWindow {
  switch (estimator) {
    case 'close-to-close':
      return closeToClose(checkPeriod('the period', period, 2));
    case 'parkinson':
      return meanOf(period, (_open, high, low) => Math.log(high / low) ** 2 / (4 * Math.LN2));
    case 'garman-klass':
      return meanOf(
        period,
        (open, high, low, close) =>
          0.5 * Math.log(high / low) ** 2 - (2 * Math.LN2 - 1) * Math.log(close / open) ** 2,
      );
    case 'rogers-satchell':
      return meanOf(period, rogersSatchellTerm);
    case 'yang-zhang':
      return yangZhang(checkPeriod('the period', period, 2));
  }
}

/**
 * Realised volatility over `period` bars, annualised by √`periodsPerYear` (252 for sessions; 1 leaves it per bar), as a
 * fraction. First value at index `period − 1`, for close-to-close and Yang–Zhang at `period`. A price that is not above
 * zero has no logarithm and starts the warm-up again.
 */
export class RealisedVolatility {
  readonly #window: VarianceWindow;
  readonly #periodsPerYear: number;

  constructor(estimator: VolatilityEstimator, period = 20, periodsPerYear = 252) {
    if (!(periodsPerYear > 0)) {
      throw new RangeError(`the periods per year are ${periodsPerYear}; expected a number above 0`);
    }
    this.#window = windowOf(estimator, period);
    this.#periodsPerYear = periodsPerYear;
  }

  reset(): void {
    this.#window.reset();
  }

  update(open: number, high: number, low: number, close: number): number {
    if (!(open > 0 && high > 0 && low > 0 && close > 0)) {
      this.reset();
      return Number.NaN;
    }
    // Rounding may leave a window of equal prices a shade below zero.
    return Math.sqrt(Math.max(0, this.#window.update(open, high, low, close)) * this.#periodsPerYear);
  }
}

/**
 * {@link RealisedVolatility} over bars.
 * @throws RangeError for a period below 1 (2 for sample variances) or columns of different lengths
 */
export function realisedVolatility(
  bars: OpenColumns,
  estimator: VolatilityEstimator,
  period = 20,
  periodsPerYear = 252,
): Float64Array {
  const { open, high, low, close } = bars;
  const result = new Float64Array(checkLengths({ open, high, low, close }));
  const indicator = new RealisedVolatility(estimator, period, periodsPerYear);
  for (let i = 0; i < result.length; i++) {
    result[i] = indicator.update(open[i] as number, high[i] as number, low[i] as number, close[i] as number);
  }
  return result;
}
