import type { Intent } from '#contracts/events/orders.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { type AccountBook, isLive } from '#core/portfolio/account-book.ts';
import { layerQuantity, openLayers } from '#core/portfolio/position.ts';
import { instantText } from '#core/values/clock.ts';
import { decimalText } from '#core/values/decimal.ts';
import type { Random } from '#core/values/random.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import type { Corrections } from './corrections.ts';
import type { ChaosDesk } from './desk.ts';
import { INSTRUMENTS } from './tape.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SESSION = '2018-01-22';
const FIRST_TURN = Date.parse('2018-01-01T12:00:00.000Z');
/** The broker takes at most 20 working orders a contract and side; each layer rests one stop. */
const MOST_LAYERS = 9;
const MOST_LIVE = 48;
/** Orders between two sessions: the book keeps a session's orders. */
const TURN_EVERY = 150;

interface Placed {
  readonly correlationId: string;
  readonly cancelAt: number | null;
}

/** Wants things: entries at the market and at limits, some of which never trade and are cancelled; exits of what it got. */
export class Trader {
  readonly #desk: ChaosDesk;
  readonly #random: Random;
  readonly #clock: TimerClock;
  readonly #live = new Map<string, Placed>();
  /** The latest exit of each layer: a rejected one is followed by another. */
  readonly #exits = new Map<string, { readonly exitId: string; readonly attempt: number }>();
  readonly #cancelled = new Set<string>();
  readonly #everything = new Set<string>();
  readonly #corrections: Corrections;
  #sinceTurn = new Set<string>();
  #turns = 0;
  placed = 0;
  repeats = 0;
  cancels = 0;

  readonly #turnEvery: number;

  constructor(
    desk: ChaosDesk,
    random: Random,
    clock: TimerClock,
    corrections: Corrections,
    turnEvery = TURN_EVERY,
  ) {
    this.#turnEvery = turnEvery;
    this.#desk = desk;
    this.#corrections = corrections;
    this.#random = random;
    this.#clock = clock;
  }

  get live(): number {
    return this.#live.size;
  }

  /** Reads what happened, then orders up to `most` new things. */
  async step(most: number): Promise<void> {
    await this.#desk.fold([...new Set([...this.#live.values()].map(({ correlationId }) => correlationId))]);
    const book = await this.#desk.book();
    this.#forget(book);
    await this.#cancelOld();
    for (let count = 0; count < most; count++) {
      const full = this.#live.size >= MOST_LIVE;
      const intent = this.#exit(book, full ? 0 : 0.4) ?? (full ? null : this.#entry(book));
      if (intent === null) break;
      await this.#place(intent);
    }
    if (Math.floor(this.placed / this.#turnEvery) > this.#turns) await this.#turn();
  }

  /** Turns the day once every correction has come to the book; until then the next step tries again. */
  async #turn(): Promise<void> {
    this.#corrections.held = true;
    await this.#desk.fold([...this.#sinceTurn]);
    if (!this.#corrections.settled(await this.#desk.book())) return;
    this.#turns += 1;
    // Before the intents' own day: the book lets go of what was authorized long before a session and never sent.
    await this.#desk.turn(newYorkDate(FIRST_TURN + this.#turns * DAY));
    this.#sinceTurn = new Set();
    this.#corrections.turned();
  }

  /** Takes back what still waits for a price, and reads on. Over when no order of the book can change any more. */
  async settle(): Promise<boolean> {
    await this.#desk.fold([...new Set([...this.#live.values()].map(({ correlationId }) => correlationId))]);
    const book = await this.#desk.book();
    this.#forget(book);
    const working = Object.values(book.orders).filter(isLive);
    for (const { intent, correlationId } of working)
      if (intent.orderType === 'LMT') await this.#cancel(intent.intentId, correlationId);
    return working.length === 0;
  }

  /** Reads everything once more: a commission may be told long after its order has ended. */
  async readAll(): Promise<void> {
    await this.#desk.fold([...this.#everything]);
  }

  async #place(intent: Intent): Promise<void> {
    const correlationId = `chaos:${intent.positionId}`;
    this.#everything.add(correlationId);
    this.#sinceTurn.add(correlationId);
    this.#corrections.admit(intent.intentId);
    // Some are taken back at once, the rest before what never trades fills all places.
    const wait = this.#random.next() < 0.5 ? this.#random.integer(4) : 30 + this.#random.integer(60);
    this.#live.set(intent.intentId, {
      correlationId,
      cancelAt: intent.orderType === 'LMT' ? this.#clock.now() + wait * MINUTE : null,
    });
    this.placed += 1;
    await this.#desk.authorize(intent, correlationId);
    if (this.#random.next() < 0.05) {
      this.repeats += 1;
      await this.#desk.send(await this.#desk.authorization(correlationId, intent.intentId), true);
    }
    if (this.#random.next() < 0.01) await this.#desk.sendRaw('{"metadata":{"type":"OrderAuthorized"}}');
  }

