import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { averageVolume, mean, sessionVolatility } from '../bar-statistics.ts';
import type { Analyzer } from '../context.ts';
import { type History, readHistory } from '../history.ts';
import { dailyField, type Judgement, judgeEach, viewOf } from '../judge-each.ts';
import { combineSignals, squash } from '../stated-confidence.ts';
import {
  abdiRanaldoSpread,
  amihudIlliquidity,
  bulkVolumeImbalance,
  corwinSchultzSpread,
  invarianceSpread,
  rollSpread,
  squareRootImpact,
} from './spread-estimators.ts';

const MONTH = 21;
const FLOW = 10;
const LONG = 120;
const NEEDED = LONG + 1;
/** The order whose impact is stated: one percent of a session's volume. */
const STATED_PARTICIPATION = 0.01;

const tail = (bars: BarSeries, count: number) => sliceBars(bars, bars.length - count, bars.length);

/** Where each close stands in its session's range, weighted by volume: −1 all at the low, 1 all at the high. */
function closeLocation(bars: BarSeries): number | null {
  let signed = 0;
  let all = 0;
  for (let at = 0; at < bars.length; at++) {
    const high = bars.high[at] as number;
    const low = bars.low[at] as number;
    const volume = bars.volume[at] as number;
    if (high > low) signed += ((2 * (bars.close[at] as number) - high - low) / (high - low)) * volume;
    all += volume;
  }
  return all > 0 && Number.isFinite(signed) ? signed / all : null;
}

/**
 * The spread that later stages may count on: the smallest positive estimate, at least one tick. Estimators from ranges
 * and closes carry the noise of the price itself and err upwards in liquid names; none errs far downwards.
 */
function statedSpread(history: History, estimates: readonly (number | undefined)[]): number | null {
  const positive = estimates.filter((value) => value !== undefined && value > 0) as number[];
  if (positive.length === 0) return null;
  return Math.max(Number(history.instrument.tick) / history.lastPrice, Math.min(...positive));
}

function judge(history: History): Judgement {
  const { daily } = history;
  const id = history.instrument.id;
  if (history.instrument.assetClass === 'index') {
    return { kind: 'abstained', reason: 'an index has no quotes or trades of its own' };
  }
  if (history.instrument.proxyFor !== null) {
    const stood = history.instrument.proxyFor;
    return {
      kind: 'abstained',
      reason: `it stands for ${stood}: the volume and ranges printed beside ${stood} are not those of its own trading`,
    };
  }
  const volume = averageVolume(daily, LONG);
  if (volume === undefined || volume === 0) {
    return { kind: 'abstained', reason: `no volume over the last ${LONG} sessions` };
  }
  const month = tail(daily, MONTH);
  const volatility = sessionVolatility(daily.close, MONTH - 1) as number;
  const averageTraded = mean(month.close.map((close, at) => close * (month.volume[at] as number))) as number;
  const corwinSchultz = corwinSchultzSpread(month);
  const abdiRanaldo = abdiRanaldoSpread(month);
  const roll = rollSpread(tail(daily, 63).close);
  const invariance = invarianceSpread(volatility, averageTraded);
  const illiquidity = amihudIlliquidity(month);
  const usual = amihudIlliquidity(tail(daily, NEEDED));
  // Amihud's ratio is roughly log-normal across months; a doubling is about one deviation.
  const drying =
    illiquidity !== undefined && usual !== undefined && illiquidity > 0 && usual > 0
      ? Math.log2(illiquidity / usual)
      : null;
  const imbalance = bulkVolumeImbalance(tail(daily, FLOW + 1));
  const location = closeLocation(month);
  const combined = combineSignals([
    { name: 'order-flow', score: imbalance ?? null, weight: 0.45 },
    { name: 'close-location', score: location, weight: 0.3 },
    { name: 'liquidity', score: drying === null ? null : -squash(drying), weight: 0.25 },
  ]);
  return viewOf(history, {
    combined,
    horizonSessions: 5,
    evidence: [
      dailyField(id, 'high', MONTH),
      dailyField(id, 'low', MONTH),
      dailyField(id, 'close', NEEDED),
      dailyField(id, 'volume', NEEDED),
    ],
    measures: {
      'spread.fraction': statedSpread(history, [corwinSchultz, abdiRanaldo, roll, invariance]),
      'spread.corwinSchultz': corwinSchultz,
      'spread.abdiRanaldo': abdiRanaldo,
      'spread.roll': roll,
      'spread.invariance': invariance,
      'illiquidity.amihud': illiquidity,
      'illiquidity.change': drying,
      'impact.onePercentOfVolume': squareRootImpact(volatility, STATED_PARTICIPATION),
      'flow.bulkImbalance': imbalance,
      'flow.closeLocation': location,
      // Volume-synchronised probability of informed trading needs trades; daily bars cannot stand in for them.
      vpin: null,
    },
    // Spreads and flow are inferred from session bars, not read from quotes and trades.
    quality: history.quality * 0.9,
    method: 'spread-and-flow-from-session-bars',
  });
}

/**
 * Liquidity and order flow inferred from session bars: five spread estimates, Amihud illiquidity, square-root impact,
 * bulk-classified imbalance. The running session is not used: inside it only quotes and trades would add anything, and
 * a modelled path has none. Direction: flow 0.45, close location 0.30, improving liquidity 0.25.
 */
export const microstructure: Analyzer = {
  agent: 'microstructure',
  version: 'microstructure/1',
  analyze: (context, instruments) =>
    judgeEach(instruments, (id) => {
      const answer = readHistory(context, id, NEEDED);
      return answer.kind === 'usable' ? judge(answer.history) : { kind: 'abstained', reason: answer.reason };
    }),
};
