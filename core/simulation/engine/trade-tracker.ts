import type { InstrumentId } from '#core/market/instrument.ts';
import type { Trade } from '../simulation-result.ts';

/** Follows one instrument's round trips; amounts in the instrument's currency times the rate given at the end of each. */
export class TradeTracker {
  readonly trades: Trade[] = [];
  readonly #instrument: InstrumentId;
  readonly #multiplier: number;
  #direction = 0;
  #held = 0;
  #largest = 0;
  #entryTime = 0;
  #entryBar = 0;
  #entryUnits = 0;
  #entryValue = 0;
  #exitUnits = 0;
  #exitValue = 0;
  #gain = 0;
  #fees = 0;
  #adverse = 0;
  #favourable = 0;

  constructor(instrument: InstrumentId, multiplier: number) {
    this.#instrument = instrument;
    this.#multiplier = multiplier;
  }

  /** Takes one fill: signed units, the profit it realised before fees, its fee, the position after it. */
  fill(
    time: number,
    bar: number,
    signed: number,
    price: number,
    fee: number,
    gain: number,
    rate: number,
  ): void {
    const size = Math.abs(signed);
    const reducing = this.#direction !== 0 && Math.sign(signed) !== this.#direction;
    const closing = reducing ? Math.min(size, this.#held) : 0;
    const opening = size - closing;
    if (closing > 0) {
      this.#exitUnits += closing;
      this.#exitValue += closing * price;
      this.#gain += gain;
      this.#fees += (fee * closing) / size;
      this.#held -= closing;
      if (this.#held === 0) this.#finish(time, bar, rate, false);
    }
    if (opening === 0) return;
    if (this.#direction === 0) {
      this.#direction = Math.sign(signed);
      this.#entryTime = time;
      this.#entryBar = bar;
    }
    this.#held += opening;
    this.#largest = Math.max(this.#largest, this.#held);
    this.#entryUnits += opening;
    this.#entryValue += opening * price;
    this.#fees += (fee * opening) / size;
  }

  /** Excursions of a bar that the position was held through. `basis` is the signed cost of what is open. */
  excursion(low: number, high: number, quantity: number, basis: number): void {
    const unit = quantity * this.#multiplier;
    const worst = (quantity > 0 ? low : high) * unit - basis;
    const best = (quantity > 0 ? high : low) * unit - basis;
    if (this.#gain + worst < -this.#adverse) this.#adverse = -(this.#gain + worst);
    if (this.#gain + best > this.#favourable) this.#favourable = this.#gain + best;
  }

  /** A split changes units and prices of what is open, not what it cost. */
  scale(ratio: number): void {
    this.#held *= ratio;
    this.#largest *= ratio;
    this.#entryUnits *= ratio;
    this.#exitUnits *= ratio;
  }

  /** Closes the books on a trade that is still open, at the last mark. */
  atEnd(time: number, bar: number, mark: number, quantity: number, basis: number, rate: number): void {
    if (this.#direction === 0) return;
    this.#exitUnits += this.#held;
    this.#exitValue += this.#held * mark;
    this.#gain += quantity * this.#multiplier * mark - basis;
    this.#finish(time, bar, rate, true);
  }

  #finish(time: number, bar: number, rate: number, open: boolean): void {
    this.trades.push({
      instrument: this.#instrument,
      direction: this.#direction > 0 ? 'long' : 'short',
      entryTime: this.#entryTime,
      exitTime: open ? Number.NaN : time,
      quantity: this.#largest,
      entryPrice: this.#entryValue / this.#entryUnits,
      exitPrice: this.#exitValue / this.#exitUnits,
      profit: (this.#gain - this.#fees) * rate,
      fees: this.#fees * rate,
      bars: bar - this.#entryBar,
      maximumAdverse: Math.max(this.#adverse, -this.#gain, 0) * rate,
      maximumFavourable: Math.max(this.#favourable, this.#gain, 0) * rate,
      open,
    });
    this.#direction = 0;
    this.#held = this.#largest = this.#entryUnits = this.#entryValue = 0;
    this.#exitUnits = this.#exitValue = this.#gain = this.#fees = this.#adverse = this.#favourable = 0;
  }
}
