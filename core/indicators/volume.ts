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
  readonly #rising: FlowWindow;
  readonly #falling: FlowWindow;
  readonly #period: number;
  #previous = Number.NaN;
  #count = 0;

  constructor(period = 14) {
    this.#period = checkPeriod('the period', period);
    this.#rising = new FlowWindow(period);
    this.#falling = new FlowWindow(period);
  }

  reset(): void {
    this.#rising.reset();
    this.#falling.reset();
    this.#previous = Number.NaN;
    this.#count = 0;
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
    const rising = this.#rising.add(price > before ? price * volume : 0);
    const falling = this.#falling.add(price < before ? price * volume : 0);
    if (++this.#count < this.#period) return Number.NaN;
    return rising + falling > 0 ? (100 * rising) / (rising + falling) : Number.NaN;
  }
}

/**
 * The sum of the last flows, none below zero. Exactly zero where all are: a rest of rounding there would pass for a
 * market that only rose, or only fell.
 */
class FlowWindow {
  readonly #ring: Float64Array;
  #next = 0;
  #flowing = 0;
  #sum = 0;

  constructor(period: number) {
    this.#ring = new Float64Array(period);
  }

  reset(): void {
    this.#ring.fill(0);
    this.#next = 0;
    this.#flowing = 0;
    this.#sum = 0;
  }

  add(flow: number): number {
    const ring = this.#ring;
    const gone = ring[this.#next] as number;
    ring[this.#next] = flow;
    if (gone > 0) this.#flowing--;
    if (flow > 0) this.#flowing++;
    this.#sum += flow - gone;
    this.#next++;
    if (this.#next === ring.length) {
      this.#next = 0;
      this.#sum = 0;
      for (let i = 0; i < ring.length; i++) this.#sum += ring[i] as number;
    }
    return this.#flowing > 0 ? Math.max(0, this.#sum) : 0;
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
