import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeskEvent } from '#contracts/registry.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { fold, type LedgerEventType } from '#core/portfolio/ledger.ts';
import { layerQuantity, positionQuantity } from '#core/portfolio/position.ts';
import { imbalance } from '#core/simulation/account.ts';
import { ibkrTieredUsStocks } from '#core/simulation/commission.ts';
import { SimulatedBroker } from '#core/simulation/desk/simulated-broker.ts';
import { DEFAULT_FILL_ASSUMPTIONS } from '#core/simulation/orders.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import { bookOf, CLOSE, entryOf, exitOf, intentOf, NOW, withOrder } from '../../../../support/desk-events.ts';

const MINUTE = 60_000;
const cents = (minimum: number, maximum: number) =>
  fc.integer({ min: minimum * 100, max: maximum * 100 }).map((value) => value / 100);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('bar' as const),
      prices: fc.array(cents(85, 115), { minLength: 4, maxLength: 4 }),
      volume: fc.integer({ min: 0, max: 2_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      quantity: fc.integer({ min: 1, max: 200 }),
      limit: fc.option(cents(96, 110)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('exit' as const),
      layer: fc.nat(),
      quantity: fc.integer({ min: 1, max: 200 }),
      limit: fc.option(cents(90, 110)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      layer: fc.option(fc.nat()),
      stops: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('move' as const), layer: fc.nat(), to: cents(90, 99) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('session end' as const) }) },
);

describe('the simulated broker', () => {
  it('agrees with the book to the cent, never closes more than it opened, never takes more than its share', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        let now = NOW;
        let book: AccountBook = bookOf();
        let opened = 0;
        let taken = 0;
        const broker = new SimulatedBroker({
          instruments: [
            {
              instrument: instrumentOf('AAPL'),
              model: { ...DEFAULT_FILL_ASSUMPTIONS, tick: 0.01, lot: 1 },
              commission: ibkrTieredUsStocks(),
            },
          ],
          account: 'DU1',
          cash: new Decimal(100_000),
          onExecution: ({ quantity }) => {
            taken += quantity;
          },
        });
        const ids = new Set<string>();
        const hear = (facts: readonly JournalEntry[]) => {
          for (const { event } of facts) {
            expect(ids.has(event.metadata.id)).toBe(false);
            ids.add(event.metadata.id);
            book = fold(book, event as DeskEvent<LedgerEventType>).book;
          }
        };
        const layer = (index: number) => `I-${opened === 0 ? 0 : index % opened}`;
        const command = (entry: JournalEntry) => hear(broker.carryOut([entry], { book, halt: null }, now));
        const authorize = (intent: ReturnType<typeof intentOf>) => {
          book = withOrder(book, intent);
          command(entryOf('OrderAuthorized', { intent, policyVersion: 1, reserved: '0', checks: [] }));
        };
        const expiresAt = instantText(CLOSE + 10_000 * MINUTE);
        steps.forEach((one, index) => {
          switch (one.kind) {
            case 'bar': {
              const [open = 100, close = 100] = one.prices;
              const bar = {
                openTime: now,
                closeTime: now + MINUTE,
                open,
                high: Math.max(...one.prices),
                low: Math.min(...one.prices),
                close,
              };
              now += MINUTE;
              taken = 0;
              hear(
                broker.trade('AAPL', { ...bar, volume: one.volume, sessionStart: false, sessionEnd: false }),
              );
              expect(taken).toBeLessThanOrEqual(one.volume / 10);
              break;
            }
            case 'entry': {
              const price = one.limit === null ? {} : { limitPrice: one.limit.toFixed(2) };
              const type = one.limit === null ? ({ orderType: 'MKT', limitPrice: null } as const) : {};
              authorize(
                intentOf({
                  intentId: `I-${opened}`,
                  quantity: String(one.quantity),
                  expiresAt,
                  ...type,
                  ...price,
                }),
              );
              opened += 1;
              break;
            }
            case 'exit': {
              const type =
                one.limit === null ? {} : ({ orderType: 'LMT', limitPrice: one.limit.toFixed(2) } as const);
              authorize(
                exitOf(layer(one.layer), String(one.quantity), {
                  intentId: `X-${index}`,
                  expiresAt,
                  ...type,
                }),
              );
              break;
            }
            case 'cancel':
              command(
                entryOf('CancelAuthorized', {
                  requestId: `C-${index}`,
                  intentId: one.layer === null ? null : layer(one.layer),
                  includeStops: one.stops,
                  reason: 'test',
                }),
              );
              break;
            case 'move':
              command(
                entryOf('StopMoveAuthorized', {
                  requestId: `M-${index}`,
                  intentId: layer(one.layer),
                  instrument: 'AAPL',
                  from: '95',
                  to: one.to.toFixed(2),
                  reason: 'test',
                }),
              );
              break;
            case 'session end':
              hear(broker.endSession(now));
          }
          expect(book.cash).toBe(broker.books.cash.toString());
          expect(imbalance(broker.books).isZero()).toBe(true);
          const held = broker.books.positions.get('AAPL')?.quantity ?? new Decimal(0);
          expect(positionQuantity(book.positions['AAPL']).toString()).toBe(held.toString());
          for (const lot of Object.values(book.positions['AAPL']?.layers ?? {}))
            expect(layerQuantity(lot).gte(0)).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });
});
