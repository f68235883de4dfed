import { bookFill } from '#core/simulation/account.ts';
import { chargeFor } from '#core/simulation/commission.ts';
import {
  type BarLiquidity,
  barLiquidity,
  MATCH_PHASES,
  type MatchPhase,
  matchOrder,
  matchResult,
} from '#core/simulation/matching.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { childrenOf, endOrder, executableNow, isAlive, onFilled } from './relations.ts';
import {
  type BrokerBar,
  type BrokerInstrument,
  type BrokerOrder,
  type BrokerState,
  type Execution,
  isWorking,
} from './state.ts';
import { recordExecution, report, type Step } from './step.ts';

interface Pass {
  readonly step: Step;
  readonly bar: BrokerBar;
  readonly instrument: BrokerInstrument;
  readonly liquidity: BarLiquidity;
}

const result = matchResult();

/**
 * Matches every working order of the bar's instrument against the bar, oldest order first within each phase, then
 * lets orders expire. Orders received after the bar opened wait for the next one: nothing trades on a price that was
 * known when it was decided.
 */
export function matchBar(step: Step, bar: BrokerBar): void {
  const instrument = step.settings.instruments.get(bar.instrument);
  const matchedUntil = step.state.matchedUntil.get(bar.instrument);
  // A bar is matched once, whatever a restart or a repeated feed says.
  if (instrument === undefined || (matchedUntil !== undefined && bar.closeTime <= matchedUntil)) return;
  expire(step, bar, bar.openTime);
  if (!step.state.behaviour.halted.has(bar.instrument)) {
    const pass: Pass = { step, bar, instrument, liquidity: barLiquidity(bar, instrument.model) };
    for (const order of inInstrument(step, bar)) opened(step, order, bar);
    for (const phase of MATCH_PHASES) {
      for (const order of inInstrument(step, bar)) offer(pass, order, phase);
    }
  }
  step.state.marks.set(bar.instrument, String(bar.close));
  step.state.matchedUntil.set(bar.instrument, bar.closeTime);
  step.changes.account = true;
  expire(step, bar, bar.closeTime);
}

/** Working orders that were there when the bar opened, by age. */
const inInstrument = (step: Step, bar: BrokerBar): BrokerOrder[] =>
  step.state.index
    .ofInstrument(bar.instrument)
    .filter((order) => isWorking(order) && order.eligibleFrom <= bar.openTime);

/** An order that waited for the market works from its first bar on. */
function opened(step: Step, order: BrokerOrder, bar: BrokerBar): void {
  const resting = order.type === 'MKT' || order.type === 'LMT' || order.triggered;
  if (
    order.status !== 'PreSubmitted' ||
    !resting ||
    !isAlive(step, order) ||
    bar.openTime < order.eligibleFrom
  )
    return;
  order.status = 'Submitted';
  order.whyHeld = '';
  report(step, order);
}

function expire(step: Step, bar: BrokerBar, upTo: number): void {
  for (const order of step.state.index.ofInstrument(bar.instrument)) {
    if (order.expiresAt === null || order.expiresAt > upTo) continue;
    endExpired(step, order);
  }
}

const endExpired = (step: Step, order: BrokerOrder): void =>
  endOrder(step, order, 202, 'Order Canceled - reason:expired', 'Cancelled by System: expired');

/** Ends the orders whose good-till date has come. */
export function expireDated(step: Step): void {
  for (const order of step.state.index.dated())
    if ((order.expiresAt ?? step.at) <= step.at) endExpired(step, order);
}

/** When the next order ends by its good-till date, null where none does. */
export function nextExpiry({ index }: BrokerState): EpochMillis | null {
  let next: EpochMillis | null = null;
  for (const { expiresAt } of index.dated())
    if (expiresAt !== null && (next === null || expiresAt < next)) next = expiresAt;
  return next;
}

function offer(pass: Pass, order: BrokerOrder, phase: MatchPhase): void {
  const { step, bar, instrument } = pass;
  if (!isWorking(order) || !isAlive(step, order)) return;
  const cap = step.state.behaviour.maximumFill ?? Number.POSITIVE_INFINITY;
  const wanted = Math.min(executableNow(step, order), cap);
  const arrival = order.activatedInside === bar.openTime ? 'inside' : 'open';
  // All or nothing is said of the whole order, not of what its parent or a fault would let it take.
  if (order.timeInForce === 'FOK' && wanted < order.total - order.filled) {
    if (phase === 'open' && arrival === 'open') endUnfillable(step, order);
    return;
  }
  if (wanted <= 0) return;
  const wasTriggered = order.triggered;
  const stoodAt = order.stopPrice;
  matchOrder(order, wanted, bar, phase, arrival, pass.liquidity, instrument.model, result);
  const { quantity, price, liquidity, cancelRest } = result;
  if (!Object.is(stoodAt, order.stopPrice)) step.changes.orders.add(order.permId);
  if (order.triggered && !wasTriggered) {
    order.status = 'Submitted';
    order.whyHeld = '';
    report(step, order);
  }
  if (quantity > 0) fill(pass, order, quantity, price, liquidity, phase);
  if (cancelRest && isWorking(order)) endUnfillable(step, order);
}

