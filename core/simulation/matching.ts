import { ceilTo, floorTo } from './grid.ts';
import type { FillModel, MatchableOrder, MatchBar, Side } from './orders.ts';

/**
 * The parts of a bar in the order in which the book must offer them to every order. Within a bar the path between
 * open and close is unknown, so stops come before limits: when a stop and a target could both have traded, the
 * stop did.
 */
export const MATCH_PHASES = ['open', 'stops', 'limits', 'close'] as const;
export type MatchPhase = (typeof MATCH_PHASES)[number];

/**
 * Since when an order takes part in the bar: from its open, or only from somewhere inside it (the child of an entry
 * that filled inside the bar). An order that arrived inside is tested against its stop, the pessimistic reading,
 * never against a limit it might have missed.
 */
export type Arrival = 'open' | 'inside';

/** What one bar can still give. All orders in the instrument share it. */
export interface BarLiquidity {
  readonly volume: number;
  /** Most that may be taken in all. */
  readonly capacity: number;
  taken: number;
}

/** Where {@link matchOrder} writes its result; reused by the caller so that a pass allocates nothing. */
export interface MatchResult {
  /** Units filled now; 0 where nothing traded. */
  quantity: number;
  /** Price of the fill, on the tick; NaN where nothing traded. */
  price: number;
  /** Whether the fill rested in the book or took from it. */
  liquidity: 'added' | 'removed';
  /** True where what remains must be cancelled (IOC, FOK, opening and closing orders). */
  cancelRest: boolean;
  /** The market's price before any cost (the open, the stop, the close); the limit where the order rested. */
  reference: number;
  /** What the square-root impact moved the price by, per unit, before rounding and before a limit bounded it. */
  impact: number;
}

/** An empty result to pass to {@link matchOrder}. */
export const matchResult = (): MatchResult => ({
  quantity: 0,
  price: Number.NaN,
  liquidity: 'removed',
  cancelRest: false,
  reference: Number.NaN,
  impact: 0,
});

/** What `bar` can give under `model`: at most `maximumParticipation` of its volume, in whole lots. */
export function barLiquidity(bar: MatchBar, model: FillModel): BarLiquidity {
  const volume = Number.isNaN(bar.volume) ? model.assumedVolume : bar.volume;
  const usable = Number.isFinite(volume) ? Math.max(volume, 0) : 0;
  return { volume: usable, capacity: floorTo(usable * model.maximumParticipation, model.lot), taken: 0 };
}

/**
 * Volatility of one bar from its range (Parkinson 1980: the variance of a driftless path is the squared log range
 * over 4 ln 2), as a fraction of the price.
 */
function rangeVolatility(bar: MatchBar): number {
  if (!(bar.low > 0)) return 0;
  return Math.log(bar.high / bar.low) / Math.sqrt(4 * Math.LN2);
}

/**
 * The price at which `quantity` trades when it takes liquidity around `reference`: half the spread, slippage, and
 * the square-root impact Y·σ·√(Q/V) (Almgren et al. 2005; Tóth et al. 2011), σ and V both of this bar, so that the
 * horizon cancels. Q counts everything taken from the bar so far: slicing an order inside one bar gains nothing.
 * Rounded against the order.
 */
function takingPrice(
  reference: number,
  quantity: number,
  side: Side,
  bar: MatchBar,
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): number {
  const share = from.volume > 0 ? (from.taken + quantity) / from.volume : 0;
  const impact = model.impact * rangeVolatility(bar) * Math.sqrt(share) * Math.abs(reference);
  out.reference = reference;
  out.impact = impact;
  return against(reference, quoteCost(reference, model) + impact, side, model);
}

/** Half the spread (at least half a tick) and slippage: what crossing costs before the size matters. */
function quoteCost(reference: number, model: FillModel): number {
  const price = Math.abs(reference);
  return Math.max(model.tick / 2, (price * model.spread) / 2) + price * model.slippage;
}

function against(reference: number, cost: number, side: Side, model: FillModel): number {
  return side === 'buy' ? ceilTo(reference + cost, model.tick) : floorTo(reference - cost, model.tick);
}

