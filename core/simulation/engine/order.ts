import type { PyramidingPlan } from '#contracts/events/cycle.ts';
import type { MatchableOrder, Side, SimulatedOrderType, TimeInForce } from '../orders.ts';

/** An order as a strategy gives it. Prices in the instrument's currency, on its tick; times in epoch milliseconds. */
export interface OrderRequest {
  /** Index of the instrument, in the order given to the simulation; 0 without it. */
  readonly instrument?: number;
  readonly side: Side;
  /** Units, above zero, in whole lots. */
  readonly quantity: number;
  readonly type: SimulatedOrderType;
  /** GTC without it. */
  readonly timeInForce?: TimeInForce;
  readonly limitPrice?: number;
  readonly stopPrice?: number;
  readonly trailAmount?: number;
  readonly trailPercent?: number;
  /** Last instant of a GTD order. */
  readonly goodTill?: number;
  /** Orders of one group share their quantity: what one fills the others lose (OCO). Any number but zero; brackets use negative ones. */
  readonly group?: number;
  /** The order works only for what this one has filled (OTO, brackets). */
  readonly parent?: number;
  /** Trigger of a stop that is placed with the order, for what it fills: a child with the next id, in the group −id. */
  readonly protectiveStop?: number;
  /** How likely the strategy holds a profit to be, 0…1: the risk gate lets nothing be opened without it. */
  readonly probabilityOfProfit?: number;
  /** How the position grows where it wins; works under a risk policy only. */
  readonly pyramiding?: PyramidingPlan;
}

/** What may be changed on a working order. */
export interface OrderChange {
  readonly quantity?: number;
  readonly limitPrice?: number;
  readonly stopPrice?: number;
}

export type OrderStatus = 'waiting' | 'working' | 'filled' | 'cancelled' | 'expired' | 'refused';

/** One order of the log. */
export interface SimulatedOrder {
  readonly id: number;
  readonly instrument: number;
  readonly side: Side;
  readonly type: SimulatedOrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: number;
  readonly submittedAt: number;
  readonly filled: number;
  readonly status: OrderStatus;
  /** Why it ended, where it did not fill. */
  readonly reason: string;
}

/**
 * What an order needs while it works, and no longer: it would be most of the memory of a log of hundreds of thousands. One
 * shape for every type, so that the matching loop stays monomorphic.
 */
export class OrderAtWork implements MatchableOrder {
  readonly side: Side;
  readonly type: SimulatedOrderType;
  readonly timeInForce: TimeInForce;
  readonly trailAmount: number;
  readonly trailPercent: number;
  readonly goodTill: number;
  limitPrice: number;
  stopPrice: number;
  triggered = false;
  filledValue = 0;
  charged = 0;
  /** Units that others of its group filled in its place. */
  lost = 0;
  /** Index of the bar in which its parent woke it inside the bar, or −1. */
  wokenInside = -1;

  constructor(request: Omit<OrderRequest, 'quantity'>) {
    this.side = request.side;
    this.type = request.type;
    this.timeInForce = request.timeInForce ?? 'GTC';
    this.trailAmount = request.trailAmount ?? Number.NaN;
    this.trailPercent = request.trailPercent ?? Number.NaN;
    this.goodTill = request.goodTill ?? Number.POSITIVE_INFINITY;
    this.limitPrice = request.limitPrice ?? Number.NaN;
    this.stopPrice = request.stopPrice ?? Number.NaN;
  }
}

/** What every order that has ended has in place of its work. */
const ENDED = Object.freeze(new OrderAtWork({ side: 'buy', type: 'MKT' }));

/** An order from its submission to its end, and then its entry in the log. */
export class EngineOrder implements SimulatedOrder {
  readonly id: number;
  readonly instrument: number;
  readonly side: Side;
  readonly type: SimulatedOrderType;
  readonly timeInForce: TimeInForce;
  /** When it was given: it may trade in the bars that open from then on. */
  readonly submittedAt: number;
  readonly group: number;
  readonly parent: EngineOrder | null;
  quantity: number;
  filled = 0;
  /** Whether it can do no more than close what its parent has opened, together with all others that do. */
  closing = false;
  /** Units of this order that its closing children have closed. */
  closed = 0;
  status: OrderStatus;
  reason = '';
  atWork: OrderAtWork;

