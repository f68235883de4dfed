import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Bar } from '#core/market/bars.ts';
import { onGrid } from '#core/simulation/grid.ts';
import { FIVE_SECONDS, fiveSecondBars } from '#local/paper-gateway/five-second-bars.ts';

const cents = fc.integer({ min: 1, max: 5_000_000 });
const minute = fc.record({ prices: fc.tuple(cents, cents, cents, cents), volume: fc.nat(10_000_000) }).map(
  ({ prices, volume }): Bar => ({
    openTime: 1_517_841_000_000,
    closeTime: 1_517_841_060_000,
    open: prices[0] / 100,
    high: Math.max(...prices) / 100,
    low: Math.min(...prices) / 100,
    close: prices[1] / 100,
    volume,
  }),
);

it('five-second bars make up exactly the minute they model, each of them a possible bar on the tick', () => {
  fc.assert(
    fc.property(minute, (bar) => {
      const slices = fiveSecondBars(bar, 0.01);
      expect(slices).toHaveLength(12);
      expect(slices[0]?.open).toBe(bar.open);
      expect(slices[11]?.close).toBe(bar.close);
      expect(Math.max(...slices.map(({ high }) => high))).toBe(bar.high);
      expect(Math.min(...slices.map(({ low }) => low))).toBe(bar.low);
      expect(slices.reduce((sum, { volume }) => sum + volume, 0)).toBe(bar.volume);
      for (const [index, slice] of slices.entries()) {
        expect(slice.openTime).toBe(bar.openTime + index * FIVE_SECONDS);
        if (index > 0) expect(slice.open).toBe(slices[index - 1]?.close);
        expect(slice.low).toBeLessThanOrEqual(Math.min(slice.open, slice.close));
        expect(slice.high).toBeGreaterThanOrEqual(Math.max(slice.open, slice.close));
        expect(onGrid(slice.open, 0.01)).toBe(true);
        expect(Number.isInteger(slice.volume) && slice.volume >= 0).toBe(true);
      }
    }),
    { numRuns: 200, seed: 5 },
  );
});

it('five-second bars of a minute of unknown volume have an unknown volume', () => {
  fc.assert(
    fc.property(minute, (bar) => {
      for (const { volume } of fiveSecondBars({ ...bar, volume: Number.NaN }, 0.01)) expect(volume).toBeNaN();
    }),
    { numRuns: 20, seed: 5 },
  );
});
