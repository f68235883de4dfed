import {
  averageCostWithFees,
  type HeldPosition,
  marketValue,
  realisedNet,
} from '#core/simulation/account.ts';
import { Decimal } from '#core/values/decimal.ts';
import { averageFillPrice } from './broker/placement.ts';
import { dailyProfit, standingOf } from './broker/standing.ts';
import type { BrokerOrder, BrokerSettings, BrokerState, Execution, WhatIf } from './broker/state.ts';
import { ACCOUNT_ZONE, zonedText } from './calendar-text.ts';
import type { AnsweredContract } from './protocol/contract.ts';
import { type Response, type ResponseFields, respond } from './protocol/responses.ts';
import type { TapeInstrument } from './tape.ts';

const set = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** An instrument as orders and executions name it. */
export function contractOf(instrument: TapeInstrument, exchange: string): AnsweredContract {
  const { contract } = instrument;
  return {
    conId: contract.conId,
    symbol: contract.symbol,
    secType: contract.secType,
    lastTradeDateOrContractMonth: '',
    strike: 0,
    right: '',
    multiplier: contract.multiplier === '1' ? '' : contract.multiplier,
    exchange,
    currency: contract.currency,
    localSymbol: contract.localSymbol,
    tradingClass: contract.tradingClass,
  };
}

/** Fields that open and completed orders share. */
function orderFields(order: BrokerOrder, instrument: TapeInstrument) {
  const trail = order.type === 'TRAIL';
  return {
    contract: contractOf(instrument, order.exchange),
    action: order.action,
    totalQuantity: order.total,
    orderType: order.orderType,
    limitPrice: set(order.limitPrice),
    auxPrice: trail ? set(order.trailAmount) : set(order.stopPrice),
    timeInForce: order.timeInForce,
    ocaGroup: order.ocaGroup,
    account: order.account,
    orderRef: order.orderRef,
    permId: order.permId,
    outsideRth: order.outsideRth,
    goodTillDate: order.goodTillDate,
    ocaType: order.ocaType === 0 ? 3 : order.ocaType,
    trailStopPrice: trail ? set(order.stopPrice) : null,
    // The message has it twice, and clients keep what comes last.
    adjustableTrailStopPrice: trail ? set(order.stopPrice) : null,
    trailingPercent: trail ? set(order.trailPercent) : null,
    status: order.status,
  };
}

export function openOrderMessage(order: BrokerOrder, instrument: TapeInstrument, figures?: WhatIf): Response {
  const shared = orderFields(order, instrument);
  const fields = { ...shared, orderId: order.orderId, clientId: order.clientId, parentId: order.parentId };
  if (figures === undefined) return respond('openOrder', fields);
  const number = (value: Decimal) => Number(value.toFixed(2));
  return respond('openOrder', {
    ...fields,
    whatIf: true,
    initialMarginBefore: number(figures.initialBefore),
    maintenanceMarginBefore: number(figures.maintenanceBefore),
    equityWithLoanBefore: number(figures.equityBefore),
    initialMarginChange: number(figures.initialAfter.minus(figures.initialBefore)),
    maintenanceMarginChange: number(figures.maintenanceAfter.minus(figures.maintenanceBefore)),
    equityWithLoanChange: number(figures.equityAfter.minus(figures.equityBefore)),
    initialMarginAfter: number(figures.initialAfter),
    maintenanceMarginAfter: number(figures.maintenanceAfter),
    equityWithLoanAfter: number(figures.equityAfter),
    commission: number(figures.commission),
    commissionCurrency: instrument.contract.currency,
  });
}

export const orderStatusMessage = (order: BrokerOrder): Response =>
  respond('orderStatus', {
    orderId: order.orderId,
    status: order.status,
    filled: order.filled,
    remaining: order.total - order.filled,
    averageFillPrice: averageFillPrice(order),
    permId: order.permId,
    parentId: order.parentId,
    lastFillPrice: order.lastFillPrice,
    clientId: order.clientId,
    whyHeld: order.whyHeld,
  });

export function completedOrderMessage(order: BrokerOrder, instrument: TapeInstrument): Response {
  return respond('completedOrder', {
    ...orderFields(order, instrument),
    filledQuantity: order.filled,
    parentPermId: order.parentPermId,
    completedTime: order.completedAt === null ? '' : zonedText(order.completedAt, ACCOUNT_ZONE),
    completedStatus: order.completedStatus,
  });
}

export function executionMessage(
  execution: Execution,
  instrument: TapeInstrument,
  account: string,
  reqId: number,
): Response {
  return respond('execution', {
    reqId,
    orderId: execution.orderId,
    contract: contractOf(instrument, instrument.contract.primaryExchange),
    execId: execution.execId,
    time: zonedText(execution.at, instrument.timeZone),
    account,
    exchange: instrument.contract.primaryExchange,
    side: execution.action === 'BUY' ? 'BOT' : 'SLD',
    shares: execution.quantity,
    price: execution.price,
    permId: execution.permId,
    clientId: execution.clientId,
    cumulativeQuantity: execution.cumulativeQuantity,
    averagePrice: execution.averagePrice,
    orderRef: execution.orderRef,
    lastLiquidity: execution.liquidity === 'added' ? 1 : 2,
  });
}

