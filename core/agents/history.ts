import type { BarSeries } from '#core/market/bars.ts';
import { newYorkDate, previousSession, sessionCount } from '#core/market/calendar.ts';
import { DAY_MILLIS, dateOfDay } from '#core/market/civil-date.ts';
import type { Instrument, InstrumentId } from '#core/market/instrument.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';
import type { AgentContext } from './context.ts';

/** What the session in progress has shown by `asOf`. */
export interface RunningSession {
  readonly bars: BarSeries;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly last: number;
  /** NaN where the volume of any bar is unknown. */
  readonly volume: number;
  /** How much of the session has passed at the last bar, (0, 1]. */
  readonly elapsed: number;
  readonly modelled: boolean;
}

/** An instrument's bars, checked: every price that the agent asked for is finite and positive. */
export interface History {
  readonly instrument: Instrument;
  /** Closed sessions. */
  readonly daily: BarSeries;
  readonly running: RunningSession | null;
  /** Closes of the closed sessions and, last, the price of the running session where there is one. */
  readonly closes: Float64Array;
  readonly lastPrice: number;
  readonly dataTime: EpochMillis;
  /** Sessions missing between the last daily bar and the session of the cycle. */
  readonly sessionsBehind: number;
  /** 0…1; see {@link readHistory}. */
  readonly quality: number;
}

export type HistoryAnswer =
  | { readonly kind: 'usable'; readonly history: History }
  | { readonly kind: 'unusable'; readonly reason: string };

/** More sessions behind than this and the bars say nothing of the market of the cycle. */
export const MOST_SESSIONS_BEHIND = 5;
const PROXY_QUALITY = 0.85;
const MODELLED_QUALITY = 0.95;

/** The date of the session that a bar belongs to, by the instrument's calendar. */
export function sessionDateOf(instrument: Instrument, bar: { closeTime: EpochMillis }): string {
  // A crypto session closes at the next UTC midnight, the others inside their own day of New York.
  return instrument.sessionTemplate === 'crypto'
    ? dateOfDay(Math.floor((bar.closeTime - 1) / DAY_MILLIS))
    : newYorkDate(bar.closeTime - 1);
}

function sessionsBehind(context: AgentContext, instrument: Instrument, daily: BarSeries): number {
  const expected = previousSession(instrument.sessionTemplate, context.session).date;
  const last = sessionDateOf(instrument, { closeTime: daily.closeTime[daily.length - 1] as number });
  return last >= expected ? 0 : sessionCount(instrument.sessionTemplate, last, expected) - 1;
}

const isPrice = (value: number): boolean => value > 0 && value < Number.POSITIVE_INFINITY;

function hasPrices({ open, high, low, close }: BarSeries, at: number): boolean {
  return (
    isPrice(open[at] as number) &&
    isPrice(high[at] as number) &&
    isPrice(low[at] as number) &&
    isPrice(close[at] as number)
  );
}

/** Names the first price from bar `from` to `to` (exclusive) that is not one; null where all are. */
function badPrice(instrument: Instrument, bars: BarSeries, from: number, to: number): string | null {
  for (let at = from; at < to; at++) {
    if (hasPrices(bars, at)) continue;
    for (const [name, column] of [
      ['open', bars.open],
      ['high', bars.high],
      ['low', bars.low],
      ['close', bars.close],
    ] as const) {
      const value = column[at] as number;
      if (!isPrice(value)) {
        const date = sessionDateOf(instrument, { closeTime: bars.closeTime[at] as number });
        return `the ${name} of ${date} is ${value}, not a positive price`;
      }
    }
  }
  return null;
}

function runningSession(context: AgentContext, id: InstrumentId): RunningSession | null {
  const bars = context.intraday(id);
  if (bars === null || bars.length === 0 || badPrice(context.instrument(id), bars, 0, bars.length) !== null)
    return null;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  let volume = 0;
  for (let at = 0; at < bars.length; at++) {
    high = Math.max(high, bars.high[at] as number);
    low = Math.min(low, bars.low[at] as number);
    volume += bars.volume[at] as number;
  }
  const closed = bars.closeTime[bars.length - 1] as number;
  const length = context.sessionClose - context.sessionOpen;
  const elapsed = length > 0 ? (closed - context.sessionOpen) / length : 1;
  return {
    bars,
    open: bars.open[0] as number,
    high,
    low,
    last: bars.close[bars.length - 1] as number,
    volume,
    elapsed: Math.min(1, Math.max(1e-3, elapsed)),
    modelled: context.intradayIsModelled(id),
  };
}

/** What the agents of a cycle have read of an instrument: they ask for the same bars, each for its own window of them. */
interface Reading {
  readonly history: History;
  /** The first of the last bars whose prices have been checked. */
  checkedFrom: number;
}

const readings = memoizeByIdentity((_: AgentContext) => new Map<InstrumentId, Reading>());

function readingOf(context: AgentContext, id: InstrumentId, daily: BarSeries): Reading {
  const known = readings(context).get(id);
  if (known !== undefined) return known;
  const reading = { history: historyOf(context, id, daily), checkedFrom: daily.length };
  readings(context).set(id, reading);
  return reading;
}

function historyOf(context: AgentContext, id: InstrumentId, daily: BarSeries): History {
  const instrument = context.instrument(id);
  const running = runningSession(context, id);
  const closes = new Float64Array(daily.length + (running === null ? 0 : 1));
  closes.set(daily.close.subarray(0, daily.length));
  if (running !== null) closes[daily.length] = running.last;
  const lastBars = running?.bars ?? daily;
  const behind = sessionsBehind(context, instrument, daily);
  return {
    instrument,
    daily,
    running,
    closes,
    lastPrice: closes[closes.length - 1] as number,
    dataTime: lastBars.closeTime[lastBars.length - 1] as number,
    sessionsBehind: behind,
    quality:
      0.8 ** behind *
      (instrument.proxyFor === null ? 1 : PROXY_QUALITY) *
      (running?.modelled ? MODELLED_QUALITY : 1),
  };
}

/**
 * An instrument's bars for an agent whose longest window is `needed` daily bars. Unusable, with the reason, where there
 * are fewer, a price of the window is not finite and positive, or the last bar is more than
 * {@link MOST_SESSIONS_BEHIND} sessions behind. Quality: 0.8 for each session behind, × 0.85 for a proxy's series,
 * × 0.95 where a modelled path inside the day is in use.
 */
export function readHistory(context: AgentContext, id: InstrumentId, needed: number): HistoryAnswer {
  const unusable = (reason: string): HistoryAnswer => ({ kind: 'unusable', reason });
  const daily = context.daily(id);
  if (daily === null || daily.length === 0) return unusable('no daily bars');
  if (daily.length < needed)
    return unusable(`${daily.length} daily bars; the longest window needs ${needed}`);
  const reading = readingOf(context, id, daily);
  const { history } = reading;
  const bad = badPrice(history.instrument, daily, daily.length - needed, reading.checkedFrom);
  if (bad !== null) return unusable(bad);
  reading.checkedFrom = Math.min(reading.checkedFrom, daily.length - needed);
  if (history.sessionsBehind > MOST_SESSIONS_BEHIND) {
    return unusable(
      `the last daily bar is ${history.sessionsBehind} sessions behind; at most ${MOST_SESSIONS_BEHIND} are usable`,
    );
  }
  return { kind: 'usable', history };
}
