import type { EpochMillis } from '#core/values/clock.ts';
import { barBuilder } from './bar-builder.ts';
import {
  type ObservedBar,
  type PlacedBar,
  placeBar,
  type QuarantineReason,
  valueProblem,
} from './bar-rules.ts';
import type { BarInterval, BarSeries } from './bars.ts';
import { nextSession, previousSession, type Session, sessionCount, sessionMinutes } from './calendar.ts';
import type { CivilDate } from './civil-date.ts';
import { type CorporateAction, effectiveAt } from './corporate-actions.ts';
import type { Instrument, InstrumentId } from './instrument.ts';
import { expiryOf } from './instrument-contracts.ts';
import { ReferencePrice } from './reference-price.ts';

export { largestMove, type ObservedBar, type QuarantineReason } from './bar-rules.ts';

/** A bar kept out of the series, whole, with the reason. Nothing is repaired and nothing is thrown away. */
export interface QuarantinedBar {
  readonly bar: ObservedBar;
  readonly reason: QuarantineReason;
  readonly detail: string;
}

/** Sessions of the calendar between accepted bars, `from` to `to` inclusive, with none: absent or quarantined. */
export interface SessionGap {
  readonly from: CivilDate;
  readonly to: CivilDate;
  readonly sessions: number;
}

/** A session of minute bars that has fewer than its length allows. Normal for thin instruments; for the reader to judge. */
export interface IncompleteSession {
  readonly date: CivilDate;
  readonly expected: number;
  readonly found: number;
}

/** Prices that moved to another level and stayed: usually a split the corporate actions don't have. */
export interface LevelShift {
  readonly source: number;
  readonly time: CivilDate | EpochMillis;
  /** New level over old: about 1/7 for a missing 7-for-1 split. */
  readonly ratio: number;
  /** Bars quarantined because of it. */
  readonly bars: number;
}

export interface QualityReport {
  readonly instrument: InstrumentId;
  readonly observed: number;
  readonly accepted: number;
  readonly quarantined: readonly QuarantinedBar[];
  readonly gaps: readonly SessionGap[];
  readonly incompleteSessions: readonly IncompleteSession[];
  readonly levelShifts: readonly LevelShift[];
}

/** A checker that takes bars one by one, in the source's order, so that a file larger than memory can pass through it. */
export interface BarInspector {
  /** Bars quarantined so far. */
  readonly quarantined: number;
  observe(bar: ObservedBar): void;
  /** The bars accepted since the last `take`. The newest bar waits for its successor (it may be repeated). */
  take(): BarSeries;
  /** Ends the stream: the last bar is decided, and the report is complete. */
  finish(): { readonly series: BarSeries; readonly report: QualityReport };
}

/** This many bars in a row at a new level are a level shift, not an error in one of them. */
const LEVEL_SHIFT_BARS = 3;

function sameValues(a: ObservedBar, b: ObservedBar): boolean {
  return (
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.close === b.close &&
    Object.is(a.volume, b.volume)
  );
}

/**
 * An inspector for bars of one instrument and interval. Session bars get their times from the calendar; minute bars
 * must start on the interval's grid inside a session. `actions` explain moves: the bar of an ex-date is compared with
 * the last close brought to that date's units, so give them for raw prices and leave out what the source has adjusted.
 */
