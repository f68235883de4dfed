import type { BarSeries } from '#core/market/bars.ts';
import { sessionAt } from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { BarLiquidity } from '../matching.ts';
import type { FillModel, MatchBar } from '../orders.ts';
import { InvalidSimulationError } from './errors.ts';

/** The bars of one instrument as they are played: a cursor over the columns, and the current bar in one reused object. */
export class Feed implements MatchBar {
  readonly instrument: Instrument;
  readonly series: BarSeries;
  readonly model: FillModel;
  readonly liquidity: { volume: number; capacity: number; taken: number } & BarLiquidity;
  /** Number of bars that have closed; the next bar has this index. */
  closed = 0;
  open = Number.NaN;
  high = Number.NaN;
  low = Number.NaN;
  close = Number.NaN;
  volume = Number.NaN;
  openTime = Number.NaN;
  sessionStart = true;
  sessionEnd = true;
  readonly #daily: boolean;
  #sessionOpen = Number.NEGATIVE_INFINITY;
  #sessionClose = Number.NEGATIVE_INFINITY;

  constructor(instrument: Instrument, series: BarSeries, model: FillModel) {
    checkBars(series);
    this.instrument = instrument;
    this.series = series;
    this.model = model;
    this.liquidity = { volume: 0, capacity: 0, taken: 0 };
    this.#daily = series.interval.unit === 'session';
  }

  /** Closing time of the next bar; infinity where there is none. */
  get nextClose(): number {
    return this.closed < this.series.length
      ? (this.series.closeTime[this.closed] as number)
      : Number.POSITIVE_INFINITY;
  }

  /** Makes the next bar the current one; {@link load} its columns where an order looks at it. */
  advance(): void {
    this.openTime = this.series.openTime[this.closed] as number;
    this.close = this.series.close[this.closed] as number;
    this.closed++;
  }

  /** Loads what matching needs of the current bar. @throws InvalidSimulationError where it lies outside every session */
  load(): void {
    const { series } = this;
    const index = this.closed - 1;
    this.open = series.open[index] as number;
    this.high = series.high[index] as number;
    this.low = series.low[index] as number;
    this.volume = series.volume[index] as number;
    if (!this.#daily) this.#sessionFlags(index);
  }

  #sessionFlags(index: number): void {
    if (this.openTime >= this.#sessionClose) {
      const session = sessionAt(this.instrument.sessionTemplate, this.openTime);
      if (session === null) {
        throw new InvalidSimulationError(
          `bar ${index} of ${this.instrument.id} opens at ${new Date(this.openTime).toISOString()}, outside every ${this.instrument.sessionTemplate} session; leave such bars out`,
        );
      }
      this.#sessionOpen = session.open;
      this.#sessionClose = session.close;
    }
    const { length, openTime } = this.series;
    this.sessionStart = index === 0 || (openTime[index - 1] as number) < this.#sessionOpen;
    this.sessionEnd = index + 1 >= length || (openTime[index + 1] as number) >= this.#sessionClose;
  }
}

/** Refuses bars that nothing may be computed from. @throws InvalidSimulationError naming bar, value and expectation */
function checkBars({
  instrument,
  length,
  openTime,
  closeTime,
  open,
  high,
  low,
  close,
  volume,
}: BarSeries): void {
  if (length === 0)
    throw new InvalidSimulationError(
      `${instrument} has no bars; give at least one, or leave the instrument out`,
    );
  const refuse = (index: number, problem: string): never => {
    throw new InvalidSimulationError(`bar ${index} of ${instrument}: ${problem}`);
  };
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const o = open[i] as number;
    const h = high[i] as number;
    const l = low[i] as number;
    const c = close[i] as number;
    const v = volume[i] as number;
    if (!(l > 0 && h < Number.POSITIVE_INFINITY && l <= o && l <= c && o <= h && c <= h))
      refuse(
        i,
        `open ${o}, high ${h}, low ${l}, close ${c} are not finite prices above zero with low ≤ open, close ≤ high`,
      );
    if (v < 0 || v === Number.POSITIVE_INFINITY)
      refuse(i, `the volume ${v} is not zero or more; write NaN where it is unknown`);
    const from = openTime[i] as number;
    const to = closeTime[i] as number;
    if (!(from >= before && to > from && to < Number.POSITIVE_INFINITY))
      refuse(
        i,
        `it runs from ${from} to ${to} after a bar that closed at ${before}; bars must be sorted and must not overlap`,
      );
    before = to;
  }
}
