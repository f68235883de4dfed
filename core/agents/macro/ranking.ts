import type { InstrumentId } from '#core/market/instrument.ts';
import { memoize } from '#core/values/memo.ts';
import { mean, returnOver, standardDeviation } from '../bar-statistics.ts';
import { logChanges } from '../log-changes.ts';

/** Look-backs in sessions: 1 week, 1, 3 and 6 months, 1 and 2 years. */
const LOOK_BACKS = [5, 21, 63, 126, 252, 504] as const;
/** With fewer instruments than this a cross-section says nothing; each is then measured against its own past. */
export const LEAST_CROSS_SECTION = 3;
/** Daily closes needed for the shortest look-back. */
export const RANKING_NEEDED = LOOK_BACKS[0] + 1;

const WEIGHTS = { relativeStrength: 0.4, momentum: 0.3, riskAdjusted: 0.3 } as const;
const FACTORS = ['relativeStrength', 'momentum', 'riskAdjusted'] as const;
type Factor = (typeof FACTORS)[number];

/** Closes of closed sessions with the instants of their closes, oldest first. */
export interface Closes {
  readonly closeTime: Float64Array;
  readonly close: Float64Array;
}

export interface Candidate extends Closes {
  readonly instrument: InstrumentId;
}

export interface Scored {
  readonly instrument: InstrumentId;
  readonly score: number;
  readonly relativeStrength: number;
  readonly momentum: number;
  readonly riskAdjusted: number;
}

/** Undefined where a factor cannot be formed. */
type Factors = Record<Factor, number | undefined>;

const NO_FACTORS: Factors = { relativeStrength: undefined, momentum: undefined, riskAdjusted: undefined };

/** Index of the last close at or before an instant; −1 where there is none. */
function indexAt(series: Closes, instant: number): number {
  let low = 0;
  let high = series.closeTime.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((series.closeTime[middle] as number) <= instant) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The benchmark's log return between two instants: calendars differ, so it is matched by time, not by count. */
function benchmarkReturn(benchmark: Closes, from: number, to: number): number | undefined {
  const first = indexAt(benchmark, from);
  const last = indexAt(benchmark, to);
  if (first < 0) return undefined;
  const value = Math.log((benchmark.close[last] as number) / (benchmark.close[first] as number));
  return Number.isFinite(value) ? value : undefined;
}

/** The factors of one instrument over one look-back that ends with its close number `end` − 1. */
function factorsAt(series: Closes, end: number, sessions: number, benchmark: Closes | null): Factors {
  const closes = series.close.subarray(0, end);
  const own = returnOver(closes, sessions);
  if (own === undefined) return NO_FACTORS;
  const market =
    benchmark === null
      ? undefined
      : benchmarkReturn(
          benchmark,
          series.closeTime[end - 1 - sessions] as number,
          series.closeTime[end - 1] as number,
        );
  // The closes' own session volatility, without their logarithms once more for each look-back and each session.
  const deviation = standardDeviation(logChanges(series).between(end - sessions, end));
  const moved = deviation !== undefined && !Number.isNaN(deviation) && deviation !== 0;
  return {
    relativeStrength: market === undefined ? undefined : own - market,
    momentum: own,
    riskAdjusted: moved ? own / (deviation * Math.sqrt(sessions)) : undefined,
  };
}

/** How far back an instrument's own past is looked at where there is no cross-section, and the least that will do. */
const OWN_PAST = 252;
const LEAST_PAST = 21;

/** How a factor is spread among some; undefined where it is not, or for fewer than `least` values. */
interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

function spreadOf(among: readonly Factors[], factor: Factor, least: number): Spread | undefined {
  const values = defined(among.map((factors) => factors[factor]));
  const deviation = values.length < least ? undefined : standardDeviation(values);
  return deviation === undefined || deviation < 1e-12
    ? undefined
    : { mean: mean(values) as number, deviation };
}

function spreadsOf(among: readonly Factors[], least: number) {
  return {
    relativeStrength: spreadOf(among, 'relativeStrength', least),
    momentum: spreadOf(among, 'momentum', least),
    riskAdjusted: spreadOf(among, 'riskAdjusted', least),
  };
}

/** A value in deviations from the mean, held to ±3. */
function zScore(value: number | undefined, spread: Spread | undefined): number | undefined {
  if (value === undefined || spread === undefined) return undefined;
  return Math.max(-3, Math.min(3, (value - spread.mean) / spread.deviation));
}

const defined = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined);

/** Factors of every candidate over one look-back as z-scores: among the others or, where they are few, its own past. */
function standardized(
  candidates: readonly Candidate[],
  sessions: number,
  benchmark: Closes | null,
): readonly Factors[] {
  const current = candidates.map((series) => factorsAt(series, series.close.length, sessions, benchmark));
  const across = candidates.length >= LEAST_CROSS_SECTION ? spreadsOf(current, 0) : null;
  return candidates.map((series, at) => {
    const own = current[at] ?? NO_FACTORS;
    const spreads = across ?? spreadsOf(pastOf(series, sessions, benchmark), LEAST_PAST);
    return {
      relativeStrength: zScore(own.relativeStrength, spreads.relativeStrength),
      momentum: zScore(own.momentum, spreads.momentum),
      riskAdjusted: zScore(own.riskAdjusted, spreads.riskAdjusted),
    };
  });
}

function pastOf(series: Closes, sessions: number, benchmark: Closes | null): readonly Factors[] {
  const past: Factors[] = [];
  for (let back = 0; back <= OWN_PAST && series.close.length - back > sessions; back++) {
    past.push(factorsAt(series, series.close.length - back, sessions, benchmark));
  }
  return past;
}

/**
 * Scores candidates by 0.40 relative strength against the benchmark + 0.30 momentum + 0.30 risk-adjusted return. Each
 * factor is z-scored across the candidates over every look-back that the history allows (own past with fewer than three
 * candidates), held to ±3, and averaged over the look-backs. Without a benchmark relative strength is left out and the
 * other weights grow; a factor that cannot be formed is 0, the average. Best first, then by name.
 */
export const scoreCandidates = memoize(
  (candidates: readonly Candidate[], benchmark: Closes | null) => ({
    name: [...candidates.map(({ instrument }) => instrument), benchmark === null ? '' : 'benchmark'].join(
      ' ',
    ),
    columns: [...candidates, ...(benchmark === null ? [] : [benchmark])].flatMap(({ closeTime, close }) => [
      closeTime,
      close,
    ]),
  }),
  score,
);

function score(candidates: readonly Candidate[], benchmark: Closes | null): readonly Scored[] {
  const byLookBack = LOOK_BACKS.map((sessions) => standardized(candidates, sessions, benchmark));
  const used = FACTORS.filter((factor) => factor !== 'relativeStrength' || benchmark !== null);
  const weight = used.reduce((sum, factor) => sum + WEIGHTS[factor], 0);
  return candidates
    .map(({ instrument }, at) => {
      const average = (factor: Factor) =>
        mean(defined(byLookBack.map((scores) => scores[at]?.[factor]))) ?? 0;
      return {
        instrument,
        score: used.reduce((sum, factor) => sum + WEIGHTS[factor] * average(factor), 0) / weight,
        relativeStrength: average('relativeStrength'),
        momentum: average('momentum'),
        riskAdjusted: average('riskAdjusted'),
      };
    })
    .sort((left, right) => right.score - left.score || (left.instrument < right.instrument ? -1 : 1));
}
