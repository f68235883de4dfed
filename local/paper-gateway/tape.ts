import type { BarSeries } from '#core/market/bars.ts';
import type { AssetClass, InstrumentId } from '#core/market/instrument.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/** One regular session of an instrument. */
export interface TapeSession {
  /** Trading date in the instrument's time zone, `yyyy-mm-dd`. */
  readonly date: string;
  readonly openTime: EpochMillis;
  readonly closeTime: EpochMillis;
}

/** What a contract details request answers, and what orders name. */
export interface TapeContract {
  readonly conId: number;
  readonly symbol: string;
  /** TWS security type: STK, IND, CASH, CRYPTO, FUT. */
  readonly secType: string;
  /** Routing exchange, `SMART` for US stocks. */
  readonly exchange: string;
  readonly primaryExchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly multiplier: string;
  readonly longName: string;
  readonly industry: string;
}

/** One instrument of a tape. Prices move in `tick`s, sizes in `lot`s: decimal strings. */
export interface TapeInstrument {
  readonly instrument: InstrumentId;
  readonly assetClass: AssetClass;
  readonly contract: TapeContract;
  readonly tick: string;
  readonly lot: string;
  /** False for what can be watched but not traded, such as an index. */
  readonly tradable: boolean;
  /** IANA time zone of the calendar. */
  readonly timeZone: string;
}

/**
 * The market that the gateway plays: contracts, sessions, minute bars and daily history. Bars are asked for by
 * session, so that a tape may read them lazily; the gateway holds a few sessions at a time. It shows a bar to a
 * client only after the bar's close, whatever the tape could tell.
 */
export interface Tape {
  readonly instruments: readonly TapeInstrument[];
  /** Sessions whose close lies after `from` and whose open lies before `to`, in order. */
  sessions(instrument: InstrumentId, from: EpochMillis, to: EpochMillis): readonly TapeSession[];
  /** The one-minute bars of a session, in order; an empty series where nothing traded. */
  minuteBars(instrument: InstrumentId, date: string): BarSeries;
  /** All daily bars known, in order; the gateway shows those that have closed. */
  dailyBars(instrument: InstrumentId): BarSeries;
}

/** A tape that cannot be played. Names the instrument and what is wrong. */
export class UnplayableTapeError extends Error {
  readonly code = 'UnplayableTape';
  readonly retryable = false;
  constructor(what: string) {
    super(`the tape cannot be played: ${what}`);
    this.name = 'UnplayableTapeError';
  }
}

/** An account that holds or trades what the tape does not have. Names the instruments. */
export class UnknownHoldingsError extends Error {
  readonly code = 'UnknownHoldings';
  readonly retryable = false;
  constructor(missing: readonly InstrumentId[], played: readonly InstrumentId[]) {
    super(
      `the account holds or trades ${missing.join(', ')}, which the tape does not have; play them too (--symbols ${[...played, ...missing].join(',')}) or use another account (--state)`,
    );
    this.name = 'UnknownHoldingsError';
  }
}

/** A tape held in memory: for tests, short runs and people's own bars. */
export interface MemoryTapeInstrument extends TapeInstrument {
  readonly sessions: readonly (TapeSession & { readonly bars: BarSeries })[];
  readonly daily: BarSeries;
}

/** Builds a tape from sessions in memory. @throws UnplayableTapeError on conflicting ids */
export function memoryTape(instruments: readonly MemoryTapeInstrument[]): Tape {
  const byId = new Map(instruments.map((entry) => [entry.instrument, entry]));
  const conIds = new Set(instruments.map((entry) => entry.contract.conId));
  if (byId.size !== instruments.length) throw new UnplayableTapeError('an instrument id occurs twice');
  if (conIds.size !== instruments.length) throw new UnplayableTapeError('a conId occurs twice');
  const of = (instrument: InstrumentId): MemoryTapeInstrument => {
    const found = byId.get(instrument);
    if (found === undefined)
      throw new UnplayableTapeError(`it has no instrument ${JSON.stringify(instrument)}`);
    return found;
  };
  return {
    instruments,
    sessions: (instrument, from, to) =>
      of(instrument).sessions.filter((session) => session.closeTime > from && session.openTime < to),
    minuteBars(instrument, date) {
      const session = of(instrument).sessions.find((candidate) => candidate.date === date);
      if (session === undefined) throw new UnplayableTapeError(`${instrument} has no session ${date}`);
      return session.bars;
    },
    dailyBars: (instrument) => of(instrument).daily,
  };
}
