import type { InstrumentState } from '#core/agents/strategy/instrument-state.ts';
import { SESSIONS_A_YEAR } from '#core/agents/strategy/instrument-state.ts';

/** Assumed full spread of a liquid instrument whose spread nobody stated: two basis points, never below one tick. */
export const ASSUMED_SPREAD = 0.0002;
/** Coefficient of the square-root law; about 1 for stocks (Tóth et al. 2011). */
const IMPACT = 1;

/**
 * Expected slippage of taking `quantity` units, as a fraction of the price: half the spread and the square-root impact
 * σ·√(Q/V) with σ and V of one session (Almgren et al. 2005). NaN where volatility or volume is unknown: an order whose
 * cost is unknown is not cheap.
 */
export function expectedSlippage(state: InstrumentState, quantity: number): number {
  const spread = Number.isFinite(state.spread) ? state.spread : ASSUMED_SPREAD;
  const full = Math.max(spread, Number(state.instrument.tick) / state.reference);
  const sessionVolatility = state.annualVolatility / Math.sqrt(SESSIONS_A_YEAR);
  if (!(state.usualVolume > 0) || !(sessionVolatility >= 0)) return Number.NaN;
  return full / 2 + IMPACT * sessionVolatility * Math.sqrt(Math.max(0, quantity) / state.usualVolume);
}
