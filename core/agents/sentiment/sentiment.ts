import { memoizeByIdentity } from '#core/values/memo.ts';
import {
  lastOf,
  logReturns,
  percentileRank,
  realizedVolatility,
  SESSIONS_PER_YEAR,
} from '../bar-statistics.ts';
import { BENCHMARK } from '../benchmark.ts';
import type { AgentContext, Analyzer } from '../context.ts';
import { type History, readHistory } from '../history.ts';
import { dailyField, intradayField, type Judgement, judgeEach, viewOf } from '../judge-each.ts';
import { combineSignals, type Signal, squash } from '../stated-confidence.ts';

const WEEK = 5;
const MONTH = 21;
const NEEDED = SESSIONS_PER_YEAR + MONTH + 1;

/** Fear as prices show it; each score in [−1, 1], negative where the market is afraid. */
export interface Fear {
  /** 1 − 2 × the rank of the month's volatility among the year's. */
  readonly level: number;
  /** How the week's volatility compares with the month's, in doublings; null where one is zero. */
  readonly change: number | null;
  /** (Σ r⁺² − Σ r⁻²) / Σ r² over the month; null where nothing moved. */
  readonly asymmetry: number | null;
  readonly weekVolatility: number;
  readonly monthVolatility: number;
}

/** Volatility as a gauge of mood: what it is, whether it rises, and on which side the moves fall. */
export const readFear = memoizeByIdentity((closes: Float64Array): Fear | undefined => {
  const months = realizedVolatility(closes, MONTH, SESSIONS_PER_YEAR);
  const week = realizedVolatility(closes, WEEK, 1)?.[0];
  const month = months?.[SESSIONS_PER_YEAR - 1];
  if (months === undefined || week === undefined || month === undefined) return undefined;
  let up = 0;
  let down = 0;
  for (const value of logReturns(lastOf(closes, MONTH + 1))) {
    if (value > 0) up += value * value;
    else down += value * value;
  }
  return {
    level: 1 - 2 * (percentileRank(months, month) as number),
    change: week > 0 && month > 0 ? -squash(2 * Math.log2(week / month)) : null,
    asymmetry: up + down > 0 ? (up - down) / (up + down) : null,
    weekVolatility: week * Math.sqrt(SESSIONS_PER_YEAR),
    monthVolatility: month * Math.sqrt(SESSIONS_PER_YEAR),
  };
});

function signals(fear: Fear, share: number): Signal[] {
  return [
    { name: 'level', score: fear.level, weight: 0.3 * share },
    { name: 'change', score: fear.change, weight: 0.3 * share },
    { name: 'asymmetry', score: fear.asymmetry, weight: 0.4 * share },
  ];
}

function judge(context: AgentContext, history: History): Judgement {
  const id = history.instrument.id;
  const own = readFear(history.closes) as Fear;
  const answer = id === BENCHMARK ? null : readHistory(context, BENCHMARK, NEEDED);
  const market = answer?.kind === 'usable' ? (readFear(answer.history.closes) ?? null) : null;
  const combined = combineSignals(
    market === null ? signals(own, 1) : [...signals(own, 0.5), ...signals(market, 0.5)],
  );
  // Mood is the market's as much as the instrument's; without the benchmark half of the picture is missing.
  const quality = market === null && id !== BENCHMARK ? history.quality * 0.8 : history.quality;
  return viewOf(history, {
    combined,
    horizonSessions: 5,
    evidence: [
      dailyField(id, 'close', NEEDED),
      ...intradayField(history, 'close'),
      ...(market === null ? [] : [dailyField(BENCHMARK, 'close', NEEDED)]),
    ],
    measures: {
      'fear.level': own.level,
      'fear.change': own.change,
      'fear.asymmetry': own.asymmetry,
      'volatility.week': own.weekVolatility,
      'volatility.month': own.monthVolatility,
      'benchmark.fear.level': market?.level,
      'benchmark.fear.change': market?.change,
      'benchmark.fear.asymmetry': market?.asymmetry,
      'benchmark.volatility.week': market?.weekVolatility,
      'benchmark.volatility.month': market?.monthVolatility,
    },
    // A stand-in for text scores and option prices, and worth less than either.
    quality: quality * 0.8,
    method: 'sentiment-from-volatility',
  });
}

/**
 * Mood read from prices, for want of text and option data: level and change of realised volatility and the asymmetry of
 * the moves, of the instrument and of the benchmark in equal parts. Direction is negative where the market is afraid.
 */
export const sentiment: Analyzer = {
  agent: 'sentiment',
  version: 'sentiment/1',
  analyze: (context, instruments) =>
    judgeEach(instruments, (id) => {
      const answer = readHistory(context, id, NEEDED);
      if (answer.kind === 'unusable') {
        return {
          kind: 'abstained',
          reason: `no text, put/call or volatility-index source, and no sentiment from volatility: ${answer.reason}`,
        };
      }
      return judge(context, answer.history);
    }),
};
