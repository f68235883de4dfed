import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Intent } from '#contracts/events/orders.ts';
import { type AccountBook, equity, isLive } from '#core/portfolio/account-book.ts';
import { openLayers } from '#core/portfolio/position.ts';
import { drawdown, valuation } from '#core/portfolio/valuation.ts';
import { afterHalt, afterRevaluation } from '#core/risk/breaker-orders.ts';
import { trip } from '#core/risk/breakers.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { decideResume, resumption } from '#core/risk/resume.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import {
  barClosed,
  bookOf,
  brokerOrder,
  deskEvent,
  folded,
  intentOf,
  NOW,
  orderFilled,
  withOrder,
} from '../../../support/desk-events.ts';
import { byHand } from '../../../support/drawdown.ts';

const { reduce, halt, coolOffHours } = DEFAULT_RISK_POLICY.drawdown;
const HOUR = 3_600_000;
/** The most that a price moves from one bar to the next, and so the most that is lost beyond a step, or before a flattening. */
const MOST = 0.012;

const step = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({ kind: fc.constant('price' as const), move: fc.integer({ min: -120, max: 70 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('buy' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('order' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reject' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stop' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('halt' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('resume' as const), by: fc.constantFrom('ana', 'ana', ' ') }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A desk that puts all it has into one share, and what its book has to come to, told from equities and times alone. */
class Desk {
  book: AccountBook = bookOf();
  now = NOW;
  price = new Decimal(100);
  number = 0;
  flattening: readonly Intent[] = [];
  /** The end of the cool-off, and whether the fall came to the limit; null where no step stands. */
  fall: { readonly end: number; readonly halted: boolean } | null = null;
  resumptions = { accepted: 0, anew: 0, refused: 0 };
  halts = 0;

  get below(): number {
    return drawdown(this.#equity(), new Decimal(this.book.highWater ?? Number.NaN));
  }
  get flat(): boolean {
    return this.#layers().length === 0 && !Object.values(this.book.orders).some(isLive);
  }
  get needsNewStart(): boolean {
    return this.below >= reduce || this.fall?.halted === true;
  }
  #equity(): Decimal {
    const value = equity(this.book);
    if (value === null) throw new Error('a marked book has an equity');
    return value;
  }
  #layers = () => openLayers(this.book.positions['AAPL']);

  take(one: Step): void {
    this.now += 60_000;
    switch (one.kind) {
      case 'price':
        this.#move(one.move);
        break;
      case 'buy':
        if (this.book.trading.state === 'ACTIVE' && this.flat && this.below < reduce) this.#buy();
        break;
      case 'order':
        if (this.book.trading.state === 'ACTIVE' && this.flat)
          this.book = withOrder(this.book, intentOf({ intentId: `O-${++this.number}` }));
        break;
      case 'reject':
        this.#reject();
        break;
      case 'stop':
        this.#close();
        break;
      case 'halt':
        this.book = byHand(this.book, this.now);
        break;
      case 'wait':
        this.now += one.hours * HOUR;
        break;
      case 'resume':
        this.#resume(one.by);
        break;
    }
  }

  #move(basisPoints: number): void {
    this.price = this.price.times(1 + basisPoints / 10_000).toDecimalPlaces(8);
    // What the breaker planned fills at the next price there is.
    if (this.flattening.length > 0) this.#close();
    const time = instantText(this.now);
    this.book = folded(this.book, barClosed(this.price.toFixed(), 0, { openTime: time, closeTime: time }));
    this.#value();
  }

  #value(): void {
    const value = valuation(this.book, 'bar', 'AAPL');
    if (value === null) throw new Error('a marked book has a value');
    const { book, events } = trip(this.book, value, DEFAULT_RISK_POLICY, this.now);
    this.book = JSON.parse(JSON.stringify(book)) as AccountBook;
    const end = this.now + coolOffHours * HOUR;
    const halted = events.flatMap(({ type, data }) => (type === 'TradingHalted' ? [data] : []));
    if (value.drawdown >= halt && this.fall?.halted !== true) {
      this.fall = { end, halted: true };
      this.halts += 1;
      expect(halted).toMatchObject([{ flatten: true }]);
    } else {
      expect(halted).toEqual([]);
      if (value.drawdown >= reduce) this.fall ??= { end, halted: false };
      else if (value.drawdown === 0 && this.fall?.halted === false) this.fall = null;
    }
    const [first] = halted;
    this.flattening =
      first === undefined
        ? afterRevaluation(this.book, value, this.now).flatten
        : afterHalt(first, 'cause', this.now).flatten;
    expect(this.flattening).toHaveLength(this.fall?.halted === true ? this.#layers().length : 0);
    if (this.fall !== null) expect(this.book.trading.state).not.toBe('ACTIVE');
  }

  #buy(): void {
    const quantity = this.#equity().div(this.price).floor().toFixed();
    const intent = intentOf({ intentId: `I-${++this.number}`, quantity });
    this.book = folded(withOrder(this.book, intent), this.#fill(intent.intentId, 'order', quantity));
    this.#value();
  }

  #close(): void {
    this.flattening = [];
    const layers = this.#layers();
    for (const { intentId, opening } of layers) {
      const quantity = Object.values(opening)[0]?.quantity ?? '0';
      this.book = folded(this.book, this.#fill(intentId, 'stop', quantity));
    }
    if (layers.length > 0) this.#value();
  }

  #fill(intentId: string, role: 'order' | 'stop', quantity: string) {
    return orderFilled({
      intentId,
      execId: `E${++this.number}.01`,
      role,
      side: role === 'order' ? 'BUY' : 'SELL',
      quantity,
      price: this.price.toFixed(),
      executedAt: instantText(this.now),
    });
  }

  #reject(): void {
    for (const { intent, status } of Object.values(this.book.orders))
      if (status === 'authorized')
        this.book = folded(
          this.book,
          deskEvent('OrderRejected', { ...brokerOrder(intent.intentId), code: 201, message: 'no margin' }),
        );
  }

  #resume(by: string): void {
    const person = { by, reason: 'the cause was found' };
    const decision = decideResume(this.book, DEFAULT_RISK_POLICY, person, this.now);
    const ready = this.fall !== null && this.now >= this.fall.end && this.flat;
    expect(decision.kind).toBe(by === 'ana' && (!this.needsNewStart || ready) ? 'resumed' : 'refused');
    if (decision.kind === 'refused') {
      this.resumptions.refused += 1;
      return;
    }
    const { highWater } = this.book;
    const anew = this.below >= reduce;
    const value = this.#equity();
    // The loss since the last new start, at most: up to the limit, and what no order can prevent.
    if (anew && highWater !== null)
      expect(value.toNumber()).toBeGreaterThanOrEqual(
        Number(highWater) * (1 - halt) * (1 - MOST) * (1 - MOST),
      );
    this.book = folded(
      this.book,
      resumption(person, decision.highWater, ++this.number, this.now).entry.event,
    );
    expect(this.book.trading).toMatchObject({ state: 'ACTIVE', coolOffUntil: null });
    expect(this.book.highWater).toBe(anew ? value.toFixed() : highWater);
    this.fall = null;
    this.resumptions.accepted += 1;
    if (anew) this.resumptions.anew += 1;
  }
}

describe('a desk that falls, is halted and resumed at random', () => {
  it('starts anew only by a person, flat and after the cool-off, never loses more than the limit between, and flattens at it', () => {
    const seen = { accepted: 0, anew: 0, refused: 0, halts: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200, size: 'max' }), (steps) => {
        const desk = new Desk();
        for (const one of steps) desk.take(one);
        seen.accepted += desk.resumptions.accepted;
        seen.anew += desk.resumptions.anew;
        seen.refused += desk.resumptions.refused;
        seen.halts += desk.halts;

        // However it stands, it is never dead: a person who closes everything and waits may go on.
        for (const kind of ['stop', 'reject'] as const) desk.take({ kind });
        desk.take({ kind: 'wait', hours: coolOffHours });
        desk.take({ kind: 'resume', by: 'ana' });
        expect(desk.book.trading.state).toBe('ACTIVE');
        expect(desk.below).toBeLessThan(reduce);
      }),
      { numRuns: 150 },
    );
    // The lives are not so poor that nothing was tried.
    for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(10);
  });
});
