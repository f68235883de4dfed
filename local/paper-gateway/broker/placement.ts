import { onGrid } from '#core/simulation/grid.ts';
import { trailFrom } from '#core/simulation/matching.ts';
import { Decimal } from '#core/values/decimal.ts';
import { marginRefusal, referencePrice } from './buying-power.ts';
import { isRefusal, type OrderTerms, termsOf } from './order-checks.ts';
import { childrenOf, isAlive, isSpent } from './relations.ts';
import { whatIfFilled } from './standing.ts';
import {
  type BrokerInstrument,
  type BrokerOrder,
  isFinal,
  isWorking,
  MANUAL_ORDER_ID,
  type OrderRequest,
  orderName,
} from './state.ts';
import { complain, report, type Step } from './step.ts';

/**
 * Takes an order: a new one, a change to a working one, or a what-if. An order with transmit=false is kept but not
 * sent; the transmitted member of its bracket sends the whole family.
 */
export function place(step: Step, request: OrderRequest): void {
  const { state } = step;
  const existing = state.orders.get(state.byName.get(orderName(request.clientId, request.orderId)) ?? -1);
  const { orderId } = request;
  if (!Number.isInteger(orderId) || (orderId < 0 && existing === undefined) || orderId > 2_147_483_647) {
    complain(step, request, 320, `Error reading request: order id ${orderId} does not fit 32 bits`);
    return;
  }
  const instrument = step.settings.instruments.get(request.instrument);
  if (instrument === undefined) {
    complain(step, request, 200, 'No security definition has been found for the request');
    return;
  }
  const terms = termsOf(request, instrument, step.settings.account);
  if (isRefusal(terms)) {
    complain(step, request, terms.code, terms.message);
    if (terms.code === 201 && existing === undefined && !request.whatIf) remember(step, request);
    return;
  }
  if (request.whatIf) {
    answerWhatIf(step, request, terms, instrument);
    return;
  }
  if (existing !== undefined) {
    if (isFinal(existing)) {
      const filled = existing.status === 'Filled';
      complain(
        step,
        request,
        filled ? 104 : 103,
        filled ? 'Cannot modify a filled order.' : 'Duplicate order id',
      );
    } else {
      modify(step, existing, request, terms);
    }
    return;
  }
  if (request.orderId <= (state.highestOrderId.get(request.clientId) ?? 0)) {
    complain(step, request, 103, 'Duplicate order id');
    return;
  }
  accept(step, request, terms, instrument);
}

function remember(step: Step, request: { readonly clientId: number; readonly orderId: number }): void {
  const highest = step.state.highestOrderId.get(request.clientId) ?? 0;
  step.state.highestOrderId.set(request.clientId, Math.max(highest, request.orderId));
  step.changes.account = true;
}

/** Takes a new order whose terms have been checked. @returns it; null if its parent is none */
export function accept(
  step: Step,
  request: OrderRequest,
  terms: OrderTerms,
  instrument: BrokerInstrument,
): BrokerOrder | null {
  const { state } = step;
  let parentPermId = 0;
  if (request.parentId !== 0) {
    const parent = state.orders.get(state.byName.get(orderName(request.clientId, request.parentId)) ?? -1);
    if (
      parent === undefined ||
      parent.instrument !== request.instrument ||
      (isFinal(parent) && parent.filled === 0)
    ) {
      complain(step, request, 135, `Can't find order with id =${request.parentId}`);
      return null;
    }
    parentPermId = parent.permId;
  }
  remember(step, request);
  const order = newOrder(step, request, terms, parentPermId);
  state.orders.set(order.permId, order);
  state.index.add(order);
  if (order.orderId !== MANUAL_ORDER_ID)
    state.byName.set(orderName(order.clientId, order.orderId), order.permId);
  step.changes.orders.add(order.permId);
  if (request.transmit)
    for (const member of family(step, order)) transmit(step, member, instrument, request.session);
  return order;
}

