import { sessionVwap } from '#core/indicators/volume.ts';
import {
  annualVolatility,
  averageTrueRange,
  averageVolume,
  lastOf,
  logReturns,
  mean,
  returnOver,
  sessionVolatility,
} from '../bar-statistics.ts';
import type { Analyzer } from '../context.ts';
import { type History, type RunningSession, readHistory } from '../history.ts';
import { dailyField, intradayField, type Judgement, judgeEach, viewOf } from '../judge-each.ts';
import { combineSignals, squash } from '../stated-confidence.ts';

const TREND_WINDOWS = [20, 50, 200] as const;
const MOMENTUM_WINDOWS = [5, 21, 63, 126] as const;
const CHANNEL = 55;
const VOLUME_WINDOW = 20;
const VOLATILITY_WINDOW = 20;
const LONG_VOLATILITY_WINDOW = 120;
const NEEDED = 201;

/**
 * How far the price stands from its moving averages, each distance as a z-score: over a window of w sessions a walk
 * without drift strays σ√(w/3) from its own mean (the variance of the mean of a random walk's last w points, as seen from
 * its end, tends to σ²w/3).
 */
function trendScore(closes: Float64Array, volatility: number): number {
  const scores = TREND_WINDOWS.map((window) => {
    const average = mean(lastOf(closes, window)) as number;
    return squash(
      Math.log((closes[closes.length - 1] as number) / average) / (volatility * Math.sqrt(window / 3)),
    );
  });
  return mean(scores) as number;
}

/** Returns over several look-backs, each against the σ√k that a walk without drift would show. */
function momentumScore(closes: Float64Array, volatility: number): number {
  const scores = MOMENTUM_WINDOWS.map((window) =>
    squash((returnOver(closes, window) as number) / (volatility * Math.sqrt(window))),
  );
  return mean(scores) as number;
}

/** Where the price stands in the channel of the 55 sessions before: −1 at or below its low, 1 at or above its high. */
function channelPosition(history: History): number | null {
  const { daily, running, lastPrice } = history;
  const end = running === null ? daily.length - 1 : daily.length;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  for (let at = end - CHANNEL; at < end; at++) {
    high = Math.max(high, daily.high[at] as number);
    low = Math.min(low, daily.low[at] as number);
  }
  if (!(high > low)) return null;
  return Math.max(-1, Math.min(1, (2 * (lastPrice - low)) / (high - low) - 1));
}

/** Volume of rising less volume of falling sessions, as a share of all; null where volume is unknown or none. */
function signedVolume(history: History): number | null {
  const closes = lastOf(history.daily.close, VOLUME_WINDOW + 1);
  const volumes = lastOf(history.daily.volume, VOLUME_WINDOW);
  let signed = 0;
  let all = 0;
  for (let at = 0; at < VOLUME_WINDOW; at++) {
    const volume = volumes[at] as number;
    signed += Math.sign((closes[at + 1] as number) - (closes[at] as number)) * volume;
    all += volume;
  }
  return Number.isFinite(signed) && all > 0 ? signed / all : null;
}

interface SessionSignals {
  /** The move so far against the volatility of as much of a session, in deviations. */
  readonly move: number | null;
  /** Distance of the price from the session's volume-weighted average, in the same deviations. */
  readonly fromVwap: number | null;
  /** 1 above the range of the session's first half hour, −1 below it, 0 inside; null until the range is known. */
  readonly opening: number | null;
  /** The mean of those that are defined, squashed. */
  readonly score: number | null;
}

const OPENING_RANGE_MILLIS = 30 * 60_000;

function openingBreak(running: RunningSession): number | null {
  const { bars } = running;
  const start = bars.openTime[0] as number;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  let at = 0;
  for (; at < bars.length && (bars.closeTime[at] as number) <= start + OPENING_RANGE_MILLIS; at++) {
    high = Math.max(high, bars.high[at] as number);
    low = Math.min(low, bars.low[at] as number);
  }
  if (at === 0 || at === bars.length) return null;
  return running.last > high ? 1 : running.last < low ? -1 : 0;
}

