import type { BarSeries } from '#core/market/bars.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { measured } from '#core/values/round.ts';
import {
  annualVolatility,
  type InstrumentState,
  median,
  SESSIONS_A_YEAR,
  VOLATILITY_SESSIONS,
} from '../strategy/instrument-state.ts';

/** Assumed full spread of a liquid instrument whose spread nobody stated: two basis points, never below one tick. */
export const ASSUMED_SPREAD = 0.0002;
/** Coefficient of the square-root law; about 1 for stocks (Tóth et al. 2011). */
const IMPACT = 1;

/**
 * Expected slippage of taking `quantity` units, as a fraction of the price: half the spread and the square-root impact
 * σ·√(Q/V) with σ and V of one session (Almgren et al. 2005). NaN where volatility or volume is unknown: an order whose
 * cost is unknown is not cheap.
 */
export function expectedSlippage(
  state: Pick<InstrumentState, 'instrument' | 'reference' | 'annualVolatility' | 'usualVolume' | 'spread'>,
  quantity: number,
): number {
  const spread = Number.isFinite(state.spread) ? state.spread : ASSUMED_SPREAD;
  const full = Math.max(spread, Number(state.instrument.tick) / state.reference);
  const sessionVolatility = state.annualVolatility / Math.sqrt(SESSIONS_A_YEAR);
  if (!(state.usualVolume > 0) || !(sessionVolatility >= 0)) return Number.NaN;
  return full / 2 + IMPACT * sessionVolatility * Math.sqrt(Math.max(0, quantity) / state.usualVolume);
}

/** {@link expectedSlippage} from closed bars alone, the spread assumed; null where they don't say what an order costs. */
export function historySlippage(
  instrument: Instrument,
  bars: BarSeries,
  reference: number,
  quantity: number,
): number | null {
  return measured(
    expectedSlippage(
      {
        instrument,
        reference,
        annualVolatility: annualVolatility(bars, bars.length, VOLATILITY_SESSIONS),
        usualVolume: median(bars.volume.subarray(Math.max(0, bars.length - VOLATILITY_SESSIONS))),
        spread: Number.NaN,
      },
      quantity,
    ),
  );
}
