import type { Execution, ObservedOrder, Unreadable } from '#core/broker/broker-port.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { type Bridge, reportDifference } from './bridge-parts.ts';
import type { ForeignHoldingsWatch } from './foreign-holdings.ts';
import type { Holdings } from './holdings.ts';

export interface StrangersParts {
  readonly holdings: Holdings;
  readonly foreign: ForeignHoldingsWatch;
  /** Told when somebody else's order or execution is seen that was not known. */
  readonly onNew: () => void;
}

/** Says what the broker tells of orders in the account that are not the desk's, each once. */
export class Strangers {
  readonly #bridge: Bridge;
  readonly #parts: StrangersParts;
  readonly #orders = new Set<number>();
  /** Executions that were said already: each comparison has the broker tell all of the day's again. */
  readonly #executions = new Set<string>();

  constructor(bridge: Bridge, parts: StrangersParts) {
    this.#bridge = bridge;
    this.#parts = parts;
  }

  order(order: ObservedOrder): Promise<void> {
    const observed = `${order.side} ${order.quantity} ${order.symbol} ${order.orderType}, client ${order.clientId}`;
    return this.#order(order, observed);
  }

  execution(execution: Execution, at: EpochMillis): Promise<void> {
    const { side, quantity, symbol, price } = execution;
    return this.#execution(execution, at, `${side} ${quantity} ${symbol} at ${price}`);
  }

  /** What cannot be read counts for what it may be: an order for one that may move anything. */
  async unreadable({ of, account, contract, problem, ...told }: Unreadable): Promise<void> {
    this.#bridge.log('warn', 'a message about an order that is not the desk’s cannot be read', {
      of,
      problem,
      ...told,
    });
    const { symbol } = contract;
    const observed = `one in ${symbol} that cannot be read: ${problem}`;
    if (of === 'execution')
      await this.#execution({ execId: told.execId, account, symbol }, this.#bridge.schedule.now(), observed);
    if (of === 'open-order')
      await this.#order(
        {
          orderId: told.orderId ?? 0,
          clientId: told.clientId ?? -1,
          permId: told.permId ?? 0,
          orderRef: told.orderRef,
          account,
          symbol,
          contract: { ...contract, multiplier: null },
          side: '',
          quantity: '0',
          cashQuantity: null,
          orderType: '',
          limitPrice: null,
          triggerPrice: null,
          parentId: 0,
          ocaGroup: '',
          status: '',
        },
        observed,
      );
  }

  async #order(order: ObservedOrder, observed: string): Promise<void> {
    const { account, permId } = order;
    if (account !== this.#bridge.link.account) return;
    this.#parts.foreign.order(order);
    if (this.#orders.has(permId)) return;
    this.#orders.add(permId);
    this.#parts.onNew();
    await reportDifference(this.#bridge, {
      subject: 'foreign-order',
      key: `permId:${permId}`,
      expected: 'no order that the desk did not place',
      observed,
      explanation:
        'somebody else works an order in this account; it is left alone and counts in the exposure',
    });
  }

  async #execution(
    { execId, account, symbol }: Pick<Execution, 'execId' | 'account' | 'symbol'>,
    at: EpochMillis,
    observed: string,
  ): Promise<void> {
    if (account !== this.#bridge.link.account || this.#executions.has(execId)) return;
    this.#parts.holdings.executed(symbol, at);
    this.#parts.onNew();
    await reportDifference(this.#bridge, {
      subject: 'execution',
      key: execId,
      expected: 'no execution that no order of the desk accounts for',
      observed,
      explanation: 'an order that is not the desk’s was executed in its account; it counts in the position',
    });
    this.#executions.add(execId);
  }
}
