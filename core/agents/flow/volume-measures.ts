import type { BarSeries } from '#core/market/bars.ts';

/**
 * Close location value (Chaikin): where in its range a bar closed, −1 at the low, 1 at the high. 0 for a bar without
 * range: it says nothing of who won.
 */
export function closeLocation(high: number, low: number, close: number): number {
  return high > low ? (2 * close - high - low) / (high - low) : 0;
}

/**
 * Chaikin money flow at each bar: Σ close location × volume over Σ volume, of the last `window` bars. NaN while the
 * window is not full or a volume in it is unknown.
 */
export function moneyFlow(bars: BarSeries, window: number): Float64Array {
  return rollingShare(bars, window, (index) =>
    closeLocation(bars.high[index] as number, bars.low[index] as number, bars.close[index] as number),
  );
}

/** Signed volume share: Σ sign(close − close before) × volume over Σ volume (Granville's on-balance volume, bounded). */
export function signedVolume(bars: BarSeries, window: number): Float64Array {
  return rollingShare(bars, window, (index) =>
    index === 0 ? 0 : Math.sign((bars.close[index] as number) - (bars.close[index - 1] as number)),
  );
}

/** Volume-weighted average of typical prices over the last `window` bars, at each bar. */
export function volumeWeightedPrice(bars: BarSeries, window: number): Float64Array {
  return rollingShare(
    bars,
    window,
    (index) =>
      ((bars.high[index] as number) + (bars.low[index] as number) + (bars.close[index] as number)) / 3,
  );
}

/** Recomputed over each window rather than updated, so that rounding errors do not depend on where a series begins. */
function rollingShare(bars: BarSeries, window: number, value: (index: number) => number): Float64Array {
  const result = new Float64Array(bars.length).fill(Number.NaN);
  const values = Float64Array.from({ length: bars.length }, (_, index) => value(index));
  for (let end = window - 1; end < bars.length; end++) {
    let weighted = 0;
    let total = 0;
    for (let index = end - window + 1; index <= end; index++) {
      const units = bars.volume[index] as number;
      weighted += (values[index] as number) * units;
      total += units;
    }
    if (total > 0) result[end] = weighted / total;
  }
  return result;
}

/**
 * Share of the finite values among the `window` up to and including each bar that are below it, ties half; 0…1.
 * @param from the first bar whose rank is wanted; NaN before it
 */
export function trailingRank(values: Float64Array, window: number, from = 0): Float64Array {
  const ranks = new Float64Array(values.length).fill(Number.NaN);
  for (let end = Math.max(from, window - 1); end < values.length; end++) {
    const own = values[end] as number;
    if (!Number.isFinite(own)) continue;
    let below = 0;
    let count = 0;
    for (let index = end - window + 1; index <= end; index++) {
      const other = values[index] as number;
      if (!Number.isFinite(other)) continue;
      count++;
      if (other < own) below++;
      else if (other === own) below += 0.5;
    }
    if (count >= window / 2) ranks[end] = below / count;
  }
  return ranks;
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
