import type { View } from '#contracts/events/cycle.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/** A view whose newest data is older than this before the reference price is about another market. */
const STALE_AFTER: EpochMillis = 5 * 86_400_000;

/** Why a view may not be pooled; null where it may. `reference` is the instant of the newest closed bar. */
export function problemOf(view: View, asOf: EpochMillis, reference: EpochMillis): string | null {
  for (const [name, value, low, high] of [
    ['direction', view.direction, -1, 1],
    ['confidence', view.confidence, 0, 1],
    ['data quality', view.dataQuality, 0, 1],
  ] as const) {
    if (!(value >= low && value <= high)) return `its ${name} is ${value}, outside ${low} to ${high}`;
  }
  for (const [name, value] of Object.entries(view.measures)) {
    if (value !== null && !Number.isFinite(value)) return `its measure ${name} is ${value}`;
  }
  const dataTime = Date.parse(view.dataTime);
  if (Number.isNaN(dataTime)) return `its data time ${JSON.stringify(view.dataTime)} is not an instant`;
  if (dataTime > asOf) return `its data time ${view.dataTime} is after the cycle's`;
  if (reference - dataTime > STALE_AFTER) {
    return `its data of ${view.dataTime} is stale: the last bar is ${Math.floor((reference - dataTime) / 86_400_000)} days newer`;
  }
  return null;
}
