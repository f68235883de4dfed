import type { BarSeries } from '#core/market/bars.ts';
import { type Session, sessionAt } from '#core/market/calendar.ts';
import type { SessionTemplate } from '#core/market/instrument.ts';
import { typicalPrice, type VolumeColumns } from './prices.ts';
import { checkLengths, checkPeriod } from './rolling.ts';

/**
 * On-balance volume (Granville 1963): volume added on a rise of the close, taken off on a fall. Starts (TA-Lib) with the
 * first bar's volume; only its changes mean anything. An unknown volume starts it again.
 */
export class Obv {
  #previousClose = Number.NaN;
  #value = 0;

  reset(): void {
    this.#previousClose = Number.NaN;
    this.#value = 0;
  }

  update(close: number, volume: number): number {
    if (Number.isNaN(close + volume)) {
      this.reset();
      return Number.NaN;
    }
    if (Number.isNaN(this.#previousClose)) this.#value = volume;
    else if (close > this.#previousClose) this.#value += volume;
    else if (close < this.#previousClose) this.#value -= volume;
    this.#previousClose = close;
    return this.#value;
  }
}

/** {@link Obv} over bars. @throws RangeError for columns of different lengths */
export function obv(bars: Pick<VolumeColumns, 'close' | 'volume'>): Float64Array {
  const { close, volume } = bars;
  const result = new Float64Array(checkLengths({ close, volume }));
  const indicator = new Obv();
  for (let i = 0; i < result.length; i++)
    result[i] = indicator.update(close[i] as number, volume[i] as number);
  return result;
}

/**
 * Money flow index: the share of typical price × volume that came on rises of the typical price, over `period` changes,
 * 0 to 100. First value at index `period` (TA-Lib); undefined where no money flowed (TA-Lib says 0).
 */
export class Mfi {
  /** Signed flow of each change: above 0 on a rise, below on a fall. */
  readonly #flows: Float64Array;
  #previous = Number.NaN;
  #next = 0;
  #count = 0;
  #rising = 0;
  #falling = 0;

  constructor(period = 14) {
    this.#flows = new Float64Array(checkPeriod('the period', period));
  }

  reset(): void {
    this.#previous = Number.NaN;
    this.#next = 0;
    this.#count = 0;
    this.#rising = 0;
    this.#falling = 0;
  }

  update(high: number, low: number, close: number, volume: number): number {
    const price = typicalPrice(high, low, close);
    if (Number.isNaN(price + volume)) {
      this.reset();
      return Number.NaN;
    }
    const before = this.#previous;
    this.#previous = price;
    if (Number.isNaN(before)) return Number.NaN;
    const flows = this.#flows;
    const period = flows.length;
    const flow = price > before ? price * volume : price < before ? -price * volume : 0;
    if (this.#count === period) {
      const gone = flows[this.#next] as number;
      if (gone > 0) this.#rising -= gone;
      else this.#falling += gone;
    } else {
      this.#count++;
    }
    if (flow > 0) this.#rising += flow;
    else this.#falling -= flow;
    flows[this.#next] = flow;
    this.#next = this.#next + 1 === period ? 0 : this.#next + 1;
    if (this.#next === 0) this.#recompute();
    if (this.#count < period) return Number.NaN;
    const rising = Math.max(0, this.#rising);
    const total = rising + Math.max(0, this.#falling);
    return total > 0 ? (100 * rising) / total : Number.NaN;
  }

  #recompute(): void {
    this.#rising = 0;
    this.#falling = 0;
    for (let i = 0; i < this.#flows.length; i++) {
      const flow = this.#flows[i] as number;
      if (flow > 0) this.#rising += flow;
      else this.#falling -= flow;
    }
  }
}

/** {@link Mfi} over bars. @throws RangeError for a period below 1 or columns of different lengths */
export function mfi(bars: VolumeColumns, period = 14): Float64Array {
  const { high, low, close, volume } = bars;
  const result = new Float64Array(checkLengths({ high, low, close, volume }));
  const indicator = new Mfi(period);
  for (let i = 0; i < result.length; i++) {
    result[i] = indicator.update(
      high[i] as number,
      low[i] as number,
      close[i] as number,
      volume[i] as number,
    );
  }
  return result;
}

/**
 * Volume-weighted average price since the last `reset`, with the typical price standing for each bar's trades. Undefined
 * until something has traded; an unknown volume leaves it undefined until the reset.
 */
export class Vwap {
  #money = 0;
  #volume = 0;

  reset(): void {
    this.#money = 0;
    this.#volume = 0;
  }

  update(high: number, low: number, close: number, volume: number): number {
    this.#money += typicalPrice(high, low, close) * volume;
    this.#volume += volume;
    return this.#volume > 0 ? this.#money / this.#volume : Number.NaN;
  }
}

/**
 * {@link Vwap} of intraday bars, begun again with each session of the calendar.
 * @throws OutsideCalendarError for bars outside the calendar
 */
export function sessionVwap(bars: BarSeries, template: SessionTemplate): Float64Array {
  const result = new Float64Array(bars.length);
  const indicator = new Vwap();
  let session: Session | null = null;
  for (let i = 0; i < result.length; i++) {
    const time = bars.openTime[i] as number;
    if (session === null || time >= session.close) {
      indicator.reset();
      session = sessionAt(template, time);
    }
    result[i] = indicator.update(
      bars.high[i] as number,
      bars.low[i] as number,
      bars.close[i] as number,
      bars.volume[i] as number,
    );
  }
  return result;
}