/** The held members of an order's bracket, parent first, the order itself among them. */
function family(step: Step, order: BrokerOrder): BrokerOrder[] {
  const parent = order.parentPermId === 0 ? order : step.state.orders.get(order.parentPermId);
  const members = parent === undefined ? [order] : [parent, ...childrenOf(step, parent)];
  return members.filter((member) => member.status === 'Held');
}

/** Sends an order to the book, or rejects it: fault control, no session left, not enough margin. */
function transmit(
  step: Step,
  order: BrokerOrder,
  instrument: BrokerInstrument,
  session: OrderRequest['session'],
): void {
  const reason = rejection(step, order, instrument, session);
  if (reason !== null) {
    order.status = 'Inactive';
    order.completedAt = step.at;
    order.completedStatus = `Rejected: ${reason}`;
    report(step, order);
    complain(step, order, 201, `Order rejected - reason:${reason}`);
    return;
  }
  const open = session !== null && step.at >= session.openTime && step.at < session.closeTime;
  const plain = order.type === 'MKT' || order.type === 'LMT';
  order.eligibleFrom = step.at;
  order.status = open && plain && isAlive(step, order) ? 'Submitted' : 'PreSubmitted';
  order.whyHeld = isAlive(step, order) ? (plain ? '' : 'trigger') : 'child';
  report(step, order);
  if (!open && plain && order.parentPermId === 0) {
    complain(
      step,
      order,
      399,
      'Order Message:\nWarning: your order will not be placed at the exchange until the market opens.',
    );
  }
}

function rejection(
  step: Step,
  order: BrokerOrder,
  instrument: BrokerInstrument,
  session: OrderRequest['session'],
): string | null {
  const { behaviour } = step.state;
  if (behaviour.rejectNext > 0) {
    behaviour.rejectNext -= 1;
    return behaviour.rejectReason;
  }
  if (session === null) return 'no session of this instrument lies ahead';
  const parent = step.state.orders.get(order.parentPermId);
  if (parent?.status === 'Inactive') return 'the parent order was rejected';
  if (isSpent(step, order)) return 'nothing of the parent order is left';
  return marginRefusal(step, order, instrument);
}

function newOrder(step: Step, request: OrderRequest, terms: OrderTerms, parentPermId: number): BrokerOrder {
  return {
    permId: step.state.nextPermId++,
    clientId: request.clientId,
    orderId: request.orderId,
    nameFreed: false,
    account: step.settings.account,
    instrument: request.instrument,
    exchange: request.exchange,
    orderRef: request.orderRef,
    parentId: request.parentId,
    parentPermId,
    action: request.action as 'BUY' | 'SELL',
    side: request.action === 'BUY' ? 'buy' : 'sell',
    ...termFields(request, terms),
    orderType: request.orderType.toUpperCase(),
    total: request.quantity,
    filled: 0,
    filledValue: '0',
    lastFillPrice: 0,
    triggered: false,
    ocaGroup: request.ocaGroup,
    ocaType: request.ocaType,
    outsideRth: request.outsideRth,
    eligibleFrom: step.at,
    activatedInside: null,
    status: 'Held',
    whyHeld: '',
    charged: '0',
    completedAt: null,
    completedStatus: '',
  };
}

const termFields = (request: OrderRequest, terms: OrderTerms) => ({
  type: terms.type,
  timeInForce: terms.timeInForce,
  limitPrice: terms.limitPrice,
  stopPrice: terms.stopPrice,
  trailAmount: terms.trailAmount,
  trailPercent: terms.trailPercent,
  goodTillDate: request.goodTillDate,
  expiresAt: expiry(request, terms),
});

function expiry(request: OrderRequest, terms: OrderTerms): number | null {
  if (terms.timeInForce === 'GTC') return null;
  if (terms.timeInForce === 'GTD') return request.goodTill;
  return request.session?.closeTime ?? null;
}

