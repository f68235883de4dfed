import type { BarSeries } from '#core/market/bars.ts';
import { figureByBar } from '#core/market/figure-by-bar.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';
import { averageTrueRange, swingLevel } from './instrument-state.ts';
import { figure, percent } from './proposal-draft.ts';
import { type LevelRule, stopDistance } from './trade-levels.ts';

/** How a rule's trade is managed: the same plan is proposed now and measured on the past. */
export interface TradePlan extends LevelRule {
  readonly horizonSessions: number;
  /** Sessions of the swing that the stop hides behind. */
  readonly swingSessions: number;
}

/** What a rule's trades came to on the instrument's own past. */
export interface TradeRecord {
  readonly trades: number;
  readonly wins: number;
  /** Share of all entries, whenever made, that this plan would have won: what the rule has to beat. */
  readonly baseRate: number;
  /** Wins shrunk towards the base rate by {@link PRIOR_TRADES} imaginary trades: the stated confidence. */
  readonly winRate: number;
  /** Mean result in units of the risk (entry − stop), shrunk towards that of all entries in the same way; before costs. */
  readonly expectedR: number;
}

const RANGE_SESSIONS = 14;
/** Weight of the base rate against the rule's own few trades. */
const PRIOR_TRADES = 20;
/** Every second session is dense enough for the base rate and keeps the pass short. */
const BASE_STRIDE = 2;

/** Result in R of a trade entered at the close of bar `entry`; NaN where it was not over by the end, or had no levels. */
function resultInR(
  bars: Pick<BarSeries, 'open' | 'high' | 'low' | 'close'>,
  entry: number,
  plan: TradePlan,
  direction: 'long' | 'short',
): number {
  const price = bars.close[entry] as number;
  const range = averageTrueRange(bars, entry + 1, RANGE_SESSIONS);
  if (!(price > 0) || !(range > 0)) return Number.NaN;
  const sign = direction === 'long' ? 1 : -1;
  const distance = stopDistance(
    plan,
    range,
    sign * (price - swingLevel(bars, entry + 1, plan.swingSessions, direction)),
  );
  const stop = price - sign * distance;
  const target = price + sign * plan.target * range;
  const last = entry + plan.horizonSessions;
  for (let index = entry + 1; index <= last; index++) {
    if (index >= bars.close.length) return Number.NaN;
    const open = bars.open[index] as number;
    const adverse = (direction === 'long' ? bars.low[index] : bars.high[index]) as number;
    const favourable = (direction === 'long' ? bars.high[index] : bars.low[index]) as number;
    // Both inside one bar: the stop came first, the reading that hurts; a gap fills at the open.
    if (sign * (adverse - stop) <= 0) return Math.min(-1, (sign * (open - price)) / distance);
    if (sign * (favourable - target) >= 0) return (sign * (target - price)) / distance;
  }
  return (sign * ((bars.close[last] as number) - price)) / distance;
}

/** The results of a plan's trades, each the same once it is over. */
const resultsOf = memoizeByIdentity((plan: TradePlan) => {
  const inDirection = (direction: 'long' | 'short') =>
    figureByBar({
      reads: ['close', 'open', 'high', 'low'],
      before: Math.max(RANGE_SESSIONS, plan.swingSessions),
      after: plan.horizonSessions,
      at: (bars, entry) => resultInR(bars, entry, plan, direction),
    });
  return { long: inDirection('long'), short: inDirection('short') };
});

/**
 * Plays a rule's trades on past bars, one at a time (a new one only after the horizon of the one before, so that
 * outcomes do not overlap), and says how often the plan won and what it made. A trade that was not over by the last bar
 * is not counted.
 * @param rule whether the rule fired at the close of a bar; asked where a trade could be entered, and no oftener
 */
export function tradeRecord(
  bars: BarSeries,
  rule: (index: number) => boolean,
  plan: TradePlan,
  direction: 'long' | 'short',
): TradeRecord {
  const own = new Tally();
  const base = new Tally();
  const results = resultsOf(plan)[direction](bars);
  let free = 0;
  for (let index = RANGE_SESSIONS; index < bars.length; index++) {
    const fires = index >= free && rule(index);
    const counts = index % BASE_STRIDE === 0;
    if (!fires && !counts) continue;
    const result = results.at(index);
    if (Number.isNaN(result)) continue;
    if (fires) {
      own.add(result);
      free = index + plan.horizonSessions;
    }
    if (counts) base.add(result);
  }
  const baseRate = base.trades > 0 ? base.wins / base.trades : 0.5;
  const baseMean = base.trades > 0 ? base.sum / base.trades : 0;
  const weight = own.trades + PRIOR_TRADES;
  return {
    trades: own.trades,
    wins: own.wins,
    baseRate,
    winRate: (own.wins + PRIOR_TRADES * baseRate) / weight,
    expectedR: (own.sum + PRIOR_TRADES * baseMean) / weight,
  };
}

/** The record in words, rendered from its figures. */
export function recordWords(record: TradeRecord): string {
  return `this plan won ${record.wins} of ${record.trades} such trades in the instrument's past (any entry: ${percent(record.baseRate)}), expectation ${figure(record.expectedR)} R before costs`;
}

class Tally {
  trades = 0;
  wins = 0;
  sum = 0;

  add(result: number): void {
    this.trades++;
    if (result > 0) this.wins++;
    this.sum += result;
  }
}
