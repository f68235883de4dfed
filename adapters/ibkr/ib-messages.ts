import type { Contract, IBApi, Order } from '@stoqey/ib';
import { EventName } from '@stoqey/ib/dist/api/data/enum/event-name.js';
import type { BrokerMessage, CompletedOrder, ObservedOrder, ToldContract } from '#core/broker/broker-port.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { GatewayTime } from './broker-time.ts';

/** Java's largest double: how the protocol writes "not set". */
const UNSET = Number.MAX_VALUE;

/** A message whose content cannot be taken at face value. */
export class UnreadableMessageError extends Error {
  readonly code = 'UnreadableMessage';
  readonly retryable = true;
  constructor(message: string, what: string) {
    super(`the broker's ${message} message cannot be read: ${what}`);
    this.name = 'UnreadableMessageError';
  }
}

const isSet = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && Math.abs(value) < UNSET;

/** The protocol's other ways to write "not set" where a decimal stands: the largest int, and the two ends of a long. */
const UNSET_DECIMALS: ReadonlySet<number> = new Set([2_147_483_647, 2 ** 63, -(2 ** 63)]);

/** A count of units that may be unknown. Taken for a number, an unset one would be the largest ever traded. */
const unitsOf = (value: number | undefined): number | null =>
  isSet(value) && value >= 0 && !UNSET_DECIMALS.has(value) ? value : null;

function decimalOf(message: string, name: string, value: number | undefined): string {
  if (!isSet(value)) throw new UnreadableMessageError(message, `${name} is ${value}`);
  return decimalText(new Decimal(value));
}

function unitsText(message: string, name: string, value: number | undefined): string {
  const units = unitsOf(value);
  if (units === null) throw new UnreadableMessageError(message, `${name} is ${value}`);
  return decimalText(new Decimal(units));
}

function required<T>(message: string, name: string, value: T | undefined): T {
  if (value === undefined || (typeof value === 'number' && Number.isNaN(value)))
    throw new UnreadableMessageError(message, `${name} is missing`);
  return value;
}

const toldContract = (contract: Contract): ToldContract => ({
  symbol: contract.symbol ?? '',
  secType: contract.secType ?? '',
  currency: contract.currency ?? '',
  localSymbol: contract.localSymbol ?? '',
});

/** Sales that are named by what is sold: short, or of units that have not been delivered yet. */
const SALES: ReadonlySet<string> = new Set(['SSHORT', 'SSHORTX', 'SLONG']);

const orderSide = (action: string): string => (SALES.has(action) ? 'SELL' : action);

/** What an order is for: units, or at its screen an amount of money and no units. */
function extentOf({ totalQuantity, cashQty }: Order): Pick<ObservedOrder, 'quantity' | 'cashQuantity'> {
  const units = unitsOf(totalQuantity);
  const byAmount = isSet(cashQty) && cashQty > 0 && (units ?? 0) === 0;
  return byAmount
    ? { quantity: '0', cashQuantity: decimalText(new Decimal(cashQty)) }
    : { quantity: unitsText('open order', 'its quantity', totalQuantity), cashQuantity: null };
}

function observedOrder(orderId: number, contract: Contract, order: Order, status: string): ObservedOrder {
  return {
    orderId,
    clientId: order.clientId ?? -1,
    permId: order.permId ?? 0,
    orderRef: order.orderRef ?? '',
    account: order.account ?? '',
    symbol: contract.symbol ?? '',
    contract: {
      ...toldContract(contract),
      multiplier:
        isSet(contract.multiplier) && contract.multiplier > 0
          ? decimalText(new Decimal(contract.multiplier))
          : null,
    },
    side: orderSide(order.action ?? ''),
    ...extentOf(order),
    orderType: order.orderType,
    limitPrice:
      isSet(order.lmtPrice) && order.lmtPrice !== 0 ? decimalText(new Decimal(order.lmtPrice)) : null,
    triggerPrice:
      isSet(order.auxPrice) && order.auxPrice > 0 ? decimalText(new Decimal(order.auxPrice)) : null,
    parentId: order.parentId ?? 0,
    ocaGroup: order.ocaGroup ?? '',
    status,
  };
}

function completedOrder(order: Order, status: string, completedStatus: string | undefined): CompletedOrder {
  const filled = unitsOf(order.filledQuantity);
  return {
    permId: order.permId ?? 0,
    orderRef: order.orderRef ?? '',
    status,
    completedStatus: completedStatus ?? '',
    filled: filled === null ? null : decimalText(new Decimal(filled)),
  };
}

function executionSide(side: string | undefined): 'BUY' | 'SELL' {
  if (side === 'BOT' || side === 'BUY') return 'BUY';
  if (side === 'SLD' || orderSide(side ?? '') === 'SELL') return 'SELL';
  throw new UnreadableMessageError('execution', `its side is ${JSON.stringify(side)}`);
}

const UNDERRUN = /^Underrun error on /;

