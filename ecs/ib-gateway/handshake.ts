import type { BrokerMessage } from '#core/broker/broker-port.ts';
import { chooseAccount, requireSameAccount } from '#core/broker/trading-mode.ts';
import type { Bridge } from './bridge-parts.ts';
import type { GatewayConnection, Greeting } from './gateway-connection.ts';

type GreetingMessage = Extract<BrokerMessage, { kind: 'accounts' | 'next-order-id' | 'current-time' }>;

export interface HandshakeOwner {
  readonly connection: GatewayConnection;
  readonly healthyFor: (millis: number) => void;
  /** Called with each greeting once all three have come. */
  readonly whole: () => Promise<void>;
}

/** What a gateway tells of itself before anything is asked of it: accounts, next order id and, again and again, the time. */
export class Handshake {
  readonly #bridge: Bridge;
  readonly #owner: HandshakeOwner;

  constructor(bridge: Bridge, owner: HandshakeOwner) {
    this.#bridge = bridge;
    this.#owner = owner;
  }

  /** @throws TradingModeError for accounts that the mode forbids, or that are not the book's */
  async observe(message: GreetingMessage): Promise<void> {
    const { ledger, link, outbox, settings } = this.#bridge;
    const { connection, healthyFor } = this.#owner;
    switch (message.kind) {
      case 'accounts':
        link.account = chooseAccount(message.accounts, settings);
        requireSameAccount((await this.#bridge.expectedAccount())?.account ?? null, link.account);
        return this.#greet('accounts');
      case 'next-order-id': {
        await ledger.load();
        const ours = ledger.unfinishedRecords().filter((record) => record.clientId === settings.clientId);
        const taken = ours.flatMap(({ orderId, triedOrderIds }) => [orderId, ...triedOrderIds]);
        link.startOrderIds(message.orderId, Math.max(0, ...taken));
        if (!connection.has('time')) outbox.send('question', { kind: 'current-time' });
        return this.#greet('orderId');
      }
      case 'current-time':
        connection.beat();
        healthyFor(settings.heartbeatEvery + settings.heartbeatDeadline + settings.healthGrace);
        return this.#greet('time');
    }
  }

  async #greet(what: Greeting): Promise<void> {
    if (this.#owner.connection.greet(what)) await this.#owner.whole();
  }
}
