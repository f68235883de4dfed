import type { EpochMillis } from '#core/values/clock.ts';

/** An instrument as the broker names it. Empty `conId` leaves the choice to the broker. */
export interface BrokerContract {
  readonly symbol: string;
  readonly secType: 'STK' | 'IND' | 'CASH' | 'CRYPTO' | 'FUT' | 'OPT';
  readonly exchange: string;
  readonly currency: string;
}

/** One order as it goes to the broker. Prices and quantities are plain decimal text; every member is always set. */
export interface OrderTicket {
  readonly orderId: number;
  readonly contract: BrokerContract;
  readonly account: string;
  readonly orderRef: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  readonly orderType: string;
  readonly limitPrice: string | null;
  readonly triggerPrice: string | null;
  readonly timeInForce: string;
  /** UTC `yyyymmdd-hh:mm:ss`, with GTD only. */
  readonly goodTillDate: string | null;
  readonly parentId: number | null;
  readonly ocaGroup: string | null;
  /** False holds the order at the broker until a related order is transmitted. */
  readonly transmit: boolean;
}

/** What the bridge asks of the broker. */
export type BrokerRequest =
  | { readonly kind: 'place'; readonly ticket: OrderTicket }
  /** An order that the broker values and never works. */
  | { readonly kind: 'what-if'; readonly ticket: OrderTicket }
  | { readonly kind: 'cancel'; readonly orderId: number }
  | { readonly kind: 'current-time' }
  | { readonly kind: 'all-open-orders' }
  | { readonly kind: 'executions'; readonly requestId: number }
  | { readonly kind: 'completed-orders' }
  | { readonly kind: 'positions' }
  | { readonly kind: 'account-summary'; readonly requestId: number }
  | { readonly kind: 'cancel-account-summary'; readonly requestId: number }
  | {
      readonly kind: 'history';
      readonly requestId: number;
      readonly contract: BrokerContract;
      readonly barSize: '5 mins' | '15 mins' | '1 day';
      readonly duration: string;
      readonly keepUpToDate: boolean;
    }
  | { readonly kind: 'cancel-history'; readonly requestId: number };

/** A contract as the broker names it. */
export interface ToldContract {
  readonly symbol: string;
  readonly secType: string;
  readonly currency: string;
  /** The exchange's name for it, by which options and futures of one symbol differ; empty where the broker tells none. */
  readonly localSymbol: string;
}

/** An order as the broker shows it. `orderId` 0 stands for one that no API client placed. */
export interface ObservedOrder {
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly account: string;
  readonly symbol: string;
  readonly contract: ToldContract & {
    /** Of futures and options; null where the broker tells none. */
    readonly multiplier: string | null;
  };
  /** `BUY`, `SELL` (whatever the sale is of), or a word of the broker's that is neither. */
  readonly side: string;
  readonly quantity: string;
  /** The money that an order by amount is for, in the contract's currency: it has no units. Null for all others. */
  readonly cashQuantity: string | null;
  readonly orderType: string;
  readonly limitPrice: string | null;
  readonly triggerPrice: string | null;
  readonly parentId: number;
  readonly ocaGroup: string;
  readonly status: string;
}

/** An order that is over: the broker tells neither order id nor client id any more. */
export interface CompletedOrder {
  readonly permId: number;
  readonly orderRef: string;
  readonly status: string;
  readonly completedStatus: string;
  /** Units filled as the broker counts them; null where it does not say. */
  readonly filled: string | null;
}

export interface Execution {
  readonly execId: string;
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly account: string;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  readonly price: string;
  /** Null where the broker told a time whose zone is not known. */
  readonly executedAt: EpochMillis | null;
}

/** What can be told of a message about an order that cannot be read: its names. Null or empty where it has none. */
export interface Unreadable {
  readonly of: 'open-order' | 'order-status' | 'execution' | 'completed-order';
  readonly orderId: number | null;
  readonly permId: number | null;
  readonly clientId: number | null;
  readonly orderRef: string;
  readonly account: string;
  readonly execId: string;
  readonly contract: ToldContract;
  readonly problem: string;
}

/** One bar as the broker tells it; `time` is epoch seconds for intraday bars and `yyyymmdd` for daily ones. */
export interface BrokerBar {
  readonly time: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Null where the broker has none. */
  readonly volume: number | null;
}

/** What the broker says, in the order in which it says it. Decimals are text, exactly as many digits as came. */
export type BrokerMessage =
  | { readonly kind: 'connected'; readonly serverVersion: number }
  | { readonly kind: 'accounts'; readonly accounts: readonly string[] }
  | { readonly kind: 'next-order-id'; readonly orderId: number }
  | { readonly kind: 'current-time'; readonly at: EpochMillis }
  | { readonly kind: 'open-order'; readonly order: ObservedOrder }
  /** A what-if order has been valued. */
  | { readonly kind: 'what-if'; readonly orderId: number }
  | { readonly kind: 'open-orders-end' }
  | {
      readonly kind: 'order-status';
      readonly orderId: number;
      readonly clientId: number;
      readonly permId: number;
      readonly status: string;
      readonly filled: string;
      readonly remaining: string;
    }
  | { readonly kind: 'execution'; readonly execution: Execution }
  | { readonly kind: 'executions-end'; readonly requestId: number }
  | { readonly kind: 'unreadable'; readonly unreadable: Unreadable }
  | {
      readonly kind: 'commission';
      readonly execId: string;
      readonly commission: string;
      readonly currency: string;
      readonly realizedPnl: string | null;
    }
  | { readonly kind: 'completed-order'; readonly order: CompletedOrder }
  | { readonly kind: 'completed-orders-end' }
  | {
      readonly kind: 'position';
      readonly account: string;
      readonly contract: ToldContract;
      readonly quantity: string;
      readonly averageCost: string;
    }
  | { readonly kind: 'positions-end' }
  | {
      readonly kind: 'account-value';
      readonly requestId: number;
      readonly account: string;
      readonly tag: string;
      readonly value: string;
      readonly currency: string;
    }
  | { readonly kind: 'account-values-end'; readonly requestId: number }
  | { readonly kind: 'bar'; readonly requestId: number; readonly bar: BrokerBar }
  | { readonly kind: 'bars-end'; readonly requestId: number }
  | { readonly kind: 'bar-update'; readonly requestId: number; readonly bar: BrokerBar }
  /** An error or information: `id` is an order id, a request id or −1. */
  | { readonly kind: 'notice'; readonly id: number; readonly code: number; readonly message: string }
  /** The link is of no use any more: closed, refused, or it carried what cannot be read. Nothing follows. */
  | { readonly kind: 'closed'; readonly reason: string };

/** One connection, from opening to its end; never reopened. */
export interface BrokerLink {
  /** Puts one request on the wire now. @throws where the request cannot be sent; the link is then of no use. */
  send(request: BrokerRequest): void;
  /** Ends the connection; no message follows. */
  close(): void;
}

/** Opens connections to the broker. Each call gives a new one, with nothing left over from the last. */
export interface BrokerGateway {
  open(clientId: number, listener: (message: BrokerMessage) => void): BrokerLink;
}
