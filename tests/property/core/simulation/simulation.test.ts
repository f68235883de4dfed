import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BookedFill, bookFill, equityOf, imbalance, openBooks } from '#core/simulation/account.ts';
import { chargeFor, ibkrFixedUsStocks, ibkrTieredUsStocks } from '#core/simulation/commission.ts';
import { onGrid } from '#core/simulation/grid.ts';
import { barLiquidity, MATCH_PHASES, matchOrder, matchResult } from '#core/simulation/matching.ts';
import {
  DEFAULT_FILL_ASSUMPTIONS,
  type FillModel,
  type MatchableOrder,
  type MatchBar,
} from '#core/simulation/orders.ts';
import { Decimal } from '#core/values/decimal.ts';

const cents = (minimum: number, maximum: number) =>
  fc.integer({ min: minimum, max: maximum }).map((value) => value / 100);
const side = fc.constantFrom('buy' as const, 'sell' as const);

const bar: fc.Arbitrary<MatchBar> = fc
  .record({
    prices: fc.tuple(
      cents(100, 50_000),
      cents(0, 500),
      cents(0, 90),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    ),
    volume: fc.oneof(fc.integer({ min: 0, max: 1_000_000 }), fc.constant(Number.NaN)),
    sessionStart: fc.boolean(),
    sessionEnd: fc.boolean(),
  })
  .map(({ prices: [base, up, down, first, last], ...rest }) => {
    const high = base + up;
    const low = base - down;
    return { open: low + (high - low) * first, high, low, close: low + (high - low) * last, ...rest };
  });

const order: fc.Arbitrary<MatchableOrder> = fc.record({
  side,
  type: fc.constantFrom('MKT', 'LMT', 'STP', 'STP LMT', 'TRAIL', 'MOC', 'LOC', 'MOO', 'LOO'),
  timeInForce: fc.constantFrom('DAY', 'GTC', 'IOC', 'FOK', 'OPG'),
  limitPrice: cents(100, 60_000),
  stopPrice: cents(100, 60_000),
  trailAmount: cents(1, 500),
  trailPercent: fc.constant(Number.NaN),
  triggered: fc.constant(false),
});
const model: FillModel = { ...DEFAULT_FILL_ASSUMPTIONS, tick: 0.01, lot: 1 };
const hasLimit = (subject: MatchableOrder) => ['LMT', 'STP LMT', 'LOC', 'LOO'].includes(subject.type);

