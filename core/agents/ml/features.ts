import { closeLocation } from '#core/agents/flow/volume-measures.ts';
import type { BarSeries } from '#core/market/bars.ts';

/** The longest look back of any feature, in bars. */
export const FEATURE_LOOKBACK = 51;

/** Names of the features, in the order of {@link featureRow}. */
export const FEATURES = [
  'return1',
  'return5',
  'return20',
  'volatilityRatio',
  'trendDistance',
  'closeLocation5',
  'volumeRatio',
] as const;

/**
 * The features of one bar, from that bar and those before it only: returns in units of the month's volatility, short to
 * long volatility, distance from the 50-bar mean, closing location, volume. Null where any of them is undefined.
 */
export function featureRow(bars: BarSeries, index: number): Float64Array | null {
  if (index < FEATURE_LOOKBACK || index >= bars.length) return null;
  const close = (back: number) => bars.close[index - back] as number;
  const deviation = rootMeanSquareReturn(bars, index, 20);
  const recent = rootMeanSquareReturn(bars, index, 5);
  let mean = 0;
  for (let back = 0; back < 50; back++) mean += close(back) / 50;
  let location = 0;
  let volume = 0;
  for (let back = 0; back < 5; back++) {
    const at = index - back;
    location += closeLocation(bars.high[at] as number, bars.low[at] as number, bars.close[at] as number) / 5;
    volume += (bars.volume[at] as number) / 5;
  }
  let usual = 0;
  for (let back = 0; back < 50; back++) usual += (bars.volume[index - back] as number) / 50;
  const row = Float64Array.of(
    Math.log(close(0) / close(1)) / deviation,
    Math.log(close(0) / close(5)) / (deviation * Math.sqrt(5)),
    Math.log(close(0) / close(20)) / (deviation * Math.sqrt(20)),
    Math.log(recent / deviation),
    Math.log(close(0) / mean) / (deviation * Math.sqrt(50)),
    location,
    Math.log(volume / usual),
  );
  return row.every(Number.isFinite) ? row : null;
}

function rootMeanSquareReturn(bars: BarSeries, index: number, window: number): number {
  let squares = 0;
  for (let at = index - window + 1; at <= index; at++) {
    squares += Math.log((bars.close[at] as number) / (bars.close[at - 1] as number)) ** 2;
  }
  return Math.sqrt(squares / window);
}
