import { logChanges } from '#core/agents/log-changes.ts';
import { averageClose, averageTrueRange } from '#core/agents/strategy/instrument-state.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { figureByBar } from '#core/market/figure-by-bar.ts';

/** Look-backs of momentum: a quarter, half a year, a year. */
const WINDOWS = [63, 126, 252] as const;
export const ROTATION_MINIMUM_SESSIONS = 254;
/** How far above its 20-session mean a price may be bought, in average true ranges: a pullback, not a chase. */
const STRETCH = 1;

/** Mean over the windows of log return per unit of volatility, at the close of bar `index`. NaN with too few bars. */
export function riskAdjustedMomentum(bars: BarSeries, index: number): number {
  const changes = logChanges(bars);
  let total = 0;
  for (const window of WINDOWS) {
    if (index < window) return Number.NaN;
    let squares = 0;
    for (const change of changes.between(index - window + 1, index + 1)) squares += change ** 2;
    const move = Math.log((bars.close[index] as number) / (bars.close[index - window] as number));
    if (!(squares > 0)) return Number.NaN;
    total += move / Math.sqrt(squares) / WINDOWS.length;
  }
  return total;
}

const momentum = (bars: Pick<BarSeries, 'close'>, index: number, window: number): number =>
  index < window
    ? Number.NaN
    : Math.log((bars.close[index] as number) / (bars.close[index - window] as number));

const pullbacks = figureByBar({
  reads: ['close', 'high', 'low'],
  before: 252,
  at: (bars, index) => {
    if (!(momentum(bars, index, 63) > 0 && momentum(bars, index, 252) > 0)) return 0;
    const close = bars.close[index] as number;
    const medium = averageClose(bars, index + 1, 50);
    if (!(close >= medium)) return 0;
    const short = averageClose(bars, index + 1, 20);
    return Number(
      short > medium && Math.abs(close - short) <= STRETCH * averageTrueRange(bars, index + 1, 14),
    );
  },
});

/**
 * Tells of each bar of a series whether at its close the instrument is in an uptrend over a quarter and a year, above its
 * rising 20- and 50-session means, and near enough to the former to buy.
 */
export function pullbacksInUptrend(bars: BarSeries): (index: number) => boolean {
  const found = pullbacks(bars);
  return (index) => found.at(index) === 1;
}

/** Whether the ground for holding a long is gone: below the 50-session mean and down over a quarter. */
export function trendIsLost(bars: BarSeries, reference: number): boolean {
  const last = bars.length - 1;
  return reference < averageClose(bars, bars.length, 50) && momentum(bars, last, 63) < 0;
}
