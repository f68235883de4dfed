import { floorTo } from '../grid.ts';
import { MATCH_PHASES, type MatchPhase, matchOrder, matchResult } from '../matching.ts';
import type { Feed } from './feed.ts';
import type { EngineOrder } from './order.ts';

/** Takes an execution; `reference` and `impact` are those of the fill model. */
export type OnFill = (
  order: EngineOrder,
  quantity: number,
  price: number,
  reference: number,
  impact: number,
) => void;

/** Orders of one instrument that wait or work, oldest first, and how a bar goes through them. */
export class WorkingOrders {
  readonly orders: EngineOrder[] = [];
  readonly #feed: Feed;
  readonly #onFill: OnFill;
  readonly #result = matchResult();

  constructor(feed: Feed, onFill: OnFill) {
    this.#feed = feed;
    this.#onFill = onFill;
  }

  /** Offers the feed's current bar to every order that was there when it opened, then lets orders expire. */
  match(closeTime: number): void {
    const feed = this.#feed;
    const { orders } = this;
    const { liquidity, model } = feed;
    const volume = Number.isNaN(feed.volume) ? model.assumedVolume : feed.volume;
    liquidity.volume = Number.isNaN(volume) ? 0 : Math.max(volume, 0);
    liquidity.capacity = floorTo(liquidity.volume * model.maximumParticipation, model.lot);
    liquidity.taken = 0;
    this.#expireUntil(feed.openTime);
    for (const phase of MATCH_PHASES) {
      for (let i = 0; i < orders.length; i++) this.#offer(orders[i] as EngineOrder, phase);
    }
    this.#expireUntil(closeTime);
    if (feed.sessionEnd) this.#endOfSession();
    this.compact();
  }

  /** Forgets orders that have ended, and children whose parent ended without filling. */
  compact(): void {
    const { orders } = this;
    let kept = 0;
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i] as EngineOrder;
      if (
        order.status === 'waiting' &&
        order.parent !== null &&
        !order.parent.alive &&
        order.parent.filled === 0
      )
        order.end('cancelled', 'its parent ended without a fill');
      // What a child can never execute, because its parent ended partly filled, is not at work.
      if (
        order.alive &&
        order.parent !== null &&
        !order.parent.alive &&
        order.executable <= order.quantity * 1e-9
      )
        order.end(order.filled > 0 ? 'filled' : 'cancelled', 'its parent ended');
      if (order.alive) orders[kept++] = order;
    }
    orders.length = kept;
  }

  #offer(order: EngineOrder, phase: MatchPhase): void {
    const feed = this.#feed;
    if (order.submittedAt > feed.openTime) return;
    const wanted = order.executable;
    if (wanted <= 0) return;
    const arrival = order.atWork.wokenInside === feed.closed ? 'inside' : 'open';
    const result = this.#result;
    matchOrder(order.atWork, wanted, feed, phase, arrival, feed.liquidity, feed.model, result);
    const { cancelRest } = result;
    if (result.quantity > 0) this.#fill(order, phase);
    if (cancelRest && order.alive) order.end('cancelled', 'the rest could not be filled at once');
  }

  #fill(order: EngineOrder, phase: MatchPhase): void {
    const { quantity, price, reference, impact } = this.#result;
    const first = order.filled === 0;
    order.filled += quantity;
    if (order.closing && order.parent !== null) order.parent.closed += quantity;
    this.#onFill(order, quantity, price, reference, impact);
    if (order.exhausted) order.end('filled', '');
    if (order.group !== 0) this.#shrinkGroup(order, quantity);
    if (first) this.#wakeChildren(order, phase);
  }

  /** Orders of a group share their quantity, so that together they never overfill. */
  #shrinkGroup(filled: EngineOrder, quantity: number): void {
    for (const order of this.orders) {
      if (order === filled || order.group !== filled.group || !order.alive) continue;
      order.atWork.lost += quantity;
      if (order.exhausted) order.end('cancelled', `order ${filled.id} of its group filled`);
    }
  }

  /** At the open the whole bar lies before a child; inside the bar only its stop is tested, as the path is unknown. */
  #wakeChildren(parent: EngineOrder, phase: MatchPhase): void {
    const { orders } = this;
    for (let i = 0; i < orders.length; i++) {
      const child = orders[i] as EngineOrder;
      if (child.parent !== parent || child.status !== 'waiting') continue;
      child.status = 'working';
      if (phase !== 'open') child.atWork.wokenInside = this.#feed.closed;
      if (phase === 'limits' || phase === 'close') this.#offer(child, 'stops');
    }
  }

  #expireUntil(instant: number): void {
    for (const order of this.orders) {
      if (order.alive && order.atWork.goodTill <= instant) order.end('expired', 'its time was over');
    }
  }

  #endOfSession(): void {
    for (const order of this.orders) {
      if (!order.alive || order.submittedAt > this.#feed.openTime) continue;
      // Opening orders given during a session are for the next one; the open itself ends them.
      const opening = order.type === 'MOO' || order.type === 'LOO' || order.timeInForce === 'OPG';
      const closing = order.type === 'MOC' || order.type === 'LOC';
      const forOneSession = !opening && (closing || order.timeInForce === 'DAY');
      if (forOneSession) order.end('expired', 'the session ended');
    }
  }
}