/** The running session's own time frame; null before its first bar. */
function sessionSignals(history: History, volatility: number): SessionSignals | null {
  const { running, daily, instrument } = history;
  if (running === null) return null;
  const deviation = volatility * Math.sqrt(running.elapsed);
  const before = daily.close[daily.length - 1] as number;
  const average = sessionVwap(running.bars, instrument.sessionTemplate)[running.bars.length - 1] as number;
  const inDeviations = (from: number) =>
    deviation > 0 && from > 0 ? Math.log(running.last / from) / deviation : null;
  const move = inDeviations(before);
  const fromVwap = inDeviations(average);
  const opening = openingBreak(running);
  const scores = [move === null ? null : squash(move), fromVwap === null ? null : squash(fromVwap), opening];
  const score = mean(scores.filter((value) => value !== null));
  return { move, fromVwap, opening, score: score ?? null };
}

function judge(history: History): Judgement {
  const { closes, daily } = history;
  const id = history.instrument.id;
  const volatility = sessionVolatility(closes, LONG_VOLATILITY_WINDOW) as number;
  const flat = !(volatility > 0);
  const trend = flat ? 0 : trendScore(closes, volatility);
  const momentum = flat ? 0 : momentumScore(closes, volatility);
  const channel = channelPosition(history);
  const volume = signedVolume(history);
  const session = sessionSignals(history, volatility);
  const combined = combineSignals([
    { name: 'trend', score: trend, weight: 0.35 },
    { name: 'momentum', score: momentum, weight: 0.3 },
    { name: 'breakout', score: channel, weight: 0.15 },
    { name: 'volume', score: volume, weight: 0.1 },
    ...(session === null
      ? []
      : [{ name: 'session', score: session.score, weight: history.running?.modelled ? 0.05 : 0.1 }]),
  ]);
  const recent = annualVolatility(daily.close, VOLATILITY_WINDOW);
  const long = annualVolatility(daily.close, LONG_VOLATILITY_WINDOW);
  const measures: Record<string, number | null | undefined> = {
    trend,
    'momentum.score': momentum,
    'channel.position': channel,
    'volume.signed': volume,
    'session.move.sigmas': session?.move,
    'session.vwap.sigmas': session?.fromVwap,
    'session.openingBreak': session?.opening,
    'volatility.annual': recent,
    'volatility.ratio': recent !== undefined && long !== undefined && long > 0 ? recent / long : null,
    'atr.14': averageTrueRange(daily, 14),
    'adv.20': averageVolume(daily, VOLUME_WINDOW),
    'signal.agreement': combined.agreement,
  };
  for (const window of MOMENTUM_WINDOWS) measures[`momentum.${window}`] = returnOver(closes, window);
  return viewOf(history, {
    combined,
    horizonSessions: 5,
    evidence: [
      dailyField(id, 'close', NEEDED),
      dailyField(id, 'high', CHANNEL),
      dailyField(id, 'low', CHANNEL),
      ...(volume === null ? [] : [dailyField(id, 'volume', VOLUME_WINDOW)]),
      ...intradayField(history, 'close'),
    ],
    measures,
    quality: history.quality * (volume === null ? 0.95 : 1) * outlierFactor(daily.close),
    method:
      history.running === null ? 'trend-momentum-breakout-daily' : 'trend-momentum-breakout-daily-intraday',
  });
}

/** A move of more than ten deviations in the last month is more often a bad print or an unadjusted split than news. */
function outlierFactor(closes: Float64Array): number {
  const returns = logReturns(lastOf(closes, LONG_VOLATILITY_WINDOW + 1));
  const earlier = returns.subarray(0, returns.length - 21);
  const scale = Math.sqrt(mean(earlier.map((value) => value * value)) ?? 0);
  if (!(scale > 0)) return 1;
  return lastOf(returns, 21).some((value) => Math.abs(value) > 10 * scale) ? 0.7 : 1;
}

/**
 * Trend, momentum, breakout and volume over daily bars and, in a session, the running session's bars. Direction is the
 * weighted mean of the signals (trend 0.35, momentum 0.30, breakout 0.15, volume 0.10, running session 0.10 — its move, its distance
 * from the volume-weighted average and the break of its opening range — halved where its path is a model); confidence by `statedConfidence`.
 */
export const marketData: Analyzer = {
  agent: 'market-data',
  version: 'market-data/1',
  analyze: (context, instruments) =>
    judgeEach(instruments, (id) => {
      const answer = readHistory(context, id, NEEDED);
      return answer.kind === 'usable' ? judge(answer.history) : { kind: 'abstained', reason: answer.reason };
    }),
};
