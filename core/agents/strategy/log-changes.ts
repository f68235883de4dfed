import { figureByBar } from '#core/market/figure-by-bar.ts';

/** The log of each close over the one before it. */
export const logChanges = figureByBar({
  reads: ['close'],
  before: 1,
  at: ({ close }, index) => Math.log((close[index] as number) / (close[index - 1] as number)),
});
