import type { Unreadable } from '#core/broker/broker-port.ts';
import { fieldsIn } from './frame-guard.ts';

/** Where in a message about an order its names stand; they come before whatever may be laid out otherwise. */
interface Places {
  readonly of: Unreadable['of'];
  readonly orderId?: number;
  readonly permId: number;
  readonly clientId?: number;
  readonly orderRef?: number;
  readonly account?: number;
  readonly execId?: number;
  /** Of the contract: symbol, kind, currency and the exchange's name for it. */
  readonly contract?: readonly [number, number, number, number];
}

/** By message id, at server versions from 177 on. */
const PLACES: Readonly<Record<string, Places>> = {
  '3': { of: 'order-status', orderId: 1, permId: 6, clientId: 9 },
  '5': {
    of: 'open-order',
    orderId: 1,
    contract: [3, 4, 10, 11],
    account: 20,
    orderRef: 23,
    clientId: 24,
    permId: 25,
  },
  '11': {
    of: 'execution',
    orderId: 2,
    contract: [4, 5, 11, 12],
    execId: 14,
    account: 16,
    permId: 21,
    clientId: 22,
    orderRef: 26,
  },
  '101': { of: 'completed-order', contract: [2, 3, 9, 10], account: 19, orderRef: 22, permId: 23 },
};

/** What a frame that cannot be read is about, by its names; null where it is about no order. */
export function namedIn(frame: Buffer, problem: string): Unreadable | null {
  const fields = fieldsIn(frame);
  const places = PLACES[fields[0] ?? ''];
  if (places === undefined) return null;
  const textAt = (place: number | undefined) => (place === undefined ? undefined : fields[place]) ?? '';
  const idAt = (place: number | undefined) =>
    /^-?\d{1,19}$/.test(textAt(place)) ? Number(textAt(place)) : null;
  const [symbol, secType, currency, localSymbol] = places.contract ?? [];
  return {
    of: places.of,
    orderId: idAt(places.orderId),
    permId: idAt(places.permId),
    clientId: idAt(places.clientId),
    orderRef: textAt(places.orderRef),
    account: textAt(places.account),
    execId: textAt(places.execId),
    contract: {
      symbol: textAt(symbol),
      secType: textAt(secType),
      currency: textAt(currency),
      localSymbol: textAt(localSymbol),
    },
    problem,
  };
}
