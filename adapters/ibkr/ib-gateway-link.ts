import type {
  BarSizeSetting,
  Contract,
  Order,
  OrderAction,
  OrderType,
  SecType,
  TimeInForce,
  WhatToShow,
} from '@stoqey/ib';
// The package's front door also loads its second API and rxjs, which the bridge does not use.
import { IBApi } from '@stoqey/ib/dist/api/api.js';
import type {
  BrokerContract,
  BrokerGateway,
  BrokerLink,
  BrokerMessage,
  BrokerRequest,
  OrderTicket,
} from '#core/broker/broker-port.ts';
import { Decimal } from '#core/values/decimal.ts';
import { FrameGuard } from './frame-guard.ts';
import { listen, UnreadableMessageError } from './ib-messages.ts';
import { standInFront } from './library-internals.ts';
import { namedIn } from './named-in-frame.ts';

/** The oldest server version at which the library reads completed orders correctly. */
const MINIMUM_SERVER_VERSION = 177;
/** OCA type 2: filling one reduces the others, and only one of them is at the exchange at a time. */
const REDUCE_WITH_BLOCK = 2;
const LARGEST_ID = 2_147_483_647;

/** A request that must not reach the library: it would wedge the connection or be misread by the broker. */
export class UnsendableRequestError extends Error {
  readonly code = 'UnsendableRequest';
  readonly retryable = false;
  constructor(what: string) {
    super(`the request cannot be sent to the broker: ${what}`);
    this.name = 'UnsendableRequestError';
  }
}

export interface IbGatewaySettings {
  readonly host: string;
  readonly port: number;
}

/**
 * {@link BrokerGateway} on @stoqey/ib 1.6.10. Every link is a new library object: orders that an old one still held can
 * never go out later. Nothing is sent that was not checked first, and nothing the library throws gets past the link.
 */
export function ibGateway(settings: IbGatewaySettings): BrokerGateway {
  return { open: (clientId, listener) => openLink(settings, clientId, listener) };
}

function openLink(
  settings: IbGatewaySettings,
  clientId: number,
  listener: (message: BrokerMessage) => void,
): BrokerLink {
  const api = new IBApi({ host: settings.host, port: settings.port });
  const guard = new FrameGuard();
  let open = true;

  const end = (reason: string | null): void => {
    if (!open) return;
    open = false;
    try {
      api.disconnect();
    } catch {
      // The link is given up; what its library object still has to say does not matter any more.
    }
    if (reason !== null) listener({ kind: 'closed', reason });
  };
  const emit = (message: BrokerMessage): void => {
    if (!open) return;
    if (message.kind === 'closed') {
      end(message.reason);
      return;
    }
    if (message.kind === 'connected' && message.serverVersion < MINIMUM_SERVER_VERSION) {
      end(
        `the gateway speaks version ${message.serverVersion}; at least ${MINIMUM_SERVER_VERSION} is needed`,
      );
      return;
    }
    listener(message);
    if (message.kind === 'notice' && message.id === -1 && CONNECTION_FAILED.has(message.code))
      end(message.message);
  };

  /** A message about an order that cannot be read is for whoever knows whose order it is; any other ends the link. */
  const read = (frame: Buffer, parse: (frame: Buffer) => void): void => {
    try {
      parse(frame);
    } catch (fault) {
      const unreadable = fault instanceof UnreadableMessageError ? namedIn(frame, fault.message) : null;
      if (unreadable === null) throw fault;
      emit({ kind: 'unreadable', unreadable });
    }
  };

  standInFront(api, (data, parse) => {
    if (!open) return;
    try {
      for (const frame of guard.push(data)) if (open) read(frame, parse);
    } catch (fault) {
      end(fault instanceof Error ? fault.message : String(fault));
    }
  });
  listen(api, emit);
  api.connect(clientId);

  return {
    send(request) {
      if (!open) throw new UnsendableRequestError('the link is closed');
      try {
        perform(api, request);
      } catch (fault) {
        // One exception inside the library's encoder wedges its object for good.
        if (!(fault instanceof UnsendableRequestError))
          end(fault instanceof Error ? fault.message : String(fault));
        throw fault;
      }
    },
    close: () => end(null),
  };
}

/** Could not connect, not connected, unsupported version: the library's own reports that there is no link. */
const CONNECTION_FAILED: ReadonlySet<number> = new Set([502, 503, 504, 506]);

