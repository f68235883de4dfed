import { createHash } from 'node:crypto';
import { type BarSeries, barAt, closedBy, sliceBars } from '#core/market/bars.ts';
import { newYorkDate, sessionOn, sessionsBetween } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { intradayPath } from '#core/market/intraday-path.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Tape, TapeContract, TapeInstrument, TapeSession } from '#local/paper-gateway/tape.ts';

/** Bars of one instrument as they are played: real session bars, or the user's own minute bars. */
export interface PlayedInstrument {
  readonly instrument: Instrument;
  readonly daily: BarSeries;
  /** Own minute bars by session date; without them the path inside the day is modelled. */
  readonly minutes: ReadonlyMap<string, BarSeries> | null;
}

const CONTRACT_IDS: Readonly<Record<string, number>> = { AAPL: 265598, SPX: 416904 };
const FIRST_OWN_CONTRACT_ID = 900_000_000;
const KEPT_PATHS = 8;

/** A number for an instrument that the broker's own numbering does not know here: stable, out of the way of real ones. */
function contractId(id: string): number {
  return (
    CONTRACT_IDS[id] ??
    FIRST_OWN_CONTRACT_ID + (createHash('sha256').update(id).digest().readUInt32BE(0) % 90_000_000)
  );
}

function contractOf(instrument: Instrument): TapeContract {
  const index = instrument.assetClass === 'index';
  return {
    conId: contractId(instrument.id),
    symbol: instrument.id,
    secType: index ? 'IND' : 'STK',
    exchange: index ? 'CBOE' : 'SMART',
    primaryExchange: index ? 'CBOE' : instrument.proxyFor === null ? 'NASDAQ' : 'PAPER',
    currency: instrument.currency,
    localSymbol: instrument.id,
    tradingClass: instrument.id,
    multiplier: '',
    longName: instrument.name,
    industry: instrument.sector ?? '',
  };
}

/**
 * The tape of a replay: real session bars, and inside each session either the user's minute bars or a seeded path that
 * honours the session's open, high, low, close and volume. The path is a model and is marked as one wherever it is shown.
 */
export function realTape(played: readonly PlayedInstrument[], seed: string): Tape {
  const byId = new Map(played.map((one) => [one.instrument.id, one]));
  const paths = new Map<string, BarSeries>();
  const of = (id: string): PlayedInstrument => {
    const found = byId.get(id);
    if (found === undefined) throw new RangeError(`the tape has no instrument ${JSON.stringify(id)}`);
    return found;
  };
  const dayOf = ({ daily }: PlayedInstrument, date: string) => {
    const session = sessionOn('us-equity', date);
    if (session === null) return null;
    const until = closedBy(daily, session.close);
    const last = until.length - 1;
    return last >= 0 && newYorkDate(until.closeTime[last] as number) === date
      ? { session, bar: barAt(until, last) }
      : null;
  };
  return {
    instruments: played.map(
      ({ instrument }): TapeInstrument => ({
        instrument: instrument.id,
        assetClass: instrument.assetClass,
        contract: contractOf(instrument),
        tick: instrument.tick,
        lot: instrument.lot,
        tradable: instrument.tradable,
        timeZone: 'America/New_York',
      }),
    ),
    sessions(id, from, to): readonly TapeSession[] {
      const one = of(id);
      return sessionsBetween('us-equity', newYorkDate(from), newYorkDate(to))
        .filter(({ open, close, date }) => close > from && open < to && dayOf(one, date) !== null)
        .map(({ date, open, close }) => ({ date, openTime: open, closeTime: close }));
    },
    minuteBars(id, date) {
      const one = of(id);
      const own = one.minutes?.get(date);
      if (own !== undefined) return own;
      const key = `${id} ${date}`;
      const known = paths.get(key);
      if (known !== undefined) return known;
      const day = dayOf(one, date);
      if (day === null) return sliceBars(one.daily, 0, 0);
      const path = intradayPath(one.instrument, day.session, day.bar, seed);
      paths.set(key, path);
      const oldest = paths.keys().next();
      if (paths.size > KEPT_PATHS && oldest.done === false) paths.delete(oldest.value);
      return path;
    },
    dailyBars: (id) => of(id).daily,
  };
}

/** Sessions in a range for which at least one instrument has a bar. */
export function playedSessions(
  played: readonly PlayedInstrument[],
  from: string,
  to: string,
): readonly { readonly date: string; readonly open: EpochMillis; readonly close: EpochMillis }[] {
  const dates = new Set(
    played.flatMap(({ daily }) => Array.from(daily.closeTime, (closeTime) => newYorkDate(closeTime))),
  );
  return sessionsBetween('us-equity', from, to).filter(({ date }) => dates.has(date));
}

export const playedInstrument = (
  id: string,
  daily: BarSeries,
  minutes: ReadonlyMap<string, BarSeries> | null,
): PlayedInstrument => ({
  instrument: instrumentOf(id),
  daily,
  minutes,
});