  constructor(id: number, request: OrderRequest, at: number, parent: EngineOrder | null) {
    this.id = id;
    this.instrument = request.instrument ?? 0;
    this.side = request.side;
    this.type = request.type;
    this.timeInForce = request.timeInForce ?? 'GTC';
    this.submittedAt = at;
    this.group = request.group ?? 0;
    this.parent = parent;
    this.quantity = request.quantity;
    this.status = parent !== null && parent.filled === 0 ? 'waiting' : 'working';
    this.atWork = new OrderAtWork(request);
  }

  get stopPrice(): number {
    return this.atWork.stopPrice;
  }

  get alive(): boolean {
    return this.status === 'working' || this.status === 'waiting';
  }

  /** Units that are left to fill. */
  get unfilled(): number {
    return this.quantity - this.filled - this.atWork.lost;
  }

  /** Units that may execute now: for a child no more than its parent has filled. */
  get executable(): number {
    if (this.status !== 'working') return 0;
    if (this.closing && this.parent !== null)
      return Math.min(this.unfilled, this.parent.filled - this.parent.closed);
    const allowed = this.parent === null ? this.quantity : Math.min(this.quantity, this.parent.filled);
    return allowed - this.filled - this.atWork.lost;
  }

  /** True where nothing is left but binary dust. */
  get exhausted(): boolean {
    return this.unfilled <= this.quantity * 1e-9;
  }

  end(status: 'filled' | 'cancelled' | 'expired' | 'refused', reason: string): void {
    this.status = status;
    this.reason = reason;
    this.atWork = ENDED;
  }
}

const SIDES: readonly string[] = ['buy', 'sell'];
const TYPES: readonly string[] = ['MKT', 'LMT', 'STP', 'STP LMT', 'TRAIL', 'MOC', 'LOC', 'MOO', 'LOO'];
const TIMES: readonly string[] = ['DAY', 'GTC', 'IOC', 'FOK', 'GTD', 'OPG'];

/** What is wrong with a request, as a sentence, or undefined where it can be read. */
export function faultOf(request: OrderRequest, instruments: number): string | undefined {
  const { quantity, type, side } = request;
  const instrument = request.instrument ?? 0;
  if (!(Number.isInteger(instrument) && instrument >= 0 && instrument < instruments))
    return `instrument ${instrument} does not exist; indexes go from 0 to ${instruments - 1}`;
  if (!SIDES.includes(side)) return `the side ${JSON.stringify(side)} is not buy or sell`;
  if (!TYPES.includes(type)) return `the type ${JSON.stringify(type)} is not one of ${TYPES.join(', ')}`;
  if (request.timeInForce !== undefined && !TIMES.includes(request.timeInForce))
    return `the time in force ${JSON.stringify(request.timeInForce)} is not one of ${TIMES.join(', ')}`;
  if (!(Number.isFinite(quantity) && quantity > 0)) return `the quantity ${quantity} is not above zero`;
  if (
    (type === 'LMT' || type === 'STP LMT' || type === 'LOC' || type === 'LOO') &&
    !isPrice(request.limitPrice)
  )
    return `a ${type} order needs a limitPrice above zero, not ${request.limitPrice}`;
  if ((type === 'STP' || type === 'STP LMT') && !isPrice(request.stopPrice))
    return `a ${type} order needs a stopPrice above zero, not ${request.stopPrice}`;
  if (type === 'TRAIL' && isPrice(request.trailAmount) === isPrice(request.trailPercent))
    return 'a TRAIL order needs either a trailAmount or a trailPercent above zero';
  if (request.timeInForce === 'GTD' && !Number.isFinite(request.goodTill))
    return `a GTD order needs goodTill as epoch milliseconds, not ${request.goodTill}`;
  if (request.protectiveStop !== undefined && !isPrice(request.protectiveStop))
    return `the protectiveStop ${request.protectiveStop} is not above zero`;
  const probability = request.probabilityOfProfit;
  if (probability !== undefined && !(probability >= 0 && probability <= 1))
    return `the probabilityOfProfit ${probability} is not between 0 and 1`;
  return undefined;
}

export const isPrice = (value: number | undefined): boolean =>
  value !== undefined && Number.isFinite(value) && value > 0;
