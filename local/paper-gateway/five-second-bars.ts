import type { Bar } from '#core/market/bars.ts';
import { floorTo } from '#core/simulation/grid.ts';

/** Length of a real-time bar, the only one the protocol has. */
export const FIVE_SECONDS = 5_000;

/** Where the modelled path turns: time as a share of the minute, and price. */
type Corner = readonly [at: number, price: number];

/** Open, the nearer extreme, the other one, close: a minute that rose went down first, one that fell went up first. */
function cornersOf(bar: Bar): readonly Corner[] {
  const [first, second] = bar.close >= bar.open ? [bar.low, bar.high] : [bar.high, bar.low];
  return [
    [0, bar.open],
    [1 / 3, first],
    [2 / 3, second],
    [1, bar.close],
  ];
}

function priceAt(corners: readonly Corner[], at: number): number {
  for (let leg = 1; leg < corners.length; leg += 1) {
    const [from, before] = corners[leg - 1] as Corner;
    const [to, after] = corners[leg] as Corner;
    if (at <= to) return before + ((after - before) * (at - from)) / (to - from);
  }
  return (corners[corners.length - 1] as Corner)[1];
}

/**
 * The five-second bars of a closed bar: a model, as a tape of minutes does not know what happened inside them. The
 * path is a polygon through open, low, high and close (high before low where the bar fell), so that together the bars
 * have exactly the bar's open, high, low, close and volume. Prices lie on the tick where the bar's own do; volumes are
 * whole where the bar's is, NaN where it is unknown.
 */
export function fiveSecondBars(bar: Bar, tick: number): readonly Bar[] {
  const count = Math.floor((bar.closeTime - bar.openTime) / FIVE_SECONDS);
  const corners = cornersOf(bar);
  const price = (slice: number): number =>
    slice === 0
      ? bar.open
      : slice === count
        ? bar.close
        : held(floorTo(priceAt(corners, slice / count), tick));
  // Rounding down to the tick must not leave the bar's range where its low is off the tick.
  const held = (value: number): number => Math.min(bar.high, Math.max(bar.low, value));
  const volumeUntil = (slice: number): number =>
    slice === count ? bar.volume : Math.floor((bar.volume * slice) / count);
  return Array.from({ length: count }, (_, slice): Bar => {
    const open = price(slice);
    const close = price(slice + 1);
    const turned = corners
      .filter(([at]) => at > 0 && at < 1 && Math.min(count - 1, Math.floor(at * count)) === slice)
      .map(([, turn]) => turn);
    return {
      openTime: bar.openTime + slice * FIVE_SECONDS,
      closeTime: bar.openTime + (slice + 1) * FIVE_SECONDS,
      open,
      high: Math.max(open, close, ...turned),
      low: Math.min(open, close, ...turned),
      close,
      volume: volumeUntil(slice + 1) - volumeUntil(slice),
    };
  });
}
