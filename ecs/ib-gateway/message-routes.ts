import type { SessionInput } from '#core/broker/bridge-session.ts';
import type { BrokerMessage } from '#core/broker/broker-port.ts';
import type { AccountWatch } from './account-watch.ts';
import type { Handshake } from './handshake.ts';
import type { MarketDataDesk } from './market-data-desk.ts';
import type { NoticeReader } from './notice-reader.ts';
import type { OrderWatch } from './order-watch.ts';
import type { Preflight } from './preflight.ts';

/** Whom what the broker says is for. */
export interface Addressees {
  readonly step: (input: SessionInput) => Promise<void>;
  readonly handshake: Handshake;
  readonly orders: OrderWatch;
  readonly account: AccountWatch;
  readonly marketData: MarketDataDesk;
  readonly notices: NoticeReader;
  readonly preflight: Preflight;
}

/** Gives a message of the broker to the one it is for. What only answers a comparison is the reconciler's, which hears all. */
export async function deliver(message: BrokerMessage, to: Addressees): Promise<void> {
  switch (message.kind) {
    case 'connected':
      return to.step({ kind: 'connected' });
    case 'accounts':
    case 'next-order-id':
    case 'current-time':
      return to.handshake.observe(message);
    case 'open-order':
      return to.orders.openOrder(message.order);
    case 'order-status':
      return to.orders.status(message);
    case 'execution':
      return to.orders.execution(message);
    case 'commission':
      return to.orders.commission(message);
    case 'unreadable':
      // At once: by what else has come already, an order would be concluded about that nobody could read.
      if (await to.orders.unreadable(message.unreadable)) return;
      return to.step({ kind: 'link-ended', reason: message.unreadable.problem });
    case 'position':
    case 'positions-end':
    case 'account-value':
    case 'account-values-end':
      return to.account.observe(message);
    case 'bar':
    case 'bars-end':
    case 'bar-update':
      return to.marketData.observe(message);
    case 'notice':
      return to.notices.read(message.id, message.code, message.message);
    case 'closed':
      return to.step({ kind: 'link-ended', reason: message.reason });
    case 'what-if':
      return to.preflight.answered(message.orderId);
    case 'open-orders-end':
    case 'executions-end':
    case 'completed-order':
    case 'completed-orders-end':
      return;
  }
}