/**
 * Changes a working order. What it already filled stays; the new terms count from the next bar. A change that the account
 * cannot carry is refused, and the order works on as it was.
 */
function modify(step: Step, order: BrokerOrder, request: OrderRequest, terms: OrderTerms): void {
  if (order.instrument !== request.instrument || order.action !== request.action) {
    complain(step, request, 105, 'Order being modified does not match original order');
    return;
  }
  if (order.ocaGroup !== request.ocaGroup) {
    complain(step, request, 10326, 'OCA group revision is not allowed');
    return;
  }
  const instrument = step.settings.instruments.get(order.instrument);
  const lot = instrument?.model.lot ?? 1;
  if (request.quantity <= order.filled || !onGrid(request.quantity, lot)) {
    complain(
      step,
      request,
      105,
      `Order being modified does not match original order: ${order.filled} of it have filled, so it cannot become ${request.quantity}`,
    );
    return;
  }
  const stopPrice = trailLevel(step, order, terms) ?? terms.stopPrice;
  const changes = { ...termFields(request, terms), stopPrice, total: request.quantity };
  const refusal =
    isWorking(order) && instrument !== undefined
      ? marginRefusal(step, { ...order, ...changes }, instrument, order)
      : null;
  if (refusal !== null) {
    complain(step, request, 201, `Order rejected - reason:${refusal}`);
    return;
  }
  Object.assign(order, changes, {
    orderType: request.orderType.toUpperCase(),
    outsideRth: request.outsideRth,
  });
  step.state.index.changed(order);
  order.triggered =
    order.triggered && (terms.type === 'STP' || terms.type === 'STP LMT' || terms.type === 'TRAIL');
  order.eligibleFrom = step.at;
  if (order.status === 'Held') {
    step.changes.orders.add(order.permId);
    if (request.transmit && instrument !== undefined) {
      for (const member of family(step, order)) transmit(step, member, instrument, request.session);
    }
    return;
  }
  if (isWorking(order)) report(step, order);
}

/**
 * The level of a trailing stop that is changed without naming one, null for any other change. It has been trailed to
 * where it is: a new size leaves it there, a new distance can only bring it nearer to the market.
 */
function trailLevel(step: Step, order: BrokerOrder, terms: OrderTerms): number | null {
  if (order.type !== 'TRAIL' || terms.type !== 'TRAIL' || !Number.isNaN(terms.stopPrice)) return null;
  const same =
    Object.is(order.trailAmount, terms.trailAmount) && Object.is(order.trailPercent, terms.trailPercent);
  const model = step.settings.instruments.get(order.instrument)?.model;
  const mark = step.state.marks.get(order.instrument);
  if (same || Number.isNaN(order.stopPrice) || mark === undefined || model === undefined)
    return order.stopPrice;
  const moved = trailFrom({ ...terms, side: order.side }, Number(mark), model);
  return order.side === 'sell' ? Math.max(order.stopPrice, moved) : Math.min(order.stopPrice, moved);
}

function answerWhatIf(
  step: Step,
  request: OrderRequest,
  terms: OrderTerms,
  instrument: BrokerInstrument,
): void {
  const draft = {
    ...newOrder({ ...step, state: { ...step.state } }, request, terms, 0),
    permId: 0,
    status: 'PreSubmitted' as const,
  };
  const price = referencePrice(step, draft);
  const figures =
    price === null
      ? null
      : whatIfFilled(step.state, step.settings, instrument, {
          side: draft.side,
          quantity: draft.total,
          price,
        });
  if (figures === null) {
    complain(step, request, 201, 'Order rejected - reason:the order cannot be valued: a price is missing');
    return;
  }
  step.events.push({ event: 'whatIf', order: draft, figures });
}

/** Average price of what has filled, 0 where nothing has. */
export const averageFillPrice = (order: BrokerOrder): number =>
  order.filled === 0 ? 0 : new Decimal(order.filledValue).div(order.filled).toNumber();