export function barInspector(
  instrument: Instrument,
  interval: BarInterval,
  actions: readonly CorporateAction[] = [],
): BarInspector {
  const template = instrument.sessionTemplate;
  const reference = new ReferencePrice(instrument, actions);
  const expiry = expiryOf(instrument);
  const accepted = barBuilder(instrument.id, interval);
  const quarantined: QuarantinedBar[] = [];
  const gaps: SessionGap[] = [];
  const incompleteSessions: IncompleteSession[] = [];
  const levelShifts: LevelShift[] = [];
  const delisting = actions.find(
    (action) => action.kind === 'delisting' && action.instrument === instrument.id,
  );
  const delistedAt = delisting === undefined ? Number.POSITIVE_INFINITY : effectiveAt(delisting, template);
  let observed = 0;
  let acceptedCount = 0;
  let pending: (PlacedBar & { conflicted: boolean }) | undefined;
  let run: { first: ObservedBar; ratio: number; level: number; bars: number } | undefined;
  let lastSession: Session | undefined;
  let barsOfSession = 0;

  const quarantine = (bar: ObservedBar, reason: QuarantineReason, detail: string) => {
    quarantined.push({ bar, reason, detail });
  };

  const endRun = () => {
    if (run !== undefined && run.bars >= LEVEL_SHIFT_BARS) {
      levelShifts.push({ source: run.first.source, time: run.first.time, ratio: run.ratio, bars: run.bars });
    }
    run = undefined;
  };

  const moveProblem = (bar: ObservedBar): string | undefined =>
    reference.problem('close', bar.close) ??
    reference.problem('open', bar.open) ??
    reference.problem('high', bar.high) ??
    reference.problem('low', bar.low);

  const closeSession = () => {
    if (lastSession === undefined || interval.unit === 'session') return;
    const expected = Math.ceil(sessionMinutes(lastSession) / interval.count);
    if (barsOfSession < expected) {
      incompleteSessions.push({ date: lastSession.date, expected, found: barsOfSession });
    }
  };

  const noteSession = (session: Session) => {
    if (session === lastSession) {
      barsOfSession++;
      return;
    }
    closeSession();
    if (lastSession !== undefined) {
      const from = nextSession(template, lastSession.date).date;
      if (from < session.date) {
        const to = previousSession(template, session.date).date;
        gaps.push({ from, to, sessions: sessionCount(template, from, to) });
      }
    }
    lastSession = session;
    barsOfSession = 1;
  };

  const decide = (candidate: NonNullable<typeof pending>) => {
    const { bar } = candidate;
    if (candidate.conflicted) return;
    reference.advance(candidate.openTime);
    const problem = moveProblem(bar);
    if (problem !== undefined) {
      quarantine(bar, 'excessive-move', problem);
      const { limit } = reference;
      const near = run !== undefined && limit !== null && Math.abs(bar.close / run.level - 1) <= limit;
      if (run !== undefined && near) {
        run.bars++;
        run.level = bar.close;
      } else {
        endRun();
        run = { first: bar, ratio: bar.close / reference.price, level: bar.close, bars: 1 };
      }
      return;
    }
    endRun();
    reference.believe(bar.close);
    noteSession(candidate.session);
    accepted.push(
      candidate.openTime,
      candidate.closeTime,
      bar.open,
      bar.high,
      bar.low,
      bar.close,
      bar.volume,
    );
    acceptedCount++;
  };

  const settle = () => {
    if (pending !== undefined) decide(pending);
    pending = undefined;
  };

  return {
    get quarantined() {
      return quarantined.length;
    },
    observe(bar) {
      observed++;
      const problem = valueProblem(bar, instrument);
      const placed = placeBar(bar, interval, template);
      if (!('openTime' in placed)) {
        quarantine(bar, placed[0], placed[1]);
        return;
      }
      if (problem !== undefined) {
        quarantine(bar, problem[0], problem[1]);
        return;
      }
      if (placed.openTime >= delistedAt) {
        quarantine(
          bar,
          'delisted',
          `the instrument left the exchange on ${delisting?.exDate}; the bar is of another`,
        );
        return;
      }
      if (expiry !== null && placed.session.date > expiry) {
        quarantine(
          bar,
          'expired',
          `the last day of ${instrument.id} was ${expiry}; the bar is of another contract`,
        );
        return;
      }
      if (pending !== undefined && placed.openTime < pending.openTime) {
        quarantine(
          bar,
          'out-of-order',
          `it stands after ${new Date(pending.openTime).toISOString()} (row ${pending.bar.source})`,
        );
        return;
      }
      if (pending !== undefined && placed.openTime === pending.openTime) {
        if (sameValues(bar, pending.bar)) {
          quarantine(bar, 'duplicate', `the same as row ${pending.bar.source}`);
          return;
        }
        if (!pending.conflicted) {
          pending.conflicted = true;
          quarantine(
            pending.bar,
            'conflicting-duplicate',
            `row ${bar.source} has other values for the same time`,
          );
        }
        quarantine(
          bar,
          'conflicting-duplicate',
          `row ${pending.bar.source} has other values for the same time`,
        );
        return;
      }
      settle();
      pending = { ...placed, conflicted: false };
    },
    take: () => accepted.take(),
    finish() {
      settle();
      endRun();
      closeSession();
      const report = {
        instrument: instrument.id,
        observed,
        accepted: acceptedCount,
        quarantined,
        gaps,
        incompleteSessions,
        levelShifts,
      };
      return { series: accepted.take(), report };
    },
  };
}

/** Checks bars that are all in memory. See {@link barInspector}. */
export function inspectBars(
  instrument: Instrument,
  interval: BarInterval,
  bars: Iterable<ObservedBar>,
  actions: readonly CorporateAction[] = [],
): { readonly series: BarSeries; readonly report: QualityReport } {
  const inspector = barInspector(instrument, interval, actions);
  for (const bar of bars) inspector.observe(bar);
  return inspector.finish();
}