export const commissionMessage = (execution: Execution, instrument: TapeInstrument): Response =>
  respond('commissionReport', {
    execId: execution.execId,
    commission: Number(execution.commission),
    currency: instrument.contract.currency,
    realizedPnl: execution.realised === null ? null : Number(execution.realised),
  });

/** A position, zero where none is held. */
export function positionMessage(
  held: HeldPosition | undefined,
  instrument: TapeInstrument,
  account: string,
): Response {
  return respond('position', {
    account,
    contract: contractOf(instrument, ''),
    position: held?.quantity.toNumber() ?? 0,
    averageCost: held === undefined ? 0 : averageCostWithFees(held).toNumber(),
  });
}

/** Profit not yet realised on a position, commissions paid to open it included. */
export const unrealised = (held: HeldPosition, mark: Decimal): Decimal =>
  marketValue(held, mark).minus(held.basis).minus(held.openingFees);

/** An instrument's line of the portfolio; position zero where it was closed today. */
export function portfolioFields(
  held: HeldPosition | undefined,
  instrument: TapeInstrument,
  mark: Decimal,
  realised: Decimal,
  account: string,
): Partial<ResponseFields<'portfolioValue'>> {
  const { contract } = instrument;
  return {
    conId: contract.conId,
    symbol: contract.symbol,
    secType: contract.secType,
    multiplier: contract.multiplier,
    primaryExchange: contract.primaryExchange,
    currency: contract.currency,
    localSymbol: contract.localSymbol,
    tradingClass: contract.tradingClass,
    position: held?.quantity.toNumber() ?? 0,
    marketPrice: mark.toNumber(),
    marketValue: held === undefined ? 0 : marketValue(held, mark).toNumber(),
    averageCost: held === undefined ? 0 : averageCostWithFees(held).toNumber(),
    unrealizedPnl: held === undefined ? 0 : unrealised(held, mark).toNumber(),
    realizedPnl: realised.toNumber(),
    account,
  };
}

/** One account value: key, text, currency (empty for what is not money). */
export type AccountValue = readonly [key: string, value: string, currency: string];

/** Profit of open positions at the marks, null where a mark is missing. */
export function totalUnrealised(state: BrokerState): Decimal | null {
  let total = new Decimal(0);
  for (const [instrument, held] of state.books.positions) {
    const mark = state.marks.get(instrument);
    if (mark === undefined) return null;
    total = total.plus(unrealised(held, new Decimal(mark)));
  }
  return total;
}

/** Profit realised since midnight: what a gateway shows as realised. */
export const realisedToday = (state: BrokerState): Decimal =>
  realisedNet(state.books).minus(state.dayStartRealised);

/** The values of account updates and summaries. Those that need a missing price are left out, not set to zero. */
export function accountValues(
  state: BrokerState,
  settings: BrokerSettings,
  currency: string,
): AccountValue[] {
  const standing = standingOf(state, settings);
  const unrealizedPnl = totalUnrealised(state);
  const daily = dailyProfit(state);
  const values: AccountValue[] = [
    ['AccountType', 'INDIVIDUAL', ''],
    ['AccountCode', settings.account, ''],
    ['AccountReady', 'true', ''],
    ['Currency', currency, currency],
    ['CashBalance', state.books.cash.toFixed(2), currency],
    ['TotalCashBalance', state.books.cash.toFixed(2), currency],
    ['TotalCashValue', state.books.cash.toFixed(2), currency],
    ['SettledCash', state.books.cash.toFixed(2), currency],
    ['RealizedPnL', realisedToday(state).toFixed(2), currency],
  ];
  if (unrealizedPnl !== null) values.push(['UnrealizedPnL', unrealizedPnl.toFixed(2), currency]);
  if (daily !== null) values.push(['DailyPnL', daily.toFixed(2), currency]);
  if (standing === null) return values;
  const money: readonly (readonly [string, Decimal])[] = [
    ['NetLiquidation', standing.netLiquidation],
    ['EquityWithLoanValue', standing.netLiquidation],
    ['GrossPositionValue', standing.grossPositionValue],
    ['InitMarginReq', standing.initialMargin],
    ['MaintMarginReq', standing.maintenanceMargin],
    ['FullInitMarginReq', standing.initialMargin],
    ['FullMaintMarginReq', standing.maintenanceMargin],
    ['AvailableFunds', standing.availableFunds],
    ['FullAvailableFunds', standing.availableFunds],
    ['ExcessLiquidity', standing.excessLiquidity],
    ['FullExcessLiquidity', standing.excessLiquidity],
    ['BuyingPower', standing.buyingPower],
  ];
  values.push(...money.map(([key, value]): AccountValue => [key, value.toFixed(2), currency]));
  if (standing.netLiquidation.greaterThan(0)) {
    values.push(['Leverage', standing.grossPositionValue.div(standing.netLiquidation).toFixed(2), '']);
    values.push(['Cushion', standing.excessLiquidity.div(standing.netLiquidation).toFixed(6), '']);
  }
  return values;
}
