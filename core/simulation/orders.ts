/** The side of an order or a fill. */
export type Side = 'buy' | 'sell';

/**
 * Order types that the fill model knows. `MOO` and `LOO` take part in the session's first bar only (also written
 * MKT and LMT with time in force OPG), `MOC` and `LOC` in its last.
 */
export type SimulatedOrderType = 'MKT' | 'LMT' | 'STP' | 'STP LMT' | 'TRAIL' | 'MOC' | 'LOC' | 'MOO' | 'LOO';

/** How long an order works. Expiry by date and session belongs to the book around the fill model. */
export type TimeInForce = 'DAY' | 'GTC' | 'IOC' | 'FOK' | 'GTD' | 'OPG';

/**
 * What the fill model needs of a working order. Prices are floats on the instrument's tick, NaN where the type has
 * none. `triggered` and `stopPrice` (of a TRAIL) are the only fields the model writes.
 */
export interface MatchableOrder {
  readonly side: Side;
  readonly type: SimulatedOrderType;
  readonly timeInForce: TimeInForce;
  readonly limitPrice: number;
  /** Trigger of STP and STP LMT; current trailing trigger of TRAIL (NaN until its first bar when not given). */
  stopPrice: number;
  /** Distance of a TRAIL as a price, or NaN. */
  readonly trailAmount: number;
  /** Distance of a TRAIL in percent of the extreme (2 means 2 %), or NaN. */
  readonly trailPercent: number;
  /** True once the stop has been elected: a STP or TRAIL then works as a market order, a STP LMT as a limit. */
  triggered: boolean;
}

/** One bar as the fill model sees it. */
export interface MatchBar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Units traded, NaN where unknown. */
  readonly volume: number;
  /** First bar of the session: opening orders take part. */
  readonly sessionStart: boolean;
  /** Last bar of the session: closing orders take part. */
  readonly sessionEnd: boolean;
}

/** Assumptions of the fill model. Fractions are of the price: 0.0002 is two basis points. */
export interface FillModel {
  readonly tick: number;
  readonly lot: number;
  /** Largest share of a bar's volume that all simulated orders together may take. */
  readonly maximumParticipation: number;
  /** Full bid-ask spread as a fraction of the price; never less than one tick. */
  readonly spread: number;
  /** Extra adverse fraction on every fill that removes liquidity. */
  readonly slippage: number;
  /** Coefficient Y of the square-root impact law. */
  readonly impact: number;
  /** Volume to assume where the bar's is unknown; NaN means such a bar fills nothing. */
  readonly assumedVolume: number;
}

/** The product's assumptions for liquid instruments: 10 % of volume, 2 bp spread, 1 bp slippage, Y = 1. */
export const DEFAULT_FILL_ASSUMPTIONS = {
  maximumParticipation: 0.1,
  spread: 0.0002,
  slippage: 0.0001,
  impact: 1,
  assumedVolume: Number.NaN,
} as const satisfies Omit<FillModel, 'tick' | 'lot'>;
