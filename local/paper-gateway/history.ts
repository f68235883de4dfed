import { type Bar, type BarSeries, barAt } from '#core/market/bars.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { SessionBars } from './session-bars.ts';
import type { TapeInstrument } from './tape.ts';

const DAY = 86_400_000;

/** A bar of a historical answer. */
export interface HistoryBar extends Bar {
  /** Volume-weighted average of the closes inside, the close itself for one bar. */
  readonly average: number;
  /** Trading date of a daily bar, null for intraday bars. */
  readonly date: string | null;
}

/** Bar sizes in minutes, as TWS writes them. Anything shorter or longer is not on a tape of minutes and days. */
export const INTRADAY_SIZES: Readonly<Record<string, number>> = {
  '1 min': 1,
  '2 mins': 2,
  '3 mins': 3,
  '5 mins': 5,
  '10 mins': 10,
  '15 mins': 15,
  '20 mins': 20,
  '30 mins': 30,
  '1 hour': 60,
};

/** What a duration covers: a span of time, or so many trading days. */
export type Duration =
  | { readonly kind: 'span'; readonly millis: number }
  | { readonly kind: 'sessions'; readonly count: number };

const DURATION = /^(\d{1,6}) ([SDWMY])$/;
const SPAN_DAYS: Readonly<Record<string, number>> = { W: 7, M: 30.4375, Y: 365.25 };

/** Reads `1800 S`, `5 D` (trading days), `2 W`, `6 M`, `1 Y`; null for anything else. */
export function parseDuration(written: string): Duration | null {
  const match = DURATION.exec(written.trim());
  if (match === null) return null;
  const count = Number(match[1]);
  if (count === 0) return null;
  if (match[2] === 'S') return { kind: 'span', millis: count * 1000 };
  if (match[2] === 'D') return { kind: 'sessions', count };
  return { kind: 'span', millis: count * (SPAN_DAYS[match[2] as string] as number) * DAY };
}

/** Daily bars that had closed by `end`, the last `duration` of them. */
export function dailyHistory(
  sessions: SessionBars,
  instrument: TapeInstrument,
  end: EpochMillis,
  duration: Duration,
  dateOf: (at: EpochMillis) => string,
): HistoryBar[] {
  const daily = sessions.daily(instrument.instrument);
  let last = daily.length;
  while (last > 0 && (daily.closeTime[last - 1] as number) > end) last -= 1;
  let first = duration.kind === 'sessions' ? Math.max(0, last - duration.count) : last;
  if (duration.kind === 'span') {
    while (first > 0 && (daily.closeTime[first - 1] as number) > end - duration.millis) first -= 1;
  }
  const bars: HistoryBar[] = [];
  for (let index = first; index < last; index += 1) {
    const bar = barAt(daily, index);
    bars.push({ ...bar, average: bar.close, date: dateOf(bar.openTime) });
  }
  return bars;
}

/** Bars of `minutes` made of the minute bars that had closed by `end`, the last one possibly still forming. */
export function intradayHistory(
  sessions: SessionBars,
  instrument: TapeInstrument,
  end: EpochMillis,
  duration: Duration,
  minutes: number,
): HistoryBar[] {
  const id = instrument.instrument;
  const span = duration.kind === 'span' ? duration.millis : duration.count * 3 * DAY + 10 * DAY;
  const played = sessions
    .sessions(id, Math.max(0, end - span), end)
    .filter((session) => session.openTime < end);
  const wanted = duration.kind === 'sessions' ? played.slice(-duration.count) : played;
  const from = duration.kind === 'span' ? end - duration.millis : Number.NEGATIVE_INFINITY;
  return wanted.flatMap((session) =>
    grouped(sessions.of(id, session.date), session.openTime, minutes, from, end),
  );
}

/** The bar of `minutes` that contains the minute opening at `openTime`, made of what had closed by `end`. */
export function formingBar(
  bars: BarSeries,
  sessionOpen: EpochMillis,
  minutes: number,
  openTime: EpochMillis,
  end: EpochMillis,
): HistoryBar | null {
  const start = bucket(openTime, sessionOpen, minutes);
  return grouped(bars, sessionOpen, minutes, start, end).find((bar) => bar.openTime === start) ?? null;
}

const bucket = (openTime: EpochMillis, sessionOpen: EpochMillis, minutes: number): EpochMillis =>
  sessionOpen + Math.floor((openTime - sessionOpen) / (minutes * 60_000)) * minutes * 60_000;

function grouped(
  bars: BarSeries,
  sessionOpen: EpochMillis,
  minutes: number,
  from: EpochMillis,
  end: EpochMillis,
): HistoryBar[] {
  const made: HistoryBar[] = [];
  let start = Number.NaN;
  let weighted = 0;
  for (let index = 0; index < bars.length; index += 1) {
    const bar = barAt(bars, index);
    if (bar.closeTime > end) break;
    if (bar.openTime < from) continue;
    const opens = bucket(bar.openTime, sessionOpen, minutes);
    if (opens !== start) {
      start = opens;
      weighted = bar.close * bar.volume;
      made.push({ ...bar, openTime: opens, average: bar.close, date: null });
      continue;
    }
    const before = made[made.length - 1] as HistoryBar;
    const volume = before.volume + bar.volume;
    weighted += bar.close * bar.volume;
    made[made.length - 1] = {
      openTime: opens,
      closeTime: bar.closeTime,
      open: before.open,
      high: Math.max(before.high, bar.high),
      low: Math.min(before.low, bar.low),
      close: bar.close,
      volume,
      average: volume > 0 ? weighted / volume : bar.close,
      date: null,
    };
  }
  return made;
}
