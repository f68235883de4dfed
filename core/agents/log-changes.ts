import { figureByBar } from '#core/market/figure-by-bar.ts';

/** The log of each close over the one before it; NaN where either is not positive. */
export const logChanges = figureByBar({
  reads: ['close'],
  before: 1,
  at: ({ close }, index) => {
    const before = close[index - 1] as number;
    const now = close[index] as number;
    return before > 0 && now > 0 ? Math.log(now / before) : Number.NaN;
  },
});
