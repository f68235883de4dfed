import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Intent } from '#contracts/events/orders.ts';
import type { DeskEvent } from '#contracts/registry.ts';
import {
  type AccountBook,
  equity,
  isLive,
  opens,
  remaining,
  worstExposure,
} from '#core/portfolio/account-book.ts';
import { fold, type LedgerEventType } from '#core/portfolio/ledger.ts';
import { counting, layerQuantity, openLayers } from '#core/portfolio/position.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { trip } from '#core/risk/breakers.ts';
import { decide } from '#core/risk/gate.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import {
  bookOf,
  brokerOrder,
  deskEvent,
  exitOf,
  gateInput,
  intentOf,
  NOW,
  orderFilled,
} from '../../../support/desk-events.ts';

const INSTRUMENTS = ['AAPL', 'XLK', 'SPY'] as const;
/** A pace at which no rate limit is what refuses, so that exposure is what is tried. */
const POLICY = {
  ...DEFAULT_RISK_POLICY,
  ordersPerDay: 10_000,
  duplicateWindowSeconds: 0,
  repeatedExecution: { entries: 10_000, windowMinutes: 1 },
};
const SECOND = 1000;

type Step =
  | {
      readonly kind: 'enter' | 'add';
      readonly instrument: string;
      readonly units: number;
      readonly market: boolean;
    }
  | { readonly kind: 'exit'; readonly pick: number; readonly share: number }
  | { readonly kind: 'fill'; readonly pick: number; readonly share: number; readonly slip: number }
  | { readonly kind: 'stop'; readonly pick: number; readonly share: number }
  | { readonly kind: 'repeat'; readonly pick: number }
  | { readonly kind: 'correct'; readonly pick: number; readonly share: number }
  | { readonly kind: 'cancel'; readonly pick: number }
  | { readonly kind: 'bar'; readonly instrument: string; readonly move: number };

const pick = fc.nat(1000);
const share = fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 1, noNaN: true }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('enter' as const, 'add' as const),
      instrument: fc.constantFrom(...INSTRUMENTS),
      units: fc.integer({ min: 1, max: 400 }),
      market: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('exit' as const), pick, share }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fill' as const),
      pick,
      share,
      slip: fc.double({ min: -0.05, max: 0, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stop' as const), pick, share }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('correct' as const), pick, share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('bar' as const),
      instrument: fc.constantFrom(...INSTRUMENTS),
      move: fc.double({ min: -0.03, max: 0.04, noNaN: true }),
    }),
  },
);

const units = (of: Decimal, part: number) => Decimal.max(1, of.times(part).floor());
const cents = (value: Decimal) => value.toDecimalPlaces(2).toFixed(2);

/** The desk between gate and broker, small: intents pass the real gate, fills are told as a broker might tell them. */
class Desk {
  book: AccountBook;
  now = NOW;
  readonly told: DeskEvent<LedgerEventType>[] = [];
  readonly fills: DeskEvent<'OrderFilled'>[] = [];
  #count = 0;

  constructor() {
    this.book = bookOf({ marks: {} });
    for (const instrument of INSTRUMENTS) this.bar(instrument, '100');
  }

  tell(event: DeskEvent<LedgerEventType>): void {
    this.told.push(event);
    const { book, revalue } = fold(this.book, event);
    const value = revalue === null ? null : valuation(book, revalue, null);
    this.book = value === null ? book : trip(book, value, POLICY, this.now).book;
  }

  bar(instrument: string, close: string): void {
    this.now += SECOND;
    this.tell(
      deskEvent('BarClosed', {
        instrument,
        session: '2018-01-23',
        minutes: 1,
        openTime: instantText(this.now - SECOND),
        closeTime: instantText(this.now),
        open: close,
        high: close,
        low: close,
        close,
        volume: '1000000',
        source: 'test',
        modelled: true,
      }),
    );
  }

  ask(intent: Intent): ReturnType<typeof decide> {
    const decision = decide(
      gateInput({ book: this.book, intent, policy: POLICY, now: this.now, correlation: () => 0.9 }),
      'test',
    );
    this.book = decision.book;
    return decision;
  }