describe('the fill model', () => {
  it('never exceeds the wanted quantity, the bar or a limit, and stays on tick and lot', () => {
    fc.assert(
      fc.property(
        order,
        bar,
        fc.integer({ min: 1, max: 100_000 }),
        fc.constantFrom('open' as const, 'inside' as const),
        (subject, on, wanted, arrival) => {
          const from = barLiquidity(on, model);
          const out = matchResult();
          let left = wanted;
          for (const phase of MATCH_PHASES) {
            matchOrder(subject, left, on, phase, arrival, from, model, out);
            left -= out.quantity;
            expect(out.quantity).toBeGreaterThanOrEqual(0);
            if (out.quantity > 0) {
              expect(onGrid(out.price, model.tick)).toBe(true);
              expect(Number.isInteger(out.quantity)).toBe(true);
              if (hasLimit(subject)) {
                const excess =
                  subject.side === 'buy' ? out.price - subject.limitPrice : subject.limitPrice - out.price;
                expect(excess).toBeLessThanOrEqual(1e-9);
              } else {
                const reach = subject.side === 'buy' ? out.price - on.low : on.high - out.price;
                expect(reach).toBeGreaterThanOrEqual(0);
              }
            }
            if (out.cancelRest) break;
          }
          expect(left).toBeGreaterThanOrEqual(0);
          expect(from.taken).toBeLessThanOrEqual(from.capacity);
          expect(from.capacity).toBeLessThanOrEqual((Number.isNaN(on.volume) ? 0 : on.volume) * 0.1 + 1e-9);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never fills a stop better than the market that elected it', () => {
    fc.assert(
      fc.property(side, cents(100, 50_000), bar, (stopSide, stopPrice, on) => {
        const subject: MatchableOrder = {
          side: stopSide,
          type: 'STP',
          timeInForce: 'GTC',
          limitPrice: Number.NaN,
          stopPrice,
          trailAmount: Number.NaN,
          trailPercent: Number.NaN,
          triggered: false,
        };
        const from = barLiquidity(on, model);
        const out = matchResult();
        for (const phase of ['open', 'stops'] as const) {
          matchOrder(subject, 1, on, phase, 'open', from, model, out);
          if (out.quantity === 0) continue;
          if (stopSide === 'sell')
            expect(out.price).toBeLessThan(Math.min(stopPrice, Math.max(on.open, stopPrice)) + 1e-9);
          else expect(out.price).toBeGreaterThan(Math.max(stopPrice, Math.min(on.open, stopPrice)) - 1e-9);
          return;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same fills for the same inputs', () => {
    fc.assert(
      fc.property(order, bar, fc.integer({ min: 1, max: 10_000 }), (subject, on, wanted) => {
        const run = () => {
          const copy = { ...subject };
          const from = barLiquidity(on, model);
          return MATCH_PHASES.map((phase) => {
            const out = matchResult();
            matchOrder(copy, wanted, on, phase, 'open', from, model, out);
            return { ...out };
          });
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 100 },
    );
  });
});

const fill: fc.Arbitrary<BookedFill> = fc.record({
  instrument: fc.constantFrom('AAPL', 'MSFT'),
  side,
  quantity: fc.integer({ min: 1, max: 5_000 }).map((value) => new Decimal(value)),
  price: fc.integer({ min: 1, max: 100_000 }).map((value) => new Decimal(value).div(100)),
  multiplier: fc.constant(new Decimal(1)),
  fee: fc.integer({ min: 0, max: 5_000 }).map((value) => new Decimal(value).div(100)),
});

describe('the books', () => {
  it('balance after every fill, and equity moves by the fee alone when a fill is marked at its own price', () => {
    fc.assert(
      fc.property(fc.array(fill, { minLength: 1, maxLength: 40 }), (fills) => {
        let books = openBooks(new Decimal(1_000_000));
        const marks = new Map<string, Decimal>();
        for (const each of fills) {
          marks.set(each.instrument, each.price);
          const mark = (id: string) => marks.get(id) ?? null;
          const before = equityOf(books, mark) as Decimal;
          ({ books } = bookFill(books, each));
          expect(imbalance(books).isZero()).toBe(true);
          expect((equityOf(books, mark) as Decimal).minus(before).plus(each.fee).isZero()).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('realise, once flat, exactly what cash gained', () => {
    fc.assert(
      fc.property(fc.array(fill, { minLength: 1, maxLength: 20 }), (fills) => {
        let books = openBooks(new Decimal(0));
        let realised = new Decimal(0);
        for (const each of fills) {
          const booking = bookFill(books, each);
          books = booking.books;
          realised = realised.plus(booking.realisedNet ?? 0);
        }
        for (const [instrument, held] of [...books.positions]) {
          const booking = bookFill(books, {
            instrument,
            side: held.quantity.isNegative() ? 'buy' : 'sell',
            quantity: held.quantity.abs(),
            price: new Decimal(50),
            multiplier: new Decimal(1),
            fee: new Decimal(1),
          });
          books = booking.books;
          realised = realised.plus(booking.realisedNet ?? 0);
        }
        expect(realised.minus(books.cash).toDecimalPlaces(15).isZero()).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('commissions', () => {
  it('cost the same however an order is sliced into fills', () => {
    const schedules = [ibkrFixedUsStocks(), ibkrTieredUsStocks()];
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 10 }),
        cents(100, 50_000),
        side,
        (slices, price, which) => {
          for (const schedule of schedules) {
            let charged = new Decimal(0);
            let quantity = new Decimal(0);
            const executions = () => ({
              side: which,
              quantity,
              value: quantity.times(price),
              monthlyQuantity: new Decimal(0),
            });
            for (const slice of slices) {
              quantity = quantity.plus(slice);
              charged = charged.plus(chargeFor(schedule, executions(), charged));
            }
            expect(charged.toString()).toBe(
              schedule(executions()).toDecimalPlaces(2, Decimal.ROUND_HALF_EVEN).toString(),
            );
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
