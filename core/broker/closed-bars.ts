import { type JournalEntry, journalEntry, type NewEvent } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import {
  CALENDAR_FIRST_DATE,
  CALENDAR_LAST_DATE,
  nextOpen,
  OutsideCalendarError,
  sessionAt,
} from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { numberText } from '#core/values/decimal.ts';
import { barProblem } from './believable-bar.ts';
import type { BrokerBar } from './broker-port.ts';
import { BRIDGE } from './order-facts.ts';

/** An intraday bar whose time is over. */
export interface ClosedBar {
  readonly session: string;
  readonly openTime: EpochMillis;
  readonly closeTime: EpochMillis;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
}

/** Where a closed bar stands in the journal of its session. */
export const closedBarKey = (instrument: string, { closeTime }: Pick<ClosedBar, 'closeTime'>): string =>
  `${instrument}@${instantText(closeTime)}`;

interface BarOrigin {
  readonly minutes: number;
  readonly source: string;
  readonly modelled: boolean;
}

/** A closed bar as it is journaled. */
export const barClosed = (instrument: string, bar: ClosedBar, of: BarOrigin): JournalEntry<'BarClosed'> =>
  journalEntry(closedBarEvent(instrument, bar, of));

/** What a closed bar says. @throws NotADecimalError for a price or volume that is not finite */
export function closedBarEvent(instrument: string, bar: ClosedBar, of: BarOrigin): NewEvent<'BarClosed'> {
  return {
    type: 'BarClosed',
    key: closedBarKey(instrument, bar),
    correlationId: correlations.session(bar.session),
    causationId: null,
    sender: BRIDGE,
    occurredAt: bar.closeTime,
    data: {
      instrument,
      session: bar.session,
      minutes: of.minutes,
      openTime: instantText(bar.openTime),
      closeTime: instantText(bar.closeTime),
      open: numberText(bar.open),
      high: numberText(bar.high),
      low: numberText(bar.low),
      close: numberText(bar.close),
      volume: bar.volume === null ? null : numberText(bar.volume),
      source: of.source,
      modelled: of.modelled,
    },
  };
}

/**
 * Turns a subscription to bars that are kept up to date into closed bars: each once, in order, never a part of one. A bar is
 * closed when the next one begins or when its time and a grace are over; what an interruption hid comes back with the
 * history that a new subscription begins with.
 */
export interface BarCloser {
  /** A subscription begins: first its history, then updates. */
  begin(): void;
  history(bar: BrokerBar): void;
  /** The history is complete. */
  historyEnd(now: EpochMillis): readonly ClosedBar[];
  update(bar: BrokerBar, now: EpochMillis): readonly ClosedBar[];
  /** Nothing more may be believed of the bar in the making until a new subscription. */
  interrupt(): void;
  /** When {@link due} will have something if nothing comes before; null where no bar is in the making. */
  readonly dueAt: EpochMillis | null;
  due(now: EpochMillis): readonly ClosedBar[];
}

/** @param graceMillis how long after a bar's end its last update is waited for */
export function barCloser(instrument: Instrument, minutes: number, graceMillis: number): BarCloser {
  const width = minutes * 60_000;
  let live = false;
  let backfill: ClosedBar[] = [];
  let current: ClosedBar | null = null;
  let lastClosed = Number.NEGATIVE_INFINITY;

  const closed = (bars: readonly ClosedBar[]): readonly ClosedBar[] => {
    const fresh = bars.filter((bar) => bar.openTime > lastClosed);
    const last = fresh.at(-1);
    if (last !== undefined) lastClosed = last.openTime;
    return fresh;
  };
  const isOver = (bar: ClosedBar, now: EpochMillis): boolean => bar.closeTime + graceMillis <= now;

  return {
    begin() {
      live = false;
      backfill = [];
      current = null;
    },
    history(bar) {
      const placed = placedBar(instrument, width, bar);
      if (placed !== null && !live) backfill.push(placed);
    },
    historyEnd(now) {
      const bars = backfill.sort((left, right) => left.openTime - right.openTime);
      backfill = [];
      live = true;
      const over = bars.filter((bar) => isOver(bar, now));
      current = bars.findLast((bar) => !isOver(bar, now)) ?? null;
      // Two bars can be within their grace only where the grace is longer than a bar; the earlier one is then over.
      const between = bars.filter((bar) => !isOver(bar, now) && bar !== current);
      return closed([...over, ...between]);
    },
    update(bar, now) {
      const placed = placedBar(instrument, width, bar);
      if (!live || placed === null || placed.openTime <= lastClosed) return [];
      if (current !== null && placed.openTime < current.openTime) return [];
      const previous = current !== null && placed.openTime > current.openTime ? [current] : [];
      current = placed;
      const done = closed(previous);
      if (!isOver(placed, now)) return done;
      current = null;
      return [...done, ...closed([placed])];
    },
    interrupt() {
      live = false;
      backfill = [];
      current = null;
    },
    get dueAt() {
      return live && current !== null ? current.closeTime + graceMillis : null;
    },
    due(now) {
      if (!live || current === null || !isOver(current, now)) return [];
      const bar = current;
      current = null;
      return closed([bar]);
    },
  };
}

/**
 * When an instrument that was last heard of at `heard` will have been silent for `patience`, counted within one session
 * only: outside no bar comes. Not before `now` where it was heard of in time; null where no calendar says.
 */
export function silentAt(
  { sessionTemplate }: Instrument,
  heard: EpochMillis,
  now: EpochMillis,
  patience: number,
): EpochMillis | null {
  try {
    const session = sessionAt(sessionTemplate, now);
    if (session !== null) {
      const due = Math.max(heard, session.open) + patience;
      if (due < session.close) return due;
    }
    return nextOpen(sessionTemplate, now) + patience;
  } catch (fault) {
    if (fault instanceof OutsideCalendarError) return null;
    throw fault;
  }
}

const FIRST_INSTANT = Date.parse(`${CALENDAR_FIRST_DATE}T12:00:00Z`);
const LAST_INSTANT = Date.parse(`${CALENDAR_LAST_DATE}T00:00:00Z`);

/** The bar with its place in a session, or null where it is none of the instrument's regular trading or cannot be believed. */
function placedBar(instrument: Instrument, width: number, bar: BrokerBar): ClosedBar | null {
  const openTime = Number(bar.time) * 1_000;
  if (!Number.isSafeInteger(openTime) || bar.time.trim() === '') return null;
  if (openTime < FIRST_INSTANT || openTime >= LAST_INSTANT) return null;
  if (barProblem(instrument, bar) !== null) return null;
  const session = sessionAt(instrument.sessionTemplate, openTime);
  if (session === null) return null;
  return {
    session: session.date,
    openTime,
    closeTime: Math.min(openTime + width, session.close),
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volume: bar.volume !== null && bar.volume >= 0 ? bar.volume : null,
  };
}
