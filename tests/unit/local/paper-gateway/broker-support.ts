import { ibkrFixedUsStocks } from '#core/simulation/commission.ts';
import { REGULATION_T } from '#core/simulation/margin.ts';
import type { FillModel } from '#core/simulation/orders.ts';
import { Decimal } from '#core/values/decimal.ts';
import { advance, type BrokerInput, newBroker } from '#local/paper-gateway/broker/broker.ts';
import type {
  BrokerEvent,
  BrokerOrder,
  BrokerSettings,
  BrokerState,
  OrderRequest,
} from '#local/paper-gateway/broker/state.ts';

export const MINUTE = 60_000;
export const OPEN = Date.UTC(2018, 1, 5, 14, 30);
export const CLOSE = OPEN + 390 * MINUTE;

/** Half a tick of spread and nothing else, so that prices in tests are plain. */
export const MODEL: FillModel = {
  tick: 0.01,
  lot: 1,
  maximumParticipation: 0.1,
  spread: 0,
  slippage: 0,
  impact: 0,
  assumedVolume: Number.NaN,
};

export const SETTINGS: BrokerSettings = {
  account: 'DU0000001',
  margin: REGULATION_T,
  commission: () => ibkrFixedUsStocks(),
  instruments: new Map(
    ['AAPL', 'MSFT'].map((id) => [
      id,
      { id, symbol: id, assetClass: 'equity', tradable: true, multiplier: new Decimal(1), model: MODEL },
    ]),
  ),
};

export const request = (orderId: number, terms: Partial<OrderRequest> = {}): OrderRequest => ({
  clientId: 1,
  orderId,
  instrument: 'AAPL',
  exchange: 'SMART',
  action: 'BUY',
  quantity: 100,
  orderType: 'MKT',
  limitPrice: null,
  auxPrice: null,
  trailStopPrice: null,
  trailingPercent: null,
  timeInForce: 'GTC',
  goodTillDate: '',
  goodTill: null,
  ocaGroup: '',
  ocaType: 0,
  account: '',
  orderRef: '',
  transmit: true,
  parentId: 0,
  outsideRth: false,
  whatIf: false,
  unsupported: null,
  session: { openTime: OPEN, closeTime: CLOSE },
  ...terms,
});

/** A bar as prices and volume. */
export type Prices = readonly [open: number, high: number, low: number, close: number, volume?: number];

/** A broker played by hand: minute `n` opens `n` minutes after the session. */
export class Broker {
  readonly state: BrokerState;
  readonly events: BrokerEvent[] = [];
  at = OPEN;
  #minute = 0;

  constructor(state: BrokerState = newBroker(new Decimal(1_000_000))) {
    this.state = state;
    this.does({ input: 'mark', instrument: 'AAPL', price: 100 });
    this.does({ input: 'mark', instrument: 'MSFT', price: 50 });
  }

  does(input: BrokerInput): readonly BrokerEvent[] {
    const { events } = advance(this.state, SETTINGS, this.at, input);
    this.events.push(...events);
    return events;
  }

  place(orderId: number, terms: Partial<OrderRequest> = {}): readonly BrokerEvent[] {
    return this.does({ input: 'place', request: request(orderId, terms) });
  }

  cancel(orderId: number): readonly BrokerEvent[] {
    return this.does({ input: 'cancel', clientId: 1, orderId });
  }

  /** The next minute of an instrument. */
  bar(
    [open, high, low, close, volume = 1e6]: Prices,
    more: { instrument?: string; sessionEnd?: boolean; sessionStart?: boolean } = {},
  ): readonly BrokerEvent[] {
    const openTime = OPEN + this.#minute * MINUTE;
    this.#minute += 1;
    this.at = openTime + MINUTE;
    return this.does({
      input: 'bar',
      bar: {
        instrument: 'AAPL',
        openTime,
        closeTime: more.sessionEnd === true ? Math.max(CLOSE, openTime + MINUTE) : openTime + MINUTE,
        open,
        high,
        low,
        close,
        volume,
        sessionStart: false,
        sessionEnd: false,
        ...more,
      },
    });
  }

  order(orderId: number): BrokerOrder {
    const order = this.state.orders.get(this.state.byName.get(`1:${orderId}`) ?? -1);
    if (order === undefined) throw new Error(`no order ${orderId}`);
    return order;
  }

  /** `[orderId, quantity, price]` of every execution. */
  fills(): readonly (readonly [number, number, number])[] {
    return [...this.state.executions.values()].map(
      ({ orderId, quantity, price }) => [orderId, quantity, price] as const,
    );
  }

  position(instrument = 'AAPL'): number {
    return this.state.books.positions.get(instrument)?.quantity.toNumber() ?? 0;
  }
}

export const codes = (events: readonly BrokerEvent[]): number[] =>
  events.flatMap((event) => (event.event === 'error' ? [event.code] : []));