/** True where `price` is at or beyond `level` in the direction that hurts a stop of `side`. */
const reached = (price: number, level: number, side: Side): boolean =>
  side === 'buy' ? price >= level : price <= level;
/** True where `price` is strictly better than `limit` for `side`: the market traded through it. */
const through = (price: number, limit: number, side: Side): boolean =>
  side === 'buy' ? price < limit : price > limit;
const notWorse = (price: number, limit: number, side: Side): boolean =>
  side === 'buy' ? price <= limit : price >= limit;
const better = (price: number, limit: number, side: Side): number =>
  side === 'buy' ? Math.min(price, limit) : Math.max(price, limit);

/**
 * The fill model of the product: offers one phase of one bar to one order.
 *
 * - Market: the open plus costs. Opening orders in the session's first bar, closing ones at the close of its last.
 * - Limit: at the open when marketable there (never worse than the limit: a gap gives the better price); otherwise
 *   at the limit, only when the bar traded *through* it, as the place in the queue is unknown.
 * - Stop: at the open plus costs when the open is beyond it (a gap gives the worse price), else at the stop plus costs.
 * - Stop limit: elected like a stop, then filled like a limit; what the path leaves undecided stays working.
 * - Trail: tested against the trigger that stood before the bar, then raised by the bar's extreme; a close beyond the
 *   raised trigger means that the path crossed it.
 *
 * Quantity is limited by `wanted`, the bar's remaining liquidity and the lot; the rest stays working.
 *
 * @param wanted units that may execute now (remaining, or less for a child of a partly filled parent)
 * @param out receives the result; every field is overwritten
 */
export function matchOrder(
  order: MatchableOrder,
  wanted: number,
  bar: MatchBar,
  phase: MatchPhase,
  arrival: Arrival,
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): void {
  out.quantity = 0;
  out.price = Number.NaN;
  out.liquidity = 'removed';
  out.cancelRest = false;
  out.reference = Number.NaN;
  out.impact = 0;
  switch (phase) {
    case 'open':
      if (arrival === 'open') atOpen(order, wanted, bar, from, model, out);
      return;
    case 'stops':
      if (!order.triggered) insideStops(order, wanted, bar, arrival, from, model, out);
      return;
    case 'limits':
      if (
        arrival === 'open' &&
        restsAsLimit(order) &&
        through(order.side === 'buy' ? bar.low : bar.high, order.limitPrice, order.side)
      ) {
        takeAtLimit(wanted, order.limitPrice, from, model, out);
      }
      return;
    case 'close':
      if (bar.sessionEnd && (order.type === 'MOC' || order.type === 'LOC'))
        atClose(order, wanted, bar, from, model, out);
      return;
  }
}

const restsAsLimit = (order: MatchableOrder): boolean =>
  (order.type === 'LMT' && order.timeInForce !== 'OPG') || (order.type === 'STP LMT' && order.triggered);

const isOpening = (order: MatchableOrder): boolean =>
  order.type === 'MOO' || order.type === 'LOO' || order.timeInForce === 'OPG';

function atOpen(
  order: MatchableOrder,
  wanted: number,
  bar: MatchBar,
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): void {
  if (order.type === 'MOC' || order.type === 'LOC') return;
  const opening = isOpening(order);
  if (opening && !bar.sessionStart) return;
  const priced = order.type === 'LMT' || order.type === 'LOO' || order.type === 'STP LMT';
  if (order.type === 'TRAIL' && Number.isNaN(order.stopPrice))
    order.stopPrice = trailFrom(order, bar.open, model);
  if (isStop(order) && !order.triggered) {
    if (!reached(bar.open, order.stopPrice, order.side)) return;
    order.triggered = true;
  }
  out.cancelRest = opening || order.timeInForce === 'IOC' || order.timeInForce === 'FOK';
  const immediate = executable(wanted, from, model);
  if (order.timeInForce === 'FOK' && immediate < wanted) return;
  const quote = against(bar.open, quoteCost(bar.open, model), order.side, model);
  if (priced && !notWorse(quote, order.limitPrice, order.side)) return;
  const price = takingPrice(bar.open, immediate, order.side, bar, from, model, out);
  take(wanted, priced ? better(price, order.limitPrice, order.side) : price, 'removed', from, model, out);
}

