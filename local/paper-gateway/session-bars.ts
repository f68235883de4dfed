import type { BarSeries } from '#core/market/bars.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Tape, TapeSession } from './tape.ts';

const DAY = 86_400_000;
/** Longest break between two sessions that is still one calendar; exchanges have closed for a week before. */
const LONGEST_BREAK = 30 * DAY;
/** Sessions held in memory: what plays now, and what history requests came for last. */
const SESSIONS_HELD = 48;

/** The tape's sessions with the latest few in memory. */
export class SessionBars {
  readonly #tape: Tape;
  readonly #held = new Map<string, BarSeries>();

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** The minute bars of a session. */
  of(instrument: InstrumentId, date: string): BarSeries {
    const key = `${instrument} ${date}`;
    const known = this.#held.get(key);
    const bars = known ?? this.#tape.minuteBars(instrument, date);
    this.#held.delete(key);
    this.#held.set(key, bars);
    const oldest = this.#held.keys().next();
    if (this.#held.size > SESSIONS_HELD && oldest.done === false) this.#held.delete(oldest.value);
    return bars;
  }

  /** The session in progress at an instant or the next one, null after the tape's end. */
  sessionAt(instrument: InstrumentId, at: EpochMillis): TapeSession | null {
    return this.#tape.sessions(instrument, at, at + LONGEST_BREAK)[0] ?? null;
  }

  /** Sessions between two instants, however far they lie before the tape's first day. */
  sessions(instrument: InstrumentId, from: EpochMillis, to: EpochMillis): readonly TapeSession[] {
    const daily = this.daily(instrument);
    const first = daily.length === 0 ? from : (daily.openTime[0] as number);
    return to <= first ? [] : this.#tape.sessions(instrument, Math.max(from, first), to);
  }

  daily(instrument: InstrumentId): BarSeries {
    return this.#tape.dailyBars(instrument);
  }
}
