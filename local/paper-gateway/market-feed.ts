import { type Bar, type BarSeries, barAt, closedBy } from '#core/market/bars.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';
import type { SessionBars } from './session-bars.ts';
import type { Tape, TapeInstrument, TapeSession } from './tape.ts';

/** A minute bar as it closes. */
export interface FeedBar extends Bar {
  readonly instrument: TapeInstrument;
  readonly session: TapeSession;
  readonly sessionStart: boolean;
  readonly sessionEnd: boolean;
}

/** What has happened in an instrument's session so far, from closed bars only. */
export interface DayView {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly last: Bar;
  /** Units traded, NaN where the tape does not know. */
  readonly volume: number;
}

interface Playhead {
  readonly instrument: TapeInstrument;
  session: TapeSession | null;
  bars: BarSeries | null;
  next: number;
  day: DayView | null;
}

/**
 * Plays the tape: one timer per bar close, instruments in their order where several bars close together, each in a
 * timer of its own, so that a stepped clock can let the consequences of one settle before the next.
 */
export class MarketFeed {
  readonly #clock: TimerClock;
  readonly #sessions: SessionBars;
  readonly #onBar: (bar: FeedBar) => void;
  readonly #heads: readonly Playhead[];
  #timer: Timer | null = null;

  constructor(tape: Tape, sessions: SessionBars, clock: TimerClock, onBar: (bar: FeedBar) => void) {
    this.#clock = clock;
    this.#sessions = sessions;
    this.#onBar = onBar;
    this.#heads = tape.instruments.map((instrument) => ({
      instrument,
      session: null,
      bars: null,
      next: 0,
      day: null,
    }));
  }

  /**
   * Begins to play. Bars that closed after `matchedUntil` but before now are played at once, as the exchange went on
   * while the gateway was down; earlier ones of the session only make up the day's view.
   */
  start(matchedUntil: (instrument: InstrumentId) => EpochMillis | null): void {
    const now = this.#clock.now();
    for (const head of this.#heads) {
      const until = matchedUntil(head.instrument.instrument);
      this.#seek(head, Math.min(until ?? now, now));
    }
    for (let due = this.#due(); due !== null && due.at <= now; due = this.#due()) this.#play(due.head);
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** The session so far, null before its first bar has closed. */
  day(instrument: InstrumentId): DayView | null {
    return this.#heads.find((head) => head.instrument.instrument === instrument)?.day ?? null;
  }

  /** The last close before the current session, null where the tape has no history. */
  previousClose(instrument: InstrumentId): number | null {
    const head = this.#heads.find((candidate) => candidate.instrument.instrument === instrument);
    const cut = Math.min(head?.session?.openTime ?? Number.POSITIVE_INFINITY, this.#clock.now());
    const daily = closedBy(this.#sessions.daily(instrument), cut);
    return daily.length === 0 ? null : barAt(daily, daily.length - 1).close;
  }

  #seek(head: Playhead, after: EpochMillis): void {
    head.session = this.#sessions.sessionAt(head.instrument.instrument, after);
    head.day = null;
    head.next = 0;
    head.bars =
      head.session === null ? null : this.#sessions.of(head.instrument.instrument, head.session.date);
    if (head.bars === null) return;
    const seen = closedBy(head.bars, after).length;
    for (; head.next < seen; head.next += 1) head.day = extend(head.day, barAt(head.bars, head.next));
    this.#skipEmpty(head);
  }

  /** Moves on from a session whose bars have all been played. */
  #skipEmpty(head: Playhead): void {
    while (head.session !== null && head.bars !== null && head.next >= head.bars.length) {
      const following = this.#sessions.sessionAt(head.instrument.instrument, head.session.closeTime);
      if (following !== null && following.closeTime <= head.session.closeTime) return;
      if (following === null) {
        head.bars = null;
        return;
      }
      head.session = following;
      head.bars = this.#sessions.of(head.instrument.instrument, following.date);
      head.next = 0;
    }
  }

  #due(): { readonly head: Playhead; readonly at: EpochMillis } | null {
    let first: { head: Playhead; at: EpochMillis } | null = null;
    for (const head of this.#heads) {
      if (head.bars === null || head.next >= head.bars.length) continue;
      const at = head.bars.closeTime[head.next] as number;
      if (first === null || at < first.at) first = { head, at };
    }
    return first;
  }

  #arm(): void {
    const due = this.#due();
    this.#timer =
      due === null
        ? null
        : this.#clock.schedule(due.at, () => {
            this.#play(due.head);
            this.#arm();
          });
  }

  #play(head: Playhead): void {
    const { session, bars } = head;
    if (session === null || bars === null) return;
    const bar = barAt(bars, head.next);
    const sessionStart = head.next === 0;
    const sessionEnd = bar.closeTime >= session.closeTime || head.next === bars.length - 1;
    head.day = extend(sessionStart ? null : head.day, bar);
    head.next += 1;
    this.#onBar({ ...bar, instrument: head.instrument, session, sessionStart, sessionEnd });
    this.#skipEmpty(head);
  }
}

function extend(day: DayView | null, bar: Bar): DayView {
  if (day === null) return { open: bar.open, high: bar.high, low: bar.low, last: bar, volume: bar.volume };
  return {
    open: day.open,
    high: Math.max(day.high, bar.high),
    low: Math.min(day.low, bar.low),
    last: bar,
    volume: day.volume + bar.volume,
  };
}
