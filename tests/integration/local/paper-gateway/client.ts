import {
  type Contract,
  EventName,
  IBApi,
  type Order,
  type OrderType,
  SecType,
  type TimeInForce,
} from '@stoqey/ib';

export const AAPL: Contract = { symbol: 'AAPL', secType: SecType.STK, exchange: 'SMART', currency: 'USD' };

/** What the client heard, by event, in order. */
export interface Heard {
  readonly event: string;
  readonly arguments: readonly unknown[];
}

/** The unmodified TWS client with a memory of everything it heard, and a way to wait for more. */
export class TwsClient {
  readonly api: IBApi;
  readonly heard: Heard[] = [];
  #waiting: { test: () => boolean; done: () => void }[] = [];

  constructor(port: number, clientId: number) {
    this.api = new IBApi({ host: '127.0.0.1', port, clientId, maxReqPerSec: 10_000 });
    // Without a listener of its own, an error event would be thrown.
    this.api.on(EventName.error, () => {});
    this.api.on(EventName.all, (event, args) => {
      this.heard.push({ event, arguments: args });
      const met = this.#waiting.filter((wait) => wait.test());
      this.#waiting = this.#waiting.filter((wait) => !met.includes(wait));
      for (const wait of met) wait.done();
    });
  }

  /** Connects and returns the first order id. */
  async connect(): Promise<number> {
    this.api.connect();
    const [id] = (await this.next(EventName.nextValidId)) as [number];
    return id;
  }

  all(event: string): readonly (readonly unknown[])[] {
    return this.heard.filter((entry) => entry.event === event).map((entry) => entry.arguments);
  }

  /** The arguments of the first such event, waiting for it if need be. */
  async next(
    event: string,
    matches: (...args: readonly unknown[]) => boolean = () => true,
  ): Promise<readonly unknown[]> {
    const find = () => this.all(event).find((args) => matches(...args));
    await this.until(() => find() !== undefined, event);
    return find() as readonly unknown[];
  }

  /** Waits until `test` holds, tried whenever something is heard. */
  async until(test: () => boolean, what = 'condition'): Promise<void> {
    if (test()) return;
    await new Promise<void>((resolve, reject) => {
      const giveUp = setTimeout(() => {
        const tail = this.heard
          .slice(-12)
          .map((entry) => `${entry.event} ${JSON.stringify(entry.arguments)}`);
        reject(new Error(`never heard ${what}; last heard:\n${tail.join('\n')}`));
      }, 10_000);
      this.#waiting.push({
        test,
        done: () => {
          clearTimeout(giveUp);
          resolve();
        },
      });
    });
  }

  /** Waits until the gateway has answered everything asked before. */
  async settled(): Promise<void> {
    const before = this.all(EventName.currentTime).length;
    this.api.reqCurrentTime();
    await this.until(() => this.all(EventName.currentTime).length > before, 'currentTime');
  }

  status(orderId: number): string | undefined {
    return this.all(EventName.orderStatus)
      .filter(([id]) => id === orderId)
      .at(-1)?.[1] as string | undefined;
  }

  async disconnect(): Promise<void> {
    if (!this.api.isConnected) return;
    this.api.disconnect();
    await this.next(EventName.disconnected);
  }
}

/** An order with the fields that a careful client always sets. */
export function order(
  action: 'BUY' | 'SELL',
  totalQuantity: number,
  orderType: string,
  more: Partial<Order> = {},
): Order {
  return {
    action: action as NonNullable<Order['action']>,
    totalQuantity,
    orderType: orderType as OrderType,
    tif: 'DAY' as TimeInForce,
    transmit: true,
    ...more,
  };
}
