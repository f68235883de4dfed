import type { BarSeries } from '#core/market/bars.ts';

/**
 * Close location value (Chaikin): where in its range a bar closed, −1 at the low, 1 at the high. 0 for a bar without
 * range: it says nothing of who won.
 */
export function closeLocation(high: number, low: number, close: number): number {
  return high > low ? (2 * close - high - low) / (high - low) : 0;
}

/**
 * Σ value × volume over Σ volume, of the last `window` bars up to one. NaN while the window is not full, without volume, and
 * where a volume in it is unknown. Summed over each window rather than updated, so that rounding errors do not depend on
 * where a series begins.
 */
function volumeWeighted(
  volume: Float64Array,
  window: number,
  index: number,
  valueAt: (at: number) => number,
): number {
  if (index < window - 1) return Number.NaN;
  let sum = 0;
  let total = 0;
  for (let at = index - window + 1; at <= index; at++) {
    const units = volume[at] as number;
    sum += valueAt(at) * units;
    total += units;
  }
  return total > 0 ? sum / total : Number.NaN;
}

/** Chaikin money flow at a bar: close locations over the last `window` bars, weighted by volume; NaN where that is unknown. */
export function moneyFlow(
  { high, low, close, volume }: Pick<BarSeries, 'high' | 'low' | 'close' | 'volume'>,
  window: number,
  index: number,
): number {
  return volumeWeighted(volume, window, index, (at) =>
    closeLocation(high[at] as number, low[at] as number, close[at] as number),
  );
}

/**
 * Signed volume share at a bar: signs of close − close before over the last `window` bars, weighted by volume (Granville's
 * on-balance volume, bounded); NaN where that is unknown. The first bar of a series has no sign.
 */
export function signedVolume(
  { close, volume }: Pick<BarSeries, 'close' | 'volume'>,
  window: number,
  index: number,
): number {
  return volumeWeighted(volume, window, index, (at) =>
    at === 0 ? 0 : Math.sign((close[at] as number) - (close[at - 1] as number)),
  );
}

/** Volume-weighted average of typical prices over the last `window` bars up to one; NaN with fewer, or without volume. */
export function volumeWeightedPrice(
  { high, low, close, volume }: Pick<BarSeries, 'high' | 'low' | 'close' | 'volume'>,
  window: number,
  index: number,
): number {
  return volumeWeighted(
    volume,
    window,
    index,
    (at) => ((high[at] as number) + (low[at] as number) + (close[at] as number)) / 3,
  );
}

/**
 * Share of the finite values among the `window` up to and including one that are below it, ties half; 0…1. NaN while the
 * window is not full, for a value that is not finite, and where less than half of the window is.
 */
export function trailingRank(values: Float64Array, window: number, index: number): number {
  const own = values[index] as number;
  if (index < window - 1 || !Number.isFinite(own)) return Number.NaN;
  let below = 0;
  let equal = 0;
  let count = 0;
  for (let at = index - window + 1; at <= index; at++) {
    const other = values[at] as number;
    if (!Number.isFinite(other)) continue;
    count += 1;
    if (other < own) below += 1;
    else if (other === own) equal += 1;
  }
  return count >= window / 2 ? (below + equal / 2) / count : Number.NaN;
}

export interface VolumeProfile {
  /** Middle of the price bin with the most volume. */
  readonly pointOfControl: number;
  /** Bounds of the bins around it that hold 70 % of the volume. */
  readonly valueLow: number;
  readonly valueHigh: number;
}

const BINS = 24;
const VALUE_SHARE = 0.7;

/**
 * Volume at price over the last `window` bars: each bar's volume spread evenly over its range (what is known without
 * ticks). Null without volume or range.
 */
export function volumeProfile(bars: BarSeries, window: number): VolumeProfile | null {
  const start = Math.max(0, bars.length - window);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let index = start; index < bars.length; index++) {
    low = Math.min(low, bars.low[index] as number);
    high = Math.max(high, bars.high[index] as number);
  }
  if (!(high > low)) return null;
  const width = (high - low) / BINS;
  const volumes = new Float64Array(BINS);
  let total = 0;
  for (let index = start; index < bars.length; index++) {
    const units = bars.volume[index] as number;
    if (!(units > 0)) continue;
    const first = Math.min(BINS - 1, Math.floor(((bars.low[index] as number) - low) / width));
    const last = Math.min(BINS - 1, Math.floor(((bars.high[index] as number) - low) / width));
    for (let bin = first; bin <= last; bin++) {
      volumes[bin] = (volumes[bin] as number) + units / (last - first + 1);
    }
    total += units;
  }
  if (!(total > 0)) return null;
  let control = 0;
  for (let bin = 1; bin < BINS; bin++) {
    if ((volumes[bin] as number) > (volumes[control] as number)) control = bin;
  }
  let from = control;
  let to = control;
  let held = volumes[control] as number;
  while (held < VALUE_SHARE * total && (from > 0 || to < BINS - 1)) {
    const below = from > 0 ? (volumes[from - 1] as number) : -1;
    const above = to < BINS - 1 ? (volumes[to + 1] as number) : -1;
    if (above >= below) held += volumes[++to] as number;
    else held += volumes[--from] as number;
  }
  return {
    pointOfControl: low + (control + 0.5) * width,
    valueLow: low + from * width,
    valueHigh: low + (to + 1) * width,
  };
}