  /** Fills what is working in an instrument and lets its price rise, so that an addition has a chance. */
  ripen(instrument: string): void {
    for (const order of Object.values(this.book.orders)) {
      const { intent } = order;
      if (intent.instrument !== instrument || !opens(intent) || !isLive(order) || remaining(order).isZero())
        continue;
      this.#fill({
        intentId: intent.intentId,
        execId: `${intent.intentId}/rest.01`,
        quantity: remaining(order).toFixed(),
        price: order.worstPrice,
        instrument,
      });
    }
    const mark = this.book.marks[instrument]?.price ?? '100';
    this.bar(instrument, new Decimal(mark).times('1.02').toDecimalPlaces(2).toFixed());
  }

  run(one: Step): { readonly authorized: Intent | null } {
    this.now += SECOND;
    const id = `I-${++this.#count}`;
    const price = (instrument: string) => this.book.marks[instrument]?.price ?? '100';
    const times = {
      plannedAt: instantText(this.now),
      expiresAt: instantText(this.now + 60_000),
      referenceAt: instantText(this.now),
      expectedVolume: 1_000_000,
    };
    const live = Object.values(this.book.orders).filter(isLive);
    switch (one.kind) {
      case 'enter':
      case 'add': {
        if (one.kind === 'add') this.ripen(one.instrument);
        const reference = new Decimal(price(one.instrument)).toDecimalPlaces(2).toFixed();
        // An addition is tried on a position there is, a little smaller than its newest layer or not.
        const newest = openLayers(this.book.positions[one.instrument]).at(-1);
        const adds = one.kind === 'add' && newest !== undefined;
        const quantity = adds
          ? Decimal.min(one.units, layerQuantity(newest).plus(1)).toFixed()
          : String(one.units);
        const intent = intentOf({
          ...times,
          intentId: id,
          positionId: id,
          instrument: one.instrument,
          quantity,
          purpose: one.kind === 'add' ? 'pyramid' : 'entry',
          orderType: one.market ? 'MKT' : 'LMT',
          limitPrice: one.market ? null : reference,
          referencePrice: reference,
          protectiveStop: new Decimal(reference).times('0.99').toDecimalPlaces(2).toFixed(),
        });
        return { authorized: this.ask(intent).kind === 'authorized' ? intent : null };
      }
      case 'exit': {
        const layers = Object.values(this.book.positions).flatMap((position) =>
          Object.values(position.layers).map((layer) => ({ layer, instrument: position.instrument })),
        );
        const target = layers[one.pick % Math.max(1, layers.length)];
        if (target === undefined) return { authorized: null };
        const quantity = units(Decimal.max(1, layerQuantity(target.layer)), one.share).toFixed();
        const intent = exitOf(target.layer.intentId, quantity, {
          ...times,
          intentId: id,
          instrument: target.instrument,
          referencePrice: price(target.instrument),
        });
        return { authorized: this.ask(intent).kind === 'authorized' ? intent : null };
      }
      case 'fill': {
        const order = live.filter((each) => remaining(each).gt(0))[one.pick % Math.max(1, live.length)];
        if (order === undefined) break;
        const { intent } = order;
        const quantity = Decimal.min(remaining(order), units(remaining(order), one.share)).toFixed();
        const worst = new Decimal(order.worstPrice);
        const at =
          intent.side === 'BUY'
            ? Decimal.min(worst, new Decimal(price(intent.instrument)).times(1 + one.slip))
            : new Decimal(price(intent.instrument));
        this.#fill({
          intentId: intent.intentId,
          execId: `${id}.01`,
          quantity,
          price: at.toDecimalPlaces(2).toFixed(),
          side: intent.side,
          instrument: intent.instrument,
        });
        break;
      }
      case 'stop': {
        const layers = Object.values(this.book.positions).flatMap((position) =>
          Object.values(position.layers)
            .filter((layer) => layerQuantity(layer).gt(0))
            .map((layer) => ({ layer, instrument: position.instrument })),
        );
        const target = layers[one.pick % Math.max(1, layers.length)];
        if (target === undefined) break;
        this.#fill({
          intentId: target.layer.intentId,
          execId: `${id}.01`,
          role: 'stop',
          side: 'SELL',
          quantity: units(layerQuantity(target.layer), one.share).toFixed(),
          price: price(target.instrument),
          instrument: target.instrument,
        });
        break;
      }
      case 'repeat': {
        const event = this.fills[one.pick % Math.max(1, this.fills.length)];
        if (event !== undefined) this.tell(event);
        break;
      }
      case 'correct': {
        const event = this.fills[one.pick % Math.max(1, this.fills.length)];
        if (event === undefined || this.fills.some(({ data }) => data.corrects === event.data.execId)) break;
        const { data } = event;
        this.#fill({
          ...data,
          execId: `${data.execId}+`,
          corrects: data.execId,
          quantity: units(new Decimal(data.quantity), one.share).toFixed(),
        });
        break;
      }
      case 'cancel': {
        const order = live[one.pick % Math.max(1, live.length)];
        if (order === undefined) break;
        this.tell(
          deskEvent('OrderCancelled', {
            ...brokerOrder(order.intent.intentId, 'order', order.intent.instrument),
            filledQuantity: order.filled,
            reason: 'asked for',
          }),
        );
        break;
      }
      case 'bar':
        this.bar(
          one.instrument,
          new Decimal(price(one.instrument))
            .times(1 + one.move)
            .toDecimalPlaces(2)
            .toFixed(),
        );
        break;
    }
    return { authorized: null };
  }

  #fill(fill: Parameters<typeof orderFilled>[0]): void {
    const event = orderFilled({ ...fill, executedAt: fill.executedAt ?? instantText(this.now) });
    this.fills.push(event);
    this.tell(event);
  }
}

