import { median as medianOf } from '#core/agents/bar-statistics.ts';
import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { type BarSeries, closedBy } from '#core/market/bars.ts';
import type { Instrument, InstrumentId } from '#core/market/instrument.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';

export type PositionValue = NonNullable<AgentContext['account']>['positions'][number];

/** Sessions a year, by which daily volatility is annualised. */
export const SESSIONS_A_YEAR = 252;
/** Sessions of realised volatility: a month, the desk's usual window. */
export const VOLATILITY_SESSIONS = 20;
const RANGE_SESSIONS = 14;
const MINUTE = 60_000;

/** The running session, from its bars closed so far. */
export interface SessionSoFar {
  readonly bars: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly last: number;
  readonly lastAt: EpochMillis;
  /** Volume-weighted average of the bars' typical prices; NaN where volume is unknown or zero. */
  readonly averagePrice: number;
  /** Units traded so far; NaN where unknown. */
  readonly volume: number;
  /** Minutes covered by the bars. */
  readonly minutes: number;
}

/** What the deciding agents need of one instrument, as of the cycle. Undefined figures are NaN. */
export interface InstrumentState {
  readonly instrument: Instrument;
  readonly daily: BarSeries;
  readonly session: SessionSoFar | null;
  readonly reference: number;
  readonly referenceAt: EpochMillis;
  readonly averageTrueRange: number;
  /** Annualised standard deviation (ddof 1) of daily log returns. */
  readonly annualVolatility: number;
  /** Median daily volume of the last {@link VOLATILITY_SESSIONS} sessions. */
  readonly usualVolume: number;
  /** Full bid–ask spread as a fraction of the price, from the data agent; NaN where nobody measured or estimated it. */
  readonly spread: number;
}

/** The data agent's view of one instrument, where it has one. */
export function marketViewOf(
  market: CycleBody<'MarketViewPublished'>,
  id: InstrumentId,
): CycleBody<'MarketViewPublished'>['instruments'][number] | undefined {
  return market.instruments.find((view) => view.instrument === id);
}

/** The position held in an instrument, or undefined where flat or the account is unknown. */
export function positionOf(context: AgentContext, id: InstrumentId): PositionValue | undefined {
  return context.account?.positions.find(
    (position) => position.instrument === id && Number(position.quantity) !== 0,
  );
}

/** The direction of a position that is not flat. */
export const directionOf = (position: PositionValue): 'long' | 'short' =>
  position.quantity.startsWith('-') ? 'short' : 'long';

/**
 * Daily bars that had closed when a position was opened; all of them where its layers are unknown. What spoke against the
 * position then is no news now: an exit needs evidence that the entry did not have, or the two would take turns.
 */
export function barsAtEntry(bars: BarSeries, position: PositionValue): BarSeries {
  const opened = position.layers.map((layer) => parseInstant(layer.openedAt));
  return opened.length === 0 ? bars : closedBy(bars, Math.min(...opened));
}

/** Instruments with data that may be traded, in catalog order. */
export function tradableInstruments(context: AgentContext): readonly InstrumentId[] {
  return context.available.filter((id) => context.instrument(id).tradable);
}

/**
 * The state of an instrument, or the reason why there is none. The reference price is the data agent's (cross-checked);
 * without one, the last closed bar.
 */
export function instrumentState(
  context: AgentContext,
  market: CycleBody<'MarketViewPublished'>,
  id: InstrumentId,
  minimumSessions: number,
): InstrumentState | { readonly unknown: string } {
  const daily = context.daily(id);
  if (daily === null || daily.length < minimumSessions) {
    return {
      unknown: `${id} has ${daily?.length ?? 0} daily bars; at least ${minimumSessions} are needed`,
    };
  }
  const session = sessionSoFar(context.intraday(id));
  const view = marketViewOf(market, id);
  const last = daily.length - 1;
  const reference = view?.referencePrice ?? session?.last ?? (daily.close[last] as number);
  if (!(reference > 0) || !Number.isFinite(reference)) {
    return { unknown: `${id} has no positive reference price (${reference})` };
  }
  const referenceAt =
    view !== undefined
      ? parseInstant(view.referenceAt)
      : (session?.lastAt ?? (daily.closeTime[last] as number));
  return {
    instrument: context.instrument(id),
    daily,
    session,
    reference,
    referenceAt,
    averageTrueRange: averageTrueRange(daily, daily.length, RANGE_SESSIONS),
    annualVolatility: annualVolatility(daily, daily.length, VOLATILITY_SESSIONS),
    usualVolume: median(daily.volume.subarray(Math.max(0, daily.length - VOLATILITY_SESSIONS))),
    spread: view?.measures['spread.fraction'] ?? Number.NaN,
  };
}

