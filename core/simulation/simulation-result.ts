import type { EquityCurve } from '#core/analytics/series.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Side } from './orders.ts';

/** Marks of a simulated account, one a bar (of the finest interval that was played), in the account's currency. */
export interface SimulationMarks extends EquityCurve {
  readonly cash: Float64Array;
  /** Sum of the absolute market values of all positions. */
  readonly grossExposure: Float64Array;
  /** Sum of the signed market values of all positions. */
  readonly netExposure: Float64Array;
}

/** One execution. Floats: a simulation is analytics, never money. */
export interface SimulatedFill {
  readonly time: number;
  readonly orderId: number;
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly quantity: number;
  readonly price: number;
  /** Quantity × price × multiplier in the account's currency, above zero. */
  readonly value: number;
  readonly fee: number;
}

/** A round trip: from the fill that opened it to the one that closed it, at average prices. */
export interface Trade {
  readonly instrument: InstrumentId;
  readonly direction: 'long' | 'short';
  readonly entryTime: number;
  /** NaN while the trade is open at the end. */
  readonly exitTime: number;
  /** Largest quantity held. */
  readonly quantity: number;
  readonly entryPrice: number;
  /** Average exit price; the last mark where the trade is open at the end. */
  readonly exitPrice: number;
  /** Profit in the account's currency, after all fees. */
  readonly profit: number;
  readonly fees: number;
  readonly bars: number;
  /** Largest loss and largest profit on the way, before fees, as positive amounts (Sweeney's MAE and MFE). */
  readonly maximumAdverse: number;
  readonly maximumFavourable: number;
  readonly open: boolean;
}

/** What trading cost, in the account's currency; each a positive amount where it was paid. */
export interface SimulationCosts {
  readonly commission: number;
  /** Half spreads and slippage against the reference price of each fill. */
  readonly spreadAndSlippage: number;
  readonly impact: number;
  readonly borrow: number;
  readonly interest: number;
}

/** What a simulation hands to analytics and reports. */
export interface SimulationResult {
  readonly marks: SimulationMarks;
  readonly fills: readonly SimulatedFill[];
  readonly trades: readonly Trade[];
  readonly costs: SimulationCosts;
  readonly currency: string;
  /** How often an order was refused, by the limit or rule that refused it. */
  readonly refusals: Readonly<Record<string, number>>;
  /** States of the risk gate on the way, in order: when trading was reduced, halted, liquidated. */
  readonly incidents: readonly { readonly time: number; readonly kind: string; readonly detail: string }[];
}
