import type { AssetClass, InstrumentId } from '#core/market/instrument.ts';
import type { AccountBooks, HeldPosition } from '#core/simulation/account.ts';
import type { CommissionSchedule } from '#core/simulation/commission.ts';
import type { MarginPolicy } from '#core/simulation/margin.ts';
import type { FillModel, MatchableOrder, MatchBar } from '#core/simulation/orders.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Decimal } from '#core/values/decimal.ts';
import type { DemandBound } from './demand-bound.ts';
import type { OrderIndex } from './order-index.ts';

/** Status words of the TWS protocol, and `Held` for an order kept back by transmit=false (never sent). */
export type OrderStatus = 'Held' | 'PreSubmitted' | 'Submitted' | 'Filled' | 'Cancelled' | 'Inactive';

/** An order at the broker. `permId` is unique for ever; (clientId, orderId) names it to its client. */
export interface BrokerOrder extends MatchableOrder {
  readonly permId: number;
  readonly clientId: number;
  /** 0 for an order entered by hand until it is bound, a negative number after that. */
  orderId: number;
  /** Ids were rolled back past it, so that its name is free for another order. */
  nameFreed: boolean;
  readonly account: string;
  readonly instrument: InstrumentId;
  /** Exchange as the client wrote it. */
  readonly exchange: string;
  readonly orderRef: string;
  readonly parentId: number;
  /** permId of the parent, 0 for none. */
  readonly parentPermId: number;
  readonly action: 'BUY' | 'SELL';
  type: MatchableOrder['type'];
  timeInForce: MatchableOrder['timeInForce'];
  /** Order type as the client wrote it (MOO is MKT with time in force OPG). */
  orderType: string;
  total: number;
  filled: number;
  /** Sum of price × quantity, exact decimal text. */
  filledValue: string;
  lastFillPrice: number;
  limitPrice: number;
  trailAmount: number;
  trailPercent: number;
  ocaGroup: string;
  ocaType: number;
  outsideRth: boolean;
  goodTillDate: string;
  /** Instant after which the order is cancelled: end of session or good-till date; null works until cancelled. */
  expiresAt: EpochMillis | null;
  /** Bars that open at or after this instant may fill it. */
  eligibleFrom: EpochMillis;
  /** Opening of the bar inside which a child came alive, or null. */
  activatedInside: EpochMillis | null;
  status: OrderStatus;
  whyHeld: string;
  /** Commission and fees charged so far, decimal text. */
  charged: string;
  completedAt: EpochMillis | null;
  completedStatus: string;
}

/** One execution. A correction changes the last group of its id, its price and what follows from the price. */
export interface Execution {
  readonly execId: string;
  readonly permId: number;
  readonly clientId: number;
  readonly orderId: number;
  readonly instrument: InstrumentId;
  readonly action: 'BUY' | 'SELL';
  readonly at: EpochMillis;
  readonly quantity: number;
  readonly price: number;
  readonly cumulativeQuantity: number;
  readonly averagePrice: number;
  readonly orderRef: string;
  readonly liquidity: 'added' | 'removed';
  readonly commission: string;
  /** Realised profit net of fees, null where the execution closed nothing. */
  readonly realised: string | null;
}

/** How a day began for one instrument. */
export interface DayOpening {
  /** What the executions from `firstExecution` on were booked upon, null for nothing. A split in the day begins anew. */
  readonly held: HeldPosition | null;
  readonly firstExecution: number;
  /** What the position was worth when the day began, decimal text; null where no price was known. */
  readonly value: string | null;
}

/** What the broker knows of an instrument. */
export interface BrokerInstrument {
  readonly id: InstrumentId;
  readonly symbol: string;
  readonly assetClass: AssetClass;
  readonly tradable: boolean;
  readonly multiplier: Decimal;
  readonly model: FillModel;
}

/** Settings that do not change while the broker runs. */
export interface BrokerSettings {
  readonly account: string;
  readonly instruments: ReadonlyMap<InstrumentId, BrokerInstrument>;
  readonly commission: (instrument: BrokerInstrument) => CommissionSchedule;
  readonly margin: MarginPolicy;
}

/** Misbehaviour asked of the broker by the fault control. */
export interface Behaviour {
  /** Orders still to be rejected, and with what words. */
  rejectNext: number;
  rejectReason: string;
  /** Largest fill per bar and order, null for the model's own. */
  maximumFill: number | null;
  readonly halted: Set<InstrumentId>;
}

