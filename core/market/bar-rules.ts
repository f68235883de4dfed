import type { EpochMillis } from '#core/values/clock.ts';
import type { BarInterval } from './bars.ts';
import { type Session, sessionAt, sessionOn } from './calendar.ts';
import type { CivilDate } from './civil-date.ts';
import type { Instrument, SessionTemplate } from './instrument.ts';

/** A bar as a source gave it, before anything is believed. */
export interface ObservedBar {
  /** Where it stands: the line of a file, or the row of a table (from 1). */
  readonly source: number;
  /** The session's date for session bars; the open of the bar for minute bars. */
  readonly time: CivilDate | EpochMillis;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** NaN where unknown. */
  readonly volume: number;
}

export type QuarantineReason =
  | 'not-finite'
  | 'not-positive'
  | 'inconsistent-range'
  | 'negative-volume'
  | 'no-session'
  | 'outside-calendar'
  | 'misaligned'
  | 'out-of-order'
  | 'duplicate'
  | 'conflicting-duplicate'
  | 'delisted'
  | 'expired'
  | 'excessive-move';

/** A reason and the sentence that goes with it. */
export type BarProblem = readonly [QuarantineReason, string];

/** Where a bar stands in time. */
export interface PlacedBar {
  readonly bar: ObservedBar;
  readonly openTime: EpochMillis;
  readonly closeTime: EpochMillis;
  readonly session: Session;
}

const G10 = new Set(['USD', 'EUR', 'JPY', 'GBP', 'AUD', 'NZD', 'CAD', 'CHF', 'NOK', 'SEK']);

/**
 * The largest believable move of one bar, as a fraction, without a corporate action; null where none is set: options
 * lose everything in a day, and a future may pass zero (2020-04-20). Pairs of G10 currencies 10 %, crypto 80 %, equities,
 * indices and other currencies 50 %.
 */
export function largestMove(instrument: Instrument): number | null {
  switch (instrument.assetClass) {
    case 'crypto':
      return 0.8;
    case 'forex': {
      const letters = instrument.id.replace(/[^A-Z]/g, '');
      return letters.length === 6 && G10.has(letters.slice(0, 3)) && G10.has(letters.slice(3)) ? 0.1 : 0.5;
    }
    case 'option':
    case 'future':
      return null;
    case 'equity':
    case 'index':
      return 0.5;
  }
}

/** Whether prices at or below zero are possible (futures: 2020-04-20). */
export function allowsNonPositive(instrument: Instrument): boolean {
  return instrument.assetClass === 'future';
}

/** What is wrong with the values of a bar, taken alone. */
export function valueProblem(bar: ObservedBar, instrument: Instrument): BarProblem | undefined {
  const { open, high, low, close, volume } = bar;
  for (const [name, value] of [
    ['open', open],
    ['high', high],
    ['low', low],
    ['close', close],
  ] as const) {
    if (!Number.isFinite(value)) return ['not-finite', `${name} is ${value}`];
    if (value <= 0 && !allowsNonPositive(instrument))
      return ['not-positive', `${name} is ${value}; expected more than 0`];
  }
  if (volume === Number.POSITIVE_INFINITY || volume === Number.NEGATIVE_INFINITY) {
    return ['not-finite', `volume is ${volume}`];
  }
  if (volume < 0) return ['negative-volume', `volume is ${volume}; expected 0 or more`];
  if (low > Math.min(open, close) || high < Math.max(open, close)) {
    return ['inconsistent-range', `low ${low} ≤ open ${open}, close ${close} ≤ high ${high} does not hold`];
  }
  return undefined;
}

/** The times and session of a bar, or why it has none: session bars by their date, minute bars on the grid of a session. */
export function placeBar(
  bar: ObservedBar,
  interval: BarInterval,
  template: SessionTemplate,
): PlacedBar | BarProblem {
  try {
    if (interval.unit === 'session') {
      if (typeof bar.time !== 'string')
        return ['misaligned', `a session bar needs a date, not the instant ${bar.time}`];
      const session = sessionOn(template, bar.time);
      if (session === null) return ['no-session', `${bar.time} is not a session of the ${template} calendar`];
      return { bar, openTime: session.open, closeTime: session.close, session };
    }
    if (typeof bar.time !== 'number')
      return ['misaligned', `a minute bar needs an instant, not the date ${bar.time}`];
    const session = sessionAt(template, bar.time);
    if (session === null) {
      return [
        'no-session',
        `${new Date(bar.time).toISOString()} is outside the sessions of the ${template} calendar`,
      ];
    }
    const width = interval.count * 60_000;
    if ((bar.time - session.open) % width !== 0) {
      return [
        'misaligned',
        `${new Date(bar.time).toISOString()} is not a whole number of ${interval.count}-minute bars after the open`,
      ];
    }
    const closeTime = Math.min(bar.time + width, session.close);
    return { bar, openTime: bar.time, closeTime, session };
  } catch (fault) {
    if (
      fault instanceof Error &&
      'code' in fault &&
      (fault.code === 'OutsideCalendar' || fault.code === 'NotADate')
    ) {
      return ['outside-calendar', fault.message];
    }
    throw fault;
  }
}
