import { MANUAL_CLIENT_ID } from '../broker/state.ts';
import type { Connection } from '../connection.ts';
import { positionMessage } from '../messages.ts';
import type { Request } from '../protocol/requests.ts';
import { respond } from '../protocol/responses.ts';
import { type Subscription, subscriptionKey } from '../subscriptions.ts';
import type { RequestContext } from './context.ts';
import { contractDetails, headTimestamp, marketRule, matchingSymbols } from './contracts.ts';
import { historicalData, marketData } from './market-data.ts';
import { completedOrders, executions, nextValidId, openOrders } from './orders.ts';
import { realTimeBars } from './real-time-bars.ts';

const MAXIMUM_SUMMARIES = 2;
const noTicker = (reqId: number): string => `Can't find EId with tickerId:${reqId}`;

/** Does what a client asks. Everything but startApi, which belongs to the handshake. */
export function dispatch(
  context: RequestContext,
  connection: Connection,
  request: Exclude<Request, { request: 'startApi' }>,
): void {
  const { publisher, desk } = context;
  switch (request.request) {
    case 'placeOrder':
      context.placeOrder(connection, request);
      return;
    case 'cancelOrder':
      context.act({ input: 'cancel', clientId: connection.clientId ?? -1, orderId: request.orderId });
      return;
    case 'reqGlobalCancel':
      context.act({ input: 'globalCancel' });
      return;
    case 'reqOpenOrders':
      if (connection.clientId === MANUAL_CLIENT_ID) context.act({ input: 'bindManualOrders' });
      openOrders(context, connection, false);
      return;
    case 'reqAllOpenOrders':
      openOrders(context, connection, true);
      return;
    case 'reqAutoOpenOrders':
      autoBind(context, connection, request.bind);
      return;
    case 'reqCompletedOrders':
      completedOrders(context, connection);
      return;
    case 'reqExecutions':
      executions(context, connection, request);
      return;
    case 'reqIds':
      nextValidId(context, connection);
      return;
    case 'reqManagedAccounts':
      connection.send(respond('managedAccounts', { accounts: desk.settings.account }));
      return;
    case 'reqCurrentTime':
      connection.send(respond('currentTime', { epochSeconds: Math.floor(context.clock.now() / 1000) }));
      return;
    case 'setServerLogLevel':
      return;
    case 'reqUserInfo':
      connection.send(respond('userInfo', { reqId: request.reqId }));
      return;
    case 'reqPositions':
      connection.subscriptions.set(subscriptionKey('positions'), { kind: 'positions' });
      for (const [id, held] of desk.state.books.positions) {
        connection.send(positionMessage(held, desk.instrument(id), desk.settings.account));
      }
      connection.send(respond('positionEnd', {}));
      return;
    case 'cancelPositions':
      connection.subscriptions.delete(subscriptionKey('positions'));
      return;
    case 'reqAccountUpdates':
      if (request.subscribe && isForeign(context, connection, -1, request.account)) return;
      connection.subscriptions.delete(subscriptionKey('accountUpdates'));
      if (!request.subscribe) return;
      connection.subscriptions.set(subscriptionKey('accountUpdates'), { kind: 'accountUpdates' });
      publisher.accountUpdates(connection);
      return;
    case 'reqAccountSummary':
      accountSummary(context, connection, request.reqId, request.tags);
      return;
    case 'cancelAccountSummary':
      cancel(connection, 'accountSummary', request.reqId, null);
      return;
    case 'reqAccountUpdatesMulti':
      if (isForeign(context, connection, request.reqId, request.account)) return;
      connection.subscriptions.set(subscriptionKey('accountUpdatesMulti', request.reqId), {
        kind: 'accountUpdatesMulti',
        reqId: request.reqId,
        model: request.model,
      });
      publisher.accountUpdatesMulti(connection, request.reqId, request.model);
      return;
    case 'cancelAccountUpdatesMulti':
      cancel(connection, 'accountUpdatesMulti', request.reqId, null);
      return;
    case 'reqPnl':
      if (isForeign(context, connection, request.reqId, request.account)) return;
      connection.subscriptions.set(subscriptionKey('pnl', request.reqId), {
        kind: 'pnl',
        reqId: request.reqId,
      });
      publisher.pnl(connection, request.reqId);
      return;
    case 'cancelPnl':
      cancel(connection, 'pnl', request.reqId, null);
      return;
    case 'reqPnlSingle': {
      if (isForeign(context, connection, request.reqId, request.account)) return;
      const instrument =
        context.tape.instruments.find((entry) => entry.contract.conId === request.conId) ?? null;
      connection.subscriptions.set(subscriptionKey('pnlSingle', request.reqId), {
        kind: 'pnlSingle',
        reqId: request.reqId,
        instrument,
      });
      publisher.pnlSingle(connection, request.reqId, instrument?.instrument ?? null);
      return;
    }
    case 'cancelPnlSingle':
      cancel(connection, 'pnlSingle', request.reqId, null);
      return;
    case 'reqContractDetails':
      contractDetails(context, connection, request);
      return;
    case 'reqMarketRule':
      marketRule(context, connection, request.marketRuleId);
      return;
    case 'reqMatchingSymbols':
      matchingSymbols(context, connection, request);
      return;
    case 'reqHeadTimestamp':
      headTimestamp(context, connection, request);
      return;
    case 'cancelHeadTimestamp':
      return;
    case 'reqMarketDataType':
      connection.marketDataType =
        request.marketDataType >= 1 && request.marketDataType <= 4 ? request.marketDataType : 1;
      return;
    case 'reqMktData':
      marketData(context, connection, request);
      return;
    case 'cancelMktData':
      cancel(connection, 'marketData', request.reqId, [300, noTicker(request.reqId)]);
      return;
    case 'reqHistoricalData':
      historicalData(context, connection, request);
      return;
    case 'cancelHistoricalData':
      cancel(connection, 'history', request.reqId, [
        366,
        `No historical data query found for ticker id:${request.reqId}`,
      ]);
      return;
    case 'reqRealTimeBars':
      realTimeBars(context, connection, request);
      return;
    case 'cancelRealTimeBars':
      cancel(connection, 'realTimeBars', request.reqId, [300, noTicker(request.reqId)]);
      return;
  }
}

