import { correlation } from '#core/agents/bar-statistics.ts';
import type { BarSeries } from '#core/market/bars.ts';

/** Sessions that a correlation is measured over; with fewer than half of them in common it is unknown. */
const CORRELATION_SESSIONS = 60;

/**
 * Correlation of daily log returns over the last 60 common sessions of two histories; null where it cannot be measured.
 * Sessions are common where their bars close at the same time.
 */
export function returnCorrelation(left: BarSeries, right: BarSeries): number | null {
  const rightAt = new Map<number, number>();
  for (let index = 0; index < right.length; index++)
    rightAt.set(right.closeTime[index] as number, right.close[index] as number);
  const pairs: [number, number][] = [];
  for (let index = Math.max(0, left.length - 2 * CORRELATION_SESSIONS); index < left.length; index++) {
    const other = rightAt.get(left.closeTime[index] as number);
    if (other !== undefined) pairs.push([left.close[index] as number, other]);
  }
  const recent = pairs.slice(-(CORRELATION_SESSIONS + 1));
  if (recent.length < CORRELATION_SESSIONS / 2) return null;
  const returns = (pick: 0 | 1) =>
    recent.slice(1).map((pair, index) => Math.log(pair[pick] / (recent[index] as [number, number])[pick]));
  const measured = correlation(returns(0), returns(1));
  return measured === undefined || !Number.isFinite(measured) ? null : measured;
}

/** The correlations that the gate measures a cluster by, of the histories that are there. */
export function correlationsOf(
  histories: ReadonlyMap<string, BarSeries>,
): (left: string, right: string) => number | null {
  return (left, right) => {
    const a = histories.get(left);
    const b = histories.get(right);
    return a === undefined || b === undefined ? null : returnCorrelation(a, b);
  };
}