function sessionSoFar(bars: BarSeries | null): SessionSoFar | null {
  if (bars === null || bars.length === 0) return null;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  let volume = 0;
  let value = 0;
  let covered = 0;
  for (let index = 0; index < bars.length; index++) {
    const barHigh = bars.high[index] as number;
    const barLow = bars.low[index] as number;
    const units = bars.volume[index] as number;
    high = Math.max(high, barHigh);
    low = Math.min(low, barLow);
    volume += units;
    value += (units * (barHigh + barLow + (bars.close[index] as number))) / 3;
    covered += (bars.closeTime[index] as number) - (bars.openTime[index] as number);
  }
  return {
    bars: bars.length,
    open: bars.open[0] as number,
    high,
    low,
    last: bars.close[bars.length - 1] as number,
    lastAt: bars.closeTime[bars.length - 1] as number,
    averagePrice: volume > 0 ? value / volume : Number.NaN,
    volume,
    minutes: covered / MINUTE,
  };
}

/**
 * Mean true range (Wilder 1978) of the `window` bars before `end` (exclusive), as a plain average: no seed to agree on.
 * NaN with too few bars.
 */
export function averageTrueRange(
  bars: Pick<BarSeries, 'high' | 'low' | 'close'>,
  end: number,
  window: number,
): number {
  if (end - window < 1) return Number.NaN;
  let sum = 0;
  for (let index = end - window; index < end; index++) {
    const before = bars.close[index - 1] as number;
    sum += Math.max(bars.high[index] as number, before) - Math.min(bars.low[index] as number, before);
  }
  return sum / window;
}

/** Annualised standard deviation (ddof 1) of the `window` log returns before `end` (exclusive). NaN with too few bars. */
export function annualVolatility(bars: Pick<BarSeries, 'close'>, end: number, window: number): number {
  if (end - window < 1 || window < 2) return Number.NaN;
  let sum = 0;
  let squares = 0;
  for (let index = end - window; index < end; index++) {
    const logReturn = Math.log((bars.close[index] as number) / (bars.close[index - 1] as number));
    sum += logReturn;
    squares += logReturn * logReturn;
  }
  const variance = Math.max(0, (squares - (sum * sum) / window) / (window - 1));
  return Math.sqrt(variance * SESSIONS_A_YEAR);
}

/** The median of the finite values; NaN where there are none. */
export function median(values: ArrayLike<number>): number {
  const finite = new Float64Array(values.length);
  let count = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (Number.isFinite(value)) finite[count++] = value;
  }
  return medianOf(finite.subarray(0, count)) ?? Number.NaN;
}

/** The mean of the `window` closes before `end` (exclusive). NaN with too few bars. */
export function averageClose(bars: Pick<BarSeries, 'close'>, end: number, window: number): number {
  if (end < window) return Number.NaN;
  let sum = 0;
  for (let index = end - window; index < end; index++) sum += bars.close[index] as number;
  return sum / window;
}

/** Lowest low (long) or highest high (short) of the `window` bars before `end`: the swing a stop hides behind. */
export function swingLevel(
  bars: Pick<BarSeries, 'high' | 'low'>,
  end: number,
  window: number,
  direction: 'long' | 'short',
): number {
  let level = Number.NaN;
  for (let index = Math.max(0, end - window); index < end; index++) {
    const value = (direction === 'long' ? bars.low[index] : bars.high[index]) as number;
    const better = direction === 'long' ? value < level : value > level;
    if (Number.isNaN(level) || better) level = value;
  }
  return level;
}