/** Refuses with 321 what is asked of an account that this login does not have; no account means the only one. */
function isForeign(context: RequestContext, connection: Connection, reqId: number, account: string): boolean {
  if (account === '' || account === context.desk.settings.account) return false;
  connection.error(
    reqId,
    321,
    `Error validating request.-'bO' : cause - Invalid account code ${JSON.stringify(account)}.`,
  );
  return true;
}

function autoBind(context: RequestContext, connection: Connection, bind: boolean): void {
  if (connection.clientId !== MANUAL_CLIENT_ID) {
    connection.error(
      -1,
      321,
      "Error validating request.-'bA' : cause - Only the default client (i.e 0) can auto bind orders",
    );
    return;
  }
  const key = subscriptionKey('autoBind');
  if (!bind) {
    connection.subscriptions.delete(key);
    return;
  }
  connection.subscriptions.set(key, { kind: 'autoBind' });
  context.act({ input: 'bindManualOrders' });
}

function accountSummary(context: RequestContext, connection: Connection, reqId: number, tags: string): void {
  const key = subscriptionKey('accountSummary', reqId);
  let open = 0;
  for (const client of context.connections()) {
    for (const subscription of client.subscriptions.values())
      if (subscription.kind === 'accountSummary') open += 1;
  }
  if (!connection.subscriptions.has(key) && open >= MAXIMUM_SUMMARIES) {
    connection.error(
      reqId,
      322,
      "Error processing request.-'cd' : cause - Maximum number of account summary requests exceeded",
    );
    return;
  }
  const wanted = tags.split(',').map((tag) => tag.trim());
  connection.subscriptions.set(key, { kind: 'accountSummary', reqId, tags: wanted });
  context.publisher.accountSummary(connection, reqId, wanted);
}

function cancel(
  connection: Connection,
  kind: Subscription['kind'],
  reqId: number,
  missing: readonly [code: number, message: string] | null,
): void {
  const found = connection.subscriptions.delete(subscriptionKey(kind, reqId));
  if (!found && missing !== null) connection.error(reqId, missing[0], missing[1]);
}