  async #cancelOld(): Promise<void> {
    for (const [intentId, { correlationId, cancelAt }] of this.#live)
      if (cancelAt !== null && cancelAt <= this.#clock.now()) await this.#cancel(intentId, correlationId);
  }

  async #cancel(intentId: string, correlationId: string): Promise<void> {
    if (this.#cancelled.has(intentId)) return;
    this.#cancelled.add(intentId);
    this.cancels += 1;
    await this.#desk.cancel(intentId, correlationId, 'it has waited long enough');
  }

  /** An intent is done with when its order has ended and, of an entry, nothing of its layer is left under its stop. */
  #forget(book: AccountBook): void {
    const held = new Set(
      INSTRUMENTS.flatMap((id) => openLayers(book.positions[id]).map(({ intentId }) => intentId)),
    );
    for (const intentId of [...this.#live.keys()]) {
      const order = book.orders[intentId];
      if (order !== undefined && isLive(order)) continue;
      if (!held.has(intentId)) this.#live.delete(intentId);
    }
  }

  #exit(book: AccountBook, reluctance: number): Intent | null {
    if (this.#random.next() < reluctance) return null;
    const working = (intentId: string | undefined) => {
      const order = intentId === undefined ? undefined : book.orders[intentId];
      return order !== undefined && isLive(order);
    };
    const under = (intentId: string) => {
      const exitId = this.#exits.get(intentId)?.exitId;
      return exitId !== undefined && (working(exitId) || this.#live.has(exitId));
    };
    const free = INSTRUMENTS.flatMap((instrument) =>
      openLayers(book.positions[instrument])
        .filter(({ intentId }) => !working(intentId) && !under(intentId))
        .map((layer) => ({ instrument, layer })),
    );
    const chosen = free[this.#random.integer(Math.max(1, free.length))];
    if (chosen === undefined) return null;
    const { instrument, layer } = chosen;
    const attempt = (this.#exits.get(layer.intentId)?.attempt ?? 0) + 1;
    const exitId = `X${attempt}-${layer.intentId}`;
    this.#exits.set(layer.intentId, { exitId, attempt });
    return this.#intent({
      intentId: exitId,
      purpose: 'exit',
      instrument,
      side: 'SELL',
      quantity: decimalText(layerQuantity(layer)),
      orderType: 'MKT',
      limitPrice: null,
      protectiveStop: null,
      closes: layer.intentId,
      positionId: layer.positionId,
    });
  }

  #entry(book: AccountBook): Intent | null {
    const instrument = INSTRUMENTS[this.#random.integer(INSTRUMENTS.length)];
    if (instrument === undefined) return null;
    const working = Object.values(book.orders).filter(
      (order) => order.intent.instrument === instrument && isLive(order),
    ).length;
    if (openLayers(book.positions[instrument]).length + working >= MOST_LAYERS) return null;
    const intentId = `E-${this.placed + 1}-${instrument}`;
    const kind = this.#random.next();
    // Some stops are near enough to be hit, most never are.
    const stop = this.#random.next() < 0.3 ? '99.90' : '45.00';
    return this.#intent({
      intentId,
      purpose: 'entry',
      instrument,
      side: 'BUY',
      quantity: String(1 + this.#random.integer(20)),
      orderType: kind < 0.6 ? 'MKT' : 'LMT',
      limitPrice: kind < 0.6 ? null : kind < 0.8 ? '130.00' : '60.00',
      protectiveStop: stop,
      closes: null,
      positionId: intentId,
    });
  }

  #intent(
    part: Pick<
      Intent,
      | 'intentId'
      | 'purpose'
      | 'instrument'
      | 'side'
      | 'quantity'
      | 'orderType'
      | 'limitPrice'
      | 'protectiveStop'
      | 'closes'
      | 'positionId'
    >,
  ): Intent {
    const now = this.#clock.now();
    return {
      ...part,
      triggerPrice: null,
      timeInForce: 'DAY',
      strategy: 'flow',
      proposalId: null,
      plan: null,
      initialRisk: null,
      target: null,
      horizonSessions: null,
      referencePrice: '100.00',
      referenceAt: instantText(now),
      expectedSlippage: null,
      expectedVolume: null,
      probabilityOfProfit: null,
      plannedAt: instantText(now),
      expiresAt: instantText(now + 10 * HOUR),
      session: SESSION,
    };
  }
}
