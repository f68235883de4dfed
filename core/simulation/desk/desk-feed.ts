import { aggregateBars } from '#core/market/aggregate.ts';
import { type Bar, type BarSeries, barAt } from '#core/market/bars.ts';
import { newYorkDate, type Session } from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { intradayPath } from '#core/market/intraday-path.ts';
import { type DailyHistories, digestedHistories, namedHistories } from './daily-history.ts';

/** Whom the desk is told that its market data comes from. */
export const SOURCE = 'simulation';

/** What the desk watches: the daily bars of an instrument, and minute bars of its own by session date where there are any. */
export interface DeskInstrument {
  readonly instrument: Instrument;
  readonly daily: BarSeries;
  readonly minutes?: ReadonlyMap<string, BarSeries> | null;
}

/** An instrument as it is played: its histories, and its days inside. */
export class PlayedInstrument {
  readonly instrument: Instrument;
  readonly histories: DailyHistories;
  readonly #days: ReadonlyMap<string, Bar>;
  readonly #minutes: ReadonlyMap<string, BarSeries> | null;

  /** @param heard whether somebody hears the events, and their digests must be those of what they name */
  constructor({ instrument, daily, minutes }: DeskInstrument, heard: boolean) {
    this.instrument = instrument;
    this.histories = heard ? digestedHistories(daily, SOURCE) : namedHistories(daily);
    this.#minutes = minutes ?? null;
    const days = new Map<string, Bar>();
    for (let i = 0; i < daily.length; i++)
      days.set(newYorkDate(daily.closeTime[i] as number), barAt(daily, i));
    this.#days = days;
  }

  trades(date: string): boolean {
    return this.#days.has(date);
  }

  /** The bars inside a session: the user's own, or a path that honours the session's bar. Null where there is none. */
  bars(session: Session, seed: string, minutes: number): { series: BarSeries; modelled: boolean } | null {
    const own = this.#minutes?.get(session.date);
    const day = this.#days.get(session.date);
    if (own === undefined && day === undefined) return null;
    if (own === undefined)
      return { series: intradayPath(this.instrument, session, day as Bar, seed, minutes), modelled: true };
    const series = aggregateBars(own, { unit: 'minute', count: minutes }, this.instrument.sessionTemplate);
    return { series, modelled: false };
  }
}