/** Listens to everything the bridge uses and passes it on in the port's terms, in the order in which it came. */
export function listen(api: IBApi, emit: (message: BrokerMessage) => void): void {
  const time = new GatewayTime();
  api.on(EventName.server, (serverVersion, connectionTime) => {
    time.greeted(connectionTime);
    emit({ kind: 'connected', serverVersion });
  });
  api.on(EventName.disconnected, () => emit({ kind: 'closed', reason: 'the gateway closed the connection' }));
  api.on(EventName.info, (message, code) => emit({ kind: 'notice', id: -1, code, message: String(message) }));
  api.on(EventName.error, (error: Error, code: number, requestId: number) => {
    // The library drops what it cannot read to the end, and says no more than this.
    if (UNDERRUN.test(error.message)) throw new UnreadableMessageError('last', error.message);
    emit({ kind: 'notice', id: requestId, code, message: error.message });
  });
  api.on(EventName.managedAccounts, (list) =>
    emit({
      kind: 'accounts',
      accounts: list
        .split(',')
        .map((account) => account.trim())
        .filter((account) => account !== ''),
    }),
  );
  api.on(EventName.nextValidId, (orderId) =>
    emit({ kind: 'next-order-id', orderId: required('next valid id', 'the id', orderId) }),
  );
  api.on(EventName.currentTime, (seconds) => {
    const at = required('current time', 'the time', seconds) * 1_000;
    time.told(at);
    emit({ kind: 'current-time', at });
  });
  listenToOrders(api, emit, time);
  listenToAccount(api, emit);
  listenToBars(api, emit);
}

function listenToOrders(api: IBApi, emit: (message: BrokerMessage) => void, time: GatewayTime): void {
  api.on(EventName.openOrder, (orderId, contract, order, state) =>
    emit(
      order.whatIf === true
        ? { kind: 'what-if', orderId }
        : { kind: 'open-order', order: observedOrder(orderId, contract, order, state.status) },
    ),
  );
  api.on(EventName.openOrderEnd, () => emit({ kind: 'open-orders-end' }));
  api.on(
    EventName.orderStatus,
    (orderId, status, filled, remaining, _average, permId, _parent, _last, clientId) =>
      emit({
        kind: 'order-status',
        orderId,
        clientId: clientId ?? -1,
        permId: permId ?? 0,
        status,
        filled: unitsText('order status', 'filled', filled),
        remaining: unitsText('order status', 'remaining', remaining),
      }),
  );
  api.on(EventName.execDetails, (_requestId, contract, execution) =>
    emit({
      kind: 'execution',
      execution: {
        execId: required('execution', 'its id', execution.execId),
        orderId: execution.orderId ?? 0,
        clientId: execution.clientId ?? -1,
        permId: execution.permId ?? 0,
        orderRef: execution.orderRef ?? '',
        account: execution.acctNumber ?? '',
        symbol: contract.symbol ?? '',
        side: executionSide(execution.side),
        quantity: unitsText('execution', 'its quantity', execution.shares),
        price: decimalOf('execution', 'its price', execution.price),
        executedAt: time.instant(execution.time ?? ''),
      },
    }),
  );
  api.on(EventName.execDetailsEnd, (requestId) => emit({ kind: 'executions-end', requestId }));
  api.on(EventName.commissionReport, (report) => {
    // Not set: not known yet. Every link is told it again, so that it must not end one.
    if (report.commission === undefined) return;
    emit({
      kind: 'commission',
      execId: required('commission', 'its execution', report.execId),
      commission: decimalOf('commission', 'its amount', report.commission),
      currency: required('commission', 'its currency', report.currency),
      realizedPnl: isSet(report.realizedPNL) ? decimalText(new Decimal(report.realizedPNL)) : null,
    });
  });
  api.on(EventName.completedOrder, (_contract, order, state) =>
    emit({ kind: 'completed-order', order: completedOrder(order, state.status, state.completedStatus) }),
  );
  api.on(EventName.completedOrdersEnd, () => emit({ kind: 'completed-orders-end' }));
}

function listenToAccount(api: IBApi, emit: (message: BrokerMessage) => void): void {
  api.on(EventName.position, (account, contract, quantity, averageCost) =>
    emit({
      kind: 'position',
      account,
      contract: toldContract(contract),
      quantity: decimalOf('position', 'its quantity', quantity),
      averageCost: decimalOf('position', 'its cost', averageCost ?? 0),
    }),
  );
  api.on(EventName.positionEnd, () => emit({ kind: 'positions-end' }));
  api.on(EventName.accountSummary, (requestId, account, tag, value, currency) =>
    emit({ kind: 'account-value', requestId, account, tag, value, currency }),
  );
  api.on(EventName.accountSummaryEnd, (requestId) => emit({ kind: 'account-values-end', requestId }));
}

function listenToBars(api: IBApi, emit: (message: BrokerMessage) => void): void {
  api.on(EventName.historicalData, (requestId, time, open, high, low, close, volume) => {
    // The library marks the end of the bars with a bar whose time begins so.
    if (time.startsWith('finished')) emit({ kind: 'bars-end', requestId });
    else emit({ kind: 'bar', requestId, bar: { time, open, high, low, close, volume: unitsOf(volume) } });
  });
  api.on(EventName.historicalDataUpdate, (requestId, time, open, high, low, close, volume) =>
    emit({ kind: 'bar-update', requestId, bar: { time, open, high, low, close, volume: unitsOf(volume) } }),
  );
}
