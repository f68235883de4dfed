import { isFinal, isWorking, type OrderRequest } from '../broker/state.ts';
import { parseRequestInstant } from '../calendar-text.ts';
import type { Connection } from '../connection.ts';
import {
  commissionMessage,
  completedOrderMessage,
  executionMessage,
  openOrderMessage,
  orderStatusMessage,
} from '../messages.ts';
import type { PlaceOrder } from '../protocol/place-order.ts';
import type { RequestFields } from '../protocol/requests.ts';
import { respond } from '../protocol/responses.ts';
import type { TapeInstrument } from '../tape.ts';
import type { RequestContext } from './context.ts';

/** The first feature of an order that this broker does not simulate, null where there is none. */
function unsupported(order: PlaceOrder): string | null {
  if (order.contract.secType === 'BAG') return 'a combination (BAG) order';
  if (order.conditions.length > 0) return 'a conditional order';
  if (order.algoStrategy !== '') return `algorithm ${order.algoStrategy}`;
  if (order.hedgeType !== '') return 'a hedge order';
  if (order.goodAfterTime !== '') return 'goodAfterTime';
  if (order.allOrNone) return 'allOrNone';
  if ((order.minimumQuantity ?? 0) > 0) return 'minQty';
  if ((order.cashQuantity ?? 0) > 0) return 'cashQty';
  if ((order.scalePriceIncrement ?? 0) > 0) return 'a scale order';
  if (order.adjustedOrderType !== '' && order.adjustedOrderType !== 'None') return 'an adjustable stop';
  if (order.discretionaryAmount > 0) return 'discretionaryAmt';
  return null;
}

/** An order as the broker core takes it. */
export function toOrderRequest(
  context: RequestContext,
  clientId: number,
  order: PlaceOrder,
  instrument: TapeInstrument | null,
): OrderRequest {
  const now = context.clock.now();
  const id = instrument?.instrument ?? '';
  return {
    clientId,
    orderId: order.orderId,
    instrument: id,
    exchange: order.contract.exchange,
    action: order.action.toUpperCase(),
    quantity: order.totalQuantity ?? 0,
    orderType: order.orderType,
    limitPrice: order.limitPrice,
    auxPrice: order.auxPrice,
    trailStopPrice: order.trailStopPrice,
    trailingPercent: order.trailingPercent,
    timeInForce: order.timeInForce.toUpperCase(),
    goodTillDate: order.goodTillDate,
    goodTill:
      order.goodTillDate === ''
        ? null
        : parseRequestInstant(order.goodTillDate, instrument?.timeZone ?? 'utc'),
    ocaGroup: order.ocaGroup,
    ocaType: order.ocaType,
    account: order.account,
    orderRef: order.orderRef,
    transmit: order.transmit,
    parentId: order.parentId,
    outsideRth: order.outsideRth,
    whatIf: order.whatIf,
    unsupported: unsupported(order),
    session: instrument === null ? null : context.sessions.sessionAt(id, now),
  };
}

/** Working orders of one client, or of all. */
export function openOrders(context: RequestContext, connection: Connection, everybody: boolean): void {
  for (const order of context.desk.state.orders.values()) {
    if (!isWorking(order) || (!everybody && order.clientId !== connection.clientId)) continue;
    connection.send(openOrderMessage(order, context.desk.instrument(order.instrument)));
    connection.send(orderStatusMessage(order));
  }
  connection.send(respond('openOrderEnd', {}));
}

/** Orders of the day that are no longer working. */
export function completedOrders(context: RequestContext, connection: Connection): void {
  for (const order of context.desk.state.orders.values()) {
    if (!isFinal(order) || (order.completedAt ?? 0) < context.desk.state.dayStart) continue;
    connection.send(completedOrderMessage(order, context.desk.instrument(order.instrument)));
  }
  connection.send(respond('completedOrdersEnd', {}));
}

/** Executions since midnight that pass the filter, each followed by its commission unless that is withheld. */
export function executions(
  context: RequestContext,
  connection: Connection,
  filter: RequestFields<'reqExecutions'>,
): void {
  const { desk } = context;
  const from =
    filter.time === '' ? desk.state.dayStart : parseRequestInstant(filter.time, 'America/New_York');
  if (Number.isNaN(from)) {
    connection.error(
      filter.reqId,
      321,
      `Error validating request.-'bB' : cause - time ${JSON.stringify(filter.time)} is not yyyymmdd-hh:mm:ss`,
    );
    return;
  }
  const side = filter.side.toUpperCase();
  for (const execution of desk.state.executions.values()) {
    const instrument = desk.instrument(execution.instrument);
    const passes =
      execution.at >= Math.max(from, desk.state.dayStart) &&
      (filter.clientId === 0 || filter.clientId === execution.clientId) &&
      (filter.account === '' || filter.account === desk.settings.account) &&
      (filter.symbol === '' || filter.symbol === instrument.contract.symbol) &&
      (filter.secType === '' || filter.secType === instrument.contract.secType) &&
      (filter.exchange === '' || filter.exchange === instrument.contract.primaryExchange) &&
      (side === '' ||
        side === execution.action ||
        (side === 'BOT' ? execution.action === 'BUY' : side === 'SLD' && execution.action === 'SELL'));
    if (!passes) continue;
    connection.send(executionMessage(execution, instrument, desk.settings.account, filter.reqId));
    if (context.faults().commission !== 'never') connection.send(commissionMessage(execution, instrument));
  }
  connection.send(respond('executionsEnd', { reqId: filter.reqId }));
}

/** The next order id of a client: one above the highest it has used. */
export function nextValidId(context: RequestContext, connection: Connection): void {
  const highest = context.desk.state.highestOrderId.get(connection.clientId ?? -1) ?? 0;
  connection.send(respond('nextValidId', { orderId: highest + 1 }));
}
