import type { DeskEvent } from '#contracts/registry.ts';
import type { EquityCurve } from '#core/analytics/series.ts';
import { parseInstant } from '#core/values/clock.ts';

const isRevaluation = (event: DeskEvent): event is DeskEvent<'PortfolioRevalued'> =>
  event.metadata.type === 'PortfolioRevalued';

/**
 * The marks of an account from its log: its revaluations in order of time, the last of each instant. Ends with the first
 * mark at or below zero, after which nothing is a return.
 */
export function replayCurve(events: readonly DeskEvent[]): EquityCurve {
  const marks = new Map<number, number>();
  for (const event of events)
    if (isRevaluation(event)) marks.set(parseInstant(event.metadata.occurredAt), Number(event.data.equity));
  const sorted = [...marks].sort(([left], [right]) => left - right);
  const end = sorted.findIndex(([, equity]) => !(equity > 0));
  const kept = end === -1 ? sorted : sorted.slice(0, end + 1);
  return {
    time: Float64Array.from(kept, ([time]) => time),
    equity: Float64Array.from(kept, ([, equity]) => equity),
  };
}
