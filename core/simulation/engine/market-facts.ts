import { historySlippage } from '#core/agents/execution/trading-cost.ts';
import { median, VOLATILITY_SESSIONS } from '#core/agents/strategy/instrument-state.ts';
import { aggregateBars } from '#core/market/aggregate.ts';
import { type BarSeries, closedBy, sliceBars } from '#core/market/bars.ts';
import { nextOpen, type Session, sessionAt } from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { returnCorrelation } from '#core/risk/return-correlation.ts';
import type { Feed } from './feed.ts';
import type { SimulatedAccount } from './simulated-account.ts';

const DAY_MINUTES = 1440;
/** Bars that a correlation may be measured over: twice its sessions, and some for those not in common. */
const CORRELATED_BARS = 180;

/** What the gate asks about the instruments of a simulation, told from the bars that have closed. */
export class MarketFacts {
  readonly ids: readonly string[];
  readonly #feeds: readonly Feed[];
  readonly #account: SimulatedAccount;
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #histories: readonly BarSeries[];

  constructor(feeds: readonly Feed[], account: SimulatedAccount) {
    this.#feeds = feeds;
    this.#account = account;
    this.ids = feeds.map(({ instrument }) => instrument.id);
    this.#indexes = new Map(this.ids.map((id, i) => [id, i]));
    this.#histories = feeds.map(({ series, instrument }) =>
      series.interval.unit === 'session'
        ? series
        : aggregateBars(series, { unit: 'session' }, instrument.sessionTemplate),
    );
  }

  indexOf(id: string): number | undefined {
    return this.#indexes.get(id);
  }

  find(id: string): Instrument | undefined {
    return this.#feeds[this.#indexes.get(id) ?? -1]?.instrument;
  }

  at(i: number): Instrument {
    return this.#feed(i).instrument;
  }

  /** The last close, in the instrument's currency. */
  mark(i: number): number {
    return this.#account.marks[i] as number;
  }

  /** Length of a bar in minutes. */
  minutes(i: number): number {
    const { interval } = this.#feed(i).series;
    return interval.unit === 'minute' ? interval.count : DAY_MINUTES;
  }

  /** The session that an order given now can trade in: the one in progress, else the next. */
  session(i: number, now: number): Session {
    const { sessionTemplate } = this.at(i);
    return (
      sessionAt(sessionTemplate, now) ??
      (sessionAt(sessionTemplate, nextOpen(sessionTemplate, now)) as Session)
    );
  }

  correlation(left: string, right: string, now: number): ReturnType<typeof returnCorrelation> {
    return returnCorrelation(this.#history(left, now), this.#history(right, now));
  }

  /** The median volume of the last bars, in units; null where none is known. */
  expectedVolume(i: number): number | null {
    const usual = median(this.#recent(i).volume);
    return Number.isFinite(usual) ? usual : null;
  }

  /** What a market order would cost by the last bars, as a fraction of its price; null where they are too few. */
  slippage(i: number, quantity: number): number | null {
    return historySlippage(this.at(i), this.#recent(i), this.mark(i), quantity);
  }

  #feed(i: number): Feed {
    return this.#feeds[i] as Feed;
  }

  #history(id: string, now: number): BarSeries {
    const closed = closedBy(this.#histories[this.#indexes.get(id) as number] as BarSeries, now);
    return sliceBars(closed, closed.length - CORRELATED_BARS, closed.length);
  }

  #recent(i: number): BarSeries {
    const { series, closed } = this.#feed(i);
    return sliceBars(series, closed - VOLATILITY_SESSIONS - 1, closed);
  }
}
