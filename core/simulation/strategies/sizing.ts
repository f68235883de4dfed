import type { InstrumentPast, StrategyContext } from '../engine/strategy.ts';

/** Whole lots that `fraction` of the equity buys at the last close; 0 before the first bar or where it buys none. */
export function wholeLots(context: StrategyContext, index: number, fraction: number): number {
  const past = context.instruments[index] as InstrumentPast;
  const close = past.close.at(0);
  if (!(close > 0)) return 0;
  const lot = Number(past.instrument.lot);
  const unit = close * Number(past.instrument.multiplier) * context.rate(index) * lot;
  return Math.max(0, Math.floor((context.equity * fraction) / unit)) * lot;
}
