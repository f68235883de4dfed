import type { Regime } from '#contracts/events/cycle.ts';
import { correlation, logReturns } from '../bar-statistics.ts';
import { BENCHMARK } from '../benchmark.ts';
import type { AgentContext, Analyzer } from '../context.ts';
import { type History, readHistory } from '../history.ts';
import { dailyField, intradayField, type Judgement, judgeEach, viewOf } from '../judge-each.ts';
import { marketRegime, REGIME_NEEDED, type RegimeMeasures } from '../regime.ts';
import { combineSignals, squash } from '../stated-confidence.ts';

const COMMON_SESSIONS = 120;
const LEAST_COMMON_SESSIONS = 60;

const REGIME_SCORE: Readonly<Record<Regime, number>> = { bull: 0.7, sideways: 0, bear: -0.7, crisis: -1 };

/** Correlation of daily returns over the last sessions that both closed; undefined with fewer than 60. */
function commonCorrelation(left: History, right: History): number | undefined {
  const closesOf = ({ daily }: History) => {
    const found = new Map<number, number>();
    for (let at = Math.max(0, daily.length - COMMON_SESSIONS - 1); at < daily.length; at++) {
      found.set(daily.closeTime[at] as number, daily.close[at] as number);
    }
    return found;
  };
  const rights = closesOf(right);
  const pairs = [...closesOf(left)].flatMap(([time, close]) => {
    const other = rights.get(time);
    return other === undefined ? [] : [[close, other] as const];
  });
  if (pairs.length < LEAST_COMMON_SESSIONS + 1) return undefined;
  return correlation(
    logReturns(Float64Array.from(pairs, ([close]) => close)),
    logReturns(Float64Array.from(pairs, ([, close]) => close)),
  );
}

/** What the benchmark implies for holding equities: its regime, its trend and the state of its volatility. */
function exposureSignals(regime: Regime, measures: RegimeMeasures) {
  const { last, average200, volatility20, drawdown252 } = measures;
  // 200 sessions of a walk stray about σ√(200/3) from their mean; volatility is annual.
  const stray = volatility20 * Math.sqrt(200 / 3 / 252);
  return [
    { name: 'regime', score: REGIME_SCORE[regime], weight: 0.4 },
    { name: 'trend', score: stray > 0 ? squash(Math.log(last / average200) / stray) : 0, weight: 0.25 },
    // 16 % a year is about the long-run volatility of US equities; double is a deviation of the wrong kind.
    {
      name: 'volatility',
      score: volatility20 > 0 ? -squash(2 * Math.log2(volatility20 / 0.16)) : 0,
      weight: 0.2,
    },
    { name: 'drawdown', score: Math.max(-1, 0.3 - drawdown252 / 0.1), weight: 0.15 },
  ];
}

function judge(context: AgentContext, history: History): Judgement {
  const id = history.instrument.id;
  const market = marketRegime(context);
  if (market.kind === 'unknown') {
    return {
      kind: 'abstained',
      reason: `no macro series (FRED), and no regime from the market: ${market.reason}`,
    };
  }
  const benchmark = readHistory(context, BENCHMARK, REGIME_NEEDED);
  if (benchmark.kind === 'unusable') return { kind: 'abstained', reason: benchmark.reason };
  const link = id === BENCHMARK ? 1 : commonCorrelation(history, benchmark.history);
  if (link === undefined) {
    return {
      kind: 'abstained',
      reason: `fewer than ${LEAST_COMMON_SESSIONS} sessions in common with ${BENCHMARK}, or no variance: the market's regime says nothing of it`,
    };
  }
  const exposure = combineSignals(exposureSignals(market.regime, market.measures));
  return viewOf(history, {
    combined: { ...exposure, direction: exposure.direction * link },
    horizonSessions: 10,
    evidence: [
      dailyField(BENCHMARK, 'close', REGIME_NEEDED),
      ...intradayField(benchmark.history, 'close'),
      dailyField(id, 'close', COMMON_SESSIONS + 1),
    ],
    measures: {
      'equity.exposure': exposure.direction,
      'benchmark.correlation': link,
      'benchmark.volatility.annual': market.measures.volatility20,
      'benchmark.drawdown': market.measures.drawdown252,
      'benchmark.trend': Math.log(market.measures.last / market.measures.average200),
      'regime.confidence': market.confidence,
    },
    quality: Math.min(history.quality, benchmark.history.quality) * 0.8,
    method: 'economic-from-market',
  });
}

/**
 * The economy as the market implies it, for want of macro series: regime, trend, volatility and drawdown of the
 * benchmark as a direction for equity exposure, passed to an instrument in proportion to its correlation with the
 * benchmark over 120 sessions.
 */
export const economic: Analyzer = {
  agent: 'economic',
  version: 'economic/1',
  analyze: (context, instruments) =>
    judgeEach(instruments, (id) => {
      const answer = readHistory(context, id, LEAST_COMMON_SESSIONS + 1);
      return answer.kind === 'usable'
        ? judge(context, answer.history)
        : { kind: 'abstained', reason: answer.reason };
    }),
};