function perform(api: IBApi, request: BrokerRequest): void {
  switch (request.kind) {
    case 'place':
    case 'what-if': {
      const { orderId, contract } = request.ticket;
      requireId('order', orderId);
      const order = wireOrder(request.ticket);
      if (request.kind === 'what-if') order.whatIf = true;
      api.placeOrder(orderId, wireContract(contract), order);
      return;
    }
    case 'cancel':
      requireId('order', request.orderId);
      api.cancelOrder(request.orderId);
      return;
    case 'current-time':
      api.reqCurrentTime();
      return;
    case 'all-open-orders':
      api.reqAllOpenOrders();
      return;
    case 'executions':
      api.reqExecutions(request.requestId, {});
      return;
    case 'completed-orders':
      api.reqCompletedOrders(false);
      return;
    case 'positions':
      api.reqPositions();
      return;
    case 'account-summary':
      api.reqAccountSummary(request.requestId, 'All', 'NetLiquidation,TotalCashValue');
      return;
    case 'cancel-account-summary':
      api.cancelAccountSummary(request.requestId);
      return;
    case 'history':
      api.reqHistoricalData(
        request.requestId,
        wireContract(request.contract),
        '',
        request.duration,
        request.barSize as BarSizeSetting,
        whatToShow(request.contract),
        1,
        2,
        request.keepUpToDate,
      );
      return;
    case 'cancel-history':
      api.cancelHistoricalData(request.requestId);
      return;
  }
}

/** Currencies have no trades: their bars are of the mid price. Those of crypto go by another name (10299). */
const SHOWN: Readonly<Record<string, string>> = { CASH: 'MIDPOINT', CRYPTO: 'AGGTRADES' };

const whatToShow = ({ secType }: BrokerContract): WhatToShow => (SHOWN[secType] ?? 'TRADES') as WhatToShow;

function requireId(what: string, id: number): void {
  if (!Number.isInteger(id) || id < 1 || id > LARGEST_ID)
    throw new UnsendableRequestError(`the ${what} id ${id} is outside 1..${LARGEST_ID}`);
}

function requireText(what: string, value: string): string {
  if (!/^[\x20-\x7e]*$/.test(value))
    throw new UnsendableRequestError(`${what} ${JSON.stringify(value)} is not printable ASCII`);
  return value;
}

function requireNumber(what: string, value: string): number {
  const number = Number(value);
  if (value === '' || !Number.isFinite(number) || !new Decimal(number).eq(value))
    throw new UnsendableRequestError(
      `${what} ${JSON.stringify(value)} is no number that the wire can carry exactly`,
    );
  return number;
}

function wireContract(contract: BrokerContract): Contract {
  if (contract.symbol === '') throw new UnsendableRequestError('a contract without a symbol');
  return {
    symbol: requireText('the symbol', contract.symbol),
    secType: contract.secType as SecType,
    exchange: requireText('the exchange', contract.exchange),
    currency: requireText('the currency', contract.currency),
  };
}

function wireOrder(ticket: OrderTicket): Order {
  const quantity = requireNumber('the quantity', ticket.quantity);
  if (quantity <= 0)
    throw new UnsendableRequestError(`the quantity ${ticket.quantity} is not more than zero`);
  return {
    action: ticket.side as OrderAction,
    totalQuantity: quantity,
    orderType: ticket.orderType as OrderType,
    ...(ticket.limitPrice === null ? {} : { lmtPrice: requireNumber('the limit price', ticket.limitPrice) }),
    ...(ticket.triggerPrice === null
      ? {}
      : { auxPrice: requireNumber('the trigger price', ticket.triggerPrice) }),
    tif: ticket.timeInForce as TimeInForce,
    ...(ticket.goodTillDate === null
      ? {}
      : { goodTillDate: requireText('the good-till date', ticket.goodTillDate) }),
    account: requireText('the account', ticket.account),
    orderRef: requireText('the order reference', ticket.orderRef),
    ...(ticket.ocaGroup === null
      ? {}
      : { ocaGroup: requireText('the OCA group', ticket.ocaGroup), ocaType: REDUCE_WITH_BLOCK }),
    ...(ticket.parentId === null ? {} : { parentId: ticket.parentId }),
    transmit: ticket.transmit,
  };
}