/** The broker's whole state. Everything but `behaviour` survives restarts. */
export interface BrokerState {
  books: AccountBooks;
  nextPermId: number;
  nextExecution: number;
  /** Highest order id each client has used. */
  readonly highestOrderId: Map<number, number>;
  readonly orders: Map<number, BrokerOrder>;
  /** Derived from `orders`. */
  readonly index: OrderIndex<BrokerOrder>;
  /** What the working orders may ask of the account, at most; not kept. */
  readonly demand: DemandBound<BrokerOrder>;
  /** `clientId:orderId` of the latest order of that name. */
  readonly byName: Map<string, number>;
  readonly executions: Map<string, Execution>;
  readonly marks: Map<InstrumentId, string>;
  /** Close of the last bar matched, by instrument. */
  readonly matchedUntil: Map<InstrumentId, EpochMillis>;
  /** Net liquidation when the current day began, null before it is known. */
  dayStartEquity: string | null;
  /** Profit realised (net) when the current day began. */
  dayStartRealised: string;
  dayStart: EpochMillis;
  /** How the day began for what was held then, null where an older gateway did not write it down. */
  dayOpening: Map<InstrumentId, DayOpening> | null;
  /** Units traded this calendar month, for tiered commissions. */
  monthlyQuantity: string;
  month: string;
  readonly behaviour: Behaviour;
}

/** A bar on its way into matching. */
export interface BrokerBar extends MatchBar {
  readonly instrument: InstrumentId;
  readonly openTime: EpochMillis;
  readonly closeTime: EpochMillis;
}

/** An order as a client asks for it, parsed. */
export interface OrderRequest {
  readonly clientId: number;
  readonly orderId: number;
  readonly instrument: InstrumentId;
  readonly exchange: string;
  readonly action: string;
  readonly quantity: number;
  readonly orderType: string;
  readonly limitPrice: number | null;
  readonly auxPrice: number | null;
  readonly trailStopPrice: number | null;
  readonly trailingPercent: number | null;
  readonly timeInForce: string;
  readonly goodTillDate: string;
  /** Parsed good-till date, null where none, NaN where it could not be parsed. */
  readonly goodTill: EpochMillis | null;
  readonly ocaGroup: string;
  readonly ocaType: number;
  readonly account: string;
  readonly orderRef: string;
  readonly transmit: boolean;
  readonly parentId: number;
  readonly outsideRth: boolean;
  readonly whatIf: boolean;
  /** Name of a feature that this broker does not simulate, null where there is none. */
  readonly unsupported: string | null;
  /** The session in progress or the next one, null where the tape has ended. */
  readonly session: { readonly openTime: EpochMillis; readonly closeTime: EpochMillis } | null;
}

/** Margin effect of an order, before and after. */
export interface WhatIf {
  readonly initialBefore: Decimal;
  readonly maintenanceBefore: Decimal;
  readonly equityBefore: Decimal;
  readonly initialAfter: Decimal;
  readonly maintenanceAfter: Decimal;
  readonly equityAfter: Decimal;
  readonly commission: Decimal;
}

/** What a step tells the world, in order. Orders and executions are copies. */
export type BrokerEvent =
  | { readonly event: 'order'; readonly order: BrokerOrder }
  /** An order entered by hand now has an id by which client 0 can change it. */
  | { readonly event: 'bound'; readonly order: BrokerOrder }
  | { readonly event: 'execution'; readonly execution: Execution }
  | { readonly event: 'position'; readonly instrument: InstrumentId }
  | { readonly event: 'whatIf'; readonly order: BrokerOrder; readonly figures: WhatIf }
  | {
      readonly event: 'error';
      readonly clientId: number;
      readonly orderId: number;
      readonly code: number;
      readonly message: string;
    };

/** What a step changed and must be on disk before anybody hears of it. */
export interface BrokerChanges {
  readonly orders: Set<number>;
  readonly executions: Set<string>;
  account: boolean;
}

export const isWorking = (order: BrokerOrder): boolean =>
  order.status === 'PreSubmitted' || order.status === 'Submitted';
export const isFinal = (order: BrokerOrder): boolean =>
  order.status === 'Filled' || order.status === 'Cancelled' || order.status === 'Inactive';
export const orderName = (clientId: number, orderId: number): string => `${clientId}:${orderId}`;
/** The id of orders entered by hand, until client 0 has them bound. */
export const MANUAL_ORDER_ID = 0;
/** The client that orders entered by hand belong to, and the only one that may bind them. */
export const MANUAL_CLIENT_ID = 0;

/** Why an order ended that its client took back before anything of it was sent. */
export const NEVER_TRANSMITTED = 'Cancelled before it was transmitted';

/** Whether an order went out at some time: what is held back, or was taken back while it was, could never trade. */
export const wasTransmitted = ({ status, completedStatus }: BrokerOrder): boolean =>
  status !== 'Held' && completedStatus !== NEVER_TRANSMITTED;