const endUnfillable = (step: Step, order: BrokerOrder): void =>
  endOrder(
    step,
    order,
    202,
    'Order Canceled - reason:the rest could not be filled at once',
    'Cancelled by System',
  );

function fill(
  pass: Pass,
  order: BrokerOrder,
  quantity: number,
  price: number,
  liquidity: 'added' | 'removed',
  phase: MatchPhase,
): void {
  const { step } = pass;
  const remainingBefore = order.total - order.filled;
  const firstFill = order.filled === 0;
  recordExecution(step, book(pass, order, quantity, price, liquidity));
  if (order.filled >= order.total) {
    order.status = 'Filled';
    order.completedAt = step.at;
    order.completedStatus = `Filled Size: ${order.filled}`;
  } else {
    order.status = 'Submitted';
  }
  order.whyHeld = '';
  report(step, order);
  step.events.push({ event: 'position', instrument: order.instrument });
  onFilled(step, order, quantity, remainingBefore);
  if (firstFill) activateChildren(pass, order, phase);
}

/** Books the fill on the order and the account and returns the execution. */
function book(
  pass: Pass,
  order: BrokerOrder,
  quantity: number,
  price: number,
  liquidity: 'added' | 'removed',
): Execution {
  const { step, instrument } = pass;
  const { state } = step;
  const size = new Decimal(quantity);
  const value = new Decimal(order.filledValue).plus(size.times(price));
  const cumulative = new Decimal(order.filled).plus(size);
  const monthly = monthlyBefore(step);
  const fee = chargeFor(
    step.settings.commission(instrument),
    {
      side: order.side,
      quantity: cumulative,
      value: value.times(instrument.multiplier),
      monthlyQuantity: Decimal.max(monthly.minus(order.filled), 0),
    },
    new Decimal(order.charged),
  );
  const booking = bookFill(state.books, {
    instrument: order.instrument,
    side: order.side,
    quantity: size,
    price: new Decimal(price),
    multiplier: instrument.multiplier,
    fee,
  });
  state.books = booking.books;
  state.monthlyQuantity = decimalText(monthly.plus(size));
  order.filled = cumulative.toNumber();
  order.filledValue = decimalText(value);
  order.lastFillPrice = price;
  order.charged = decimalText(new Decimal(order.charged).plus(fee));
  return {
    execId: executionId(state.nextExecution++),
    permId: order.permId,
    clientId: order.clientId,
    orderId: order.orderId,
    instrument: order.instrument,
    action: order.action,
    at: step.at,
    quantity,
    price,
    cumulativeQuantity: order.filled,
    averagePrice: value.div(cumulative).toNumber(),
    orderRef: order.orderRef,
    liquidity,
    commission: decimalText(fee),
    realised: booking.realisedNet === null ? null : decimalText(booking.realisedNet),
  };
}

/** Units traded this month, never less than what the order itself traded, so that its tier starts at zero or above. */
function monthlyBefore(step: Step): Decimal {
  const month = new Date(step.at).toISOString().slice(0, 7);
  if (step.state.month !== month) {
    step.state.month = month;
    step.state.monthlyQuantity = '0';
  }
  return new Decimal(step.state.monthlyQuantity);
}

/** `a.b.NN.01` as the broker writes it; unique by the counter in the second group. */
const executionId = (counter: number): string => `0000e0d5.${counter.toString(16).padStart(8, '0')}.01.01`;

/**
 * Wakes the children of an order at its first fill. At the open the whole bar lies before them; inside the bar only
 * their stops are tested, at once, as the path after the entry is unknown.
 */
function activateChildren(pass: Pass, parent: BrokerOrder, phase: MatchPhase): void {
  const { step, bar } = pass;
  for (const child of childrenOf(step, parent)) {
    if (child.status === 'Held') continue;
    child.eligibleFrom = Math.min(child.eligibleFrom, bar.openTime);
    if (child.type === 'MKT' || child.type === 'LMT') child.status = 'Submitted';
    child.whyHeld = child.type === 'MKT' || child.type === 'LMT' ? '' : 'trigger';
    if (phase !== 'open') child.activatedInside = bar.openTime;
    report(step, child);
    if (phase === 'limits' || phase === 'close') offer(pass, child, 'stops');
  }
}