const isStop = (order: MatchableOrder): boolean =>
  order.type === 'STP' || order.type === 'STP LMT' || order.type === 'TRAIL';

function insideStops(
  order: MatchableOrder,
  wanted: number,
  bar: MatchBar,
  arrival: Arrival,
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): void {
  if (!isStop(order)) return;
  if (order.type === 'TRAIL' && Number.isNaN(order.stopPrice))
    order.stopPrice = trailFrom(order, bar.close, model);
  const worst = order.side === 'buy' ? bar.high : bar.low;
  const best = order.side === 'buy' ? bar.low : bar.high;
  let level = order.stopPrice;
  // An order that arrived inside with the whole bar beyond its stop is elected at once, at a price only the close bounds.
  if (reached(best, level, order.side)) level = bar.close;
  if (!reached(worst, level, order.side)) {
    if (order.type !== 'TRAIL' || arrival === 'inside') return;
    level = raiseTrail(order, bar, model);
    if (!reached(bar.close, level, order.side)) return;
  }
  order.triggered = true;
  if (order.type === 'STP LMT') {
    electInside(order, wanted, bar, level, from, model, out);
    return;
  }
  const price = takingPrice(level, executable(wanted, from, model), order.side, bar, from, model, out);
  take(wanted, price, 'removed', from, model, out);
}

/** A stop limit elected inside the bar: the quote at election decides, then only what the close proves. */
function electInside(
  order: MatchableOrder,
  wanted: number,
  bar: MatchBar,
  level: number,
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): void {
  const quote = against(level, quoteCost(level, model), order.side, model);
  if (notWorse(quote, order.limitPrice, order.side)) {
    const price = takingPrice(level, executable(wanted, from, model), order.side, bar, from, model, out);
    take(wanted, better(price, order.limitPrice, order.side), 'removed', from, model, out);
  } else if (through(bar.close, order.limitPrice, order.side)) {
    takeAtLimit(wanted, order.limitPrice, from, model, out);
  }
}

/** The trigger of a trailing order at its distance from `extreme`, on the tick, away from the market. */
export function trailFrom(
  order: Pick<MatchableOrder, 'side' | 'trailAmount' | 'trailPercent'>,
  extreme: number,
  model: FillModel,
): number {
  const distance = Number.isNaN(order.trailAmount)
    ? (Math.abs(extreme) * order.trailPercent) / 100
    : order.trailAmount;
  return order.side === 'sell'
    ? floorTo(extreme - distance, model.tick)
    : ceilTo(extreme + distance, model.tick);
}

/** Moves a trailing trigger with the bar's favourable extreme; never away from the market. */
function raiseTrail(order: MatchableOrder, bar: MatchBar, model: FillModel): number {
  const moved = trailFrom(order, order.side === 'sell' ? bar.high : bar.low, model);
  order.stopPrice =
    order.side === 'sell' ? Math.max(order.stopPrice, moved) : Math.min(order.stopPrice, moved);
  return order.stopPrice;
}

function atClose(
  order: MatchableOrder,
  wanted: number,
  bar: MatchBar,
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): void {
  out.cancelRest = true;
  const price = takingPrice(bar.close, executable(wanted, from, model), order.side, bar, from, model, out);
  if (order.type === 'LOC' && !notWorse(price, order.limitPrice, order.side)) return;
  take(wanted, price, 'removed', from, model, out);
}

function executable(wanted: number, from: BarLiquidity, model: FillModel): number {
  return Math.max(0, floorTo(Math.min(wanted, from.capacity - from.taken), model.lot));
}

function takeAtLimit(
  wanted: number,
  limitPrice: number,
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): void {
  out.reference = limitPrice;
  out.impact = 0;
  take(wanted, limitPrice, 'added', from, model, out);
}

function take(
  wanted: number,
  price: number,
  liquidity: 'added' | 'removed',
  from: BarLiquidity,
  model: FillModel,
  out: MatchResult,
): void {
  const quantity = executable(wanted, from, model);
  if (!(quantity > 0) || !(price > 0)) return;
  from.taken += quantity;
  out.quantity = quantity;
  out.price = price;
  out.liquidity = liquidity;
}