/** Cash as the executions that count say it, from nothing but them. */
function cashOf(start: string, book: AccountBook): Decimal {
  return Object.values(book.positions)
    .flatMap(({ layers }) => Object.values(layers))
    .flatMap((layer) => [
      ...counting(layer.opening).map((fill) => ({ ...fill, sign: layer.direction === 'long' ? -1 : 1 })),
      ...counting(layer.closing).map((fill) => ({ ...fill, sign: layer.direction === 'long' ? 1 : -1 })),
    ])
    .reduce(
      (cash, { quantity, price, sign }) => cash.plus(new Decimal(quantity).times(price).times(sign)),
      new Decimal(start),
    )
    .minus(book.fees);
}

describe('the gate over random days', () => {
  it('never authorizes what could take an instrument over its share, the account over its leverage, or a layer below nothing', () => {
    let authorized = 0;
    let additions = 0;
    let exits = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
        const desk = new Desk();
        for (const one of steps) {
          const { authorized: intent } = desk.run(one);
          if (intent === null) continue;
          authorized += 1;
          const { book } = desk;
          if (opens(intent)) {
            if (intent.purpose === 'pyramid') additions += 1;
            const value = equity(book);
            if (value === null) throw new Error('an intent was authorized without known equity');
            expect(worstExposure(book, intent.instrument)?.lte(value.times(POLICY.position.maximum))).toBe(
              true,
            );
            const gross = INSTRUMENTS.reduce(
              (total, name) => total.plus(worstExposure(book, name) ?? Number.NaN),
              new Decimal(0),
            );
            expect(gross.lte(value.times(POLICY.grossLeverage))).toBe(true);
            expect(book.trading.state).toBe('ACTIVE');
          } else {
            exits += 1;
            const layer = book.positions[intent.instrument]?.layers[intent.closes ?? ''];
            const closing = Object.values(book.orders)
              .filter((order) => isLive(order) && order.intent.closes === intent.closes)
              .reduce((total, order) => total.plus(remaining(order)), new Decimal(0));
            expect(layer !== undefined && closing.lte(layerQuantity(layer))).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
    // The days are not so poor that nothing was tried.
    expect(authorized).toBeGreaterThan(300);
    expect(additions).toBeGreaterThan(0);
    expect(exits).toBeGreaterThan(10);
  });

  it('keeps books that reconcile to the cent, and are the same in whatever order executions arrive', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 50 }),
        fc.infiniteStream(fc.nat()),
        (steps, random) => {
          const desk = new Desk();
          for (const one of steps) desk.run(one);
          const { book } = desk;
          expect(cents(new Decimal(book.cash ?? Number.NaN))).toBe(cents(cashOf('100000', book)));
          const value = valuation(book, 'fill', null);
          if (value === null) throw new Error('a book whose marks are known has a value');
          expect(cents(new Decimal(value.equity).plus(value.fees))).toBe(
            cents(new Decimal('100000').plus(value.realized).plus(value.unrealized)),
          );

          // The same executions once more, shuffled, on a book with the same orders authorized.
          const fresh: AccountBook = {
            ...book,
            cash: '100000',
            positions: {},
            orders: Object.fromEntries(
              Object.entries(book.orders).map(([id, order]) => [
                id,
                {
                  ...order,
                  filled: '0',
                  told: '0',
                  status: 'working' as const,
                  fillable: order.intent.quantity,
                },
              ]),
            ),
          };
          const opening = desk.fills.filter(({ data }) => data.role === 'order' && data.side === 'BUY');
          const rest = desk.fills.filter((event) => !opening.includes(event));
          const shuffled = (list: readonly DeskEvent<'OrderFilled'>[]) =>
            list
              .map((event) => ({ event, at: random.next().value ?? 0 }))
              .sort((a, b) => a.at - b.at)
              .map(({ event }) => event);
          const again = [...shuffled(opening), ...shuffled(rest)].reduce(
            (current, event) => fold(current, event).book,
            fresh,
          );
          const inOrder = [...opening, ...rest].reduce((current, event) => fold(current, event).book, fresh);
          expect(again.cash).toBe(inOrder.cash);
          expect(again.marks).toEqual(inOrder.marks);
          expect(valuation(again, 'fill', null)).toEqual(valuation(inOrder, 'fill', null));
          expect(again.cash).toBe(book.cash);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the drawdown breaker over random prices', () => {
  it('trips at the first mark at or below the limit, never before, and stays through serialisation', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 8_000, max: 13_000 }), { minLength: 1, maxLength: 40 }),
        (prices) => {
          const intent = intentOf({ quantity: '1000' });
          let book: AccountBook = {
            ...bookOf(),
            orders: {
              'I-1': {
                intent,
                correlationId: 'test',
                status: 'working',
                filled: '0',
                told: '0',
                fillable: '1000',
                worstPrice: '100',
              },
            },
          };
          book = fold(
            book,
            orderFilled({
              intentId: 'I-1',
              execId: 'e',
              quantity: '1000',
              price: '100',
              executedAt: instantText(NOW - SECOND),
            }),
          ).book;
          let highest = 10_000;
          let due = false;
          for (const [index, price] of prices.entries()) {
            const close = new Decimal(price).div(100).toFixed();
            book = fold(
              book,
              deskEvent('BarClosed', {
                instrument: 'AAPL',
                session: '2018-01-23',
                minutes: 1,
                openTime: instantText(NOW),
                closeTime: instantText(NOW + (index + 1) * SECOND),
                open: close,
                high: close,
                low: close,
                close,
                volume: null,
                source: 'test',
                modelled: true,
              }),
            ).book;
            const value = valuation(book, 'bar', 'AAPL');
            if (value === null) throw new Error('a marked book has a value');
            const tripped = trip(book, value, POLICY, NOW + index);
            book = JSON.parse(JSON.stringify(tripped.book)) as AccountBook;
            highest = Math.max(highest, price);
            // In whole cents and percents, without rounding: 20 × fall ≥ high is a fall of a twentieth.
            const before = due;
            due = due || 20 * (highest - price) >= highest;
            expect(book.trading.state === 'HALTED').toBe(due);
            expect(tripped.events.some(({ type }) => type === 'TradingHalted')).toBe(due && !before);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
