import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instrumentOf } from '#core/market/catalog.ts';
import { ibkrFixedUsStocks, ibkrTieredUsStocks } from '#core/simulation/commission.ts';
import { fixedUsStocks, tieredUsStocks } from '#core/simulation/engine/commission-columns.ts';
import type { OrderRequest } from '#core/simulation/engine/order.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { maintenance } from '#core/simulation/engine/simulated-account.ts';
import { positionRequirement, REGULATION_T } from '#core/simulation/margin.ts';
import { Decimal } from '#core/values/decimal.ts';
import { dailyBars, type PriceRow } from '../../../../support/simulated-bars.ts';

const price = fc.integer({ min: 2_000, max: 20_000 }).map((ticks) => ticks / 100);
const row = fc
  .tuple(price, price, price, price, fc.integer({ min: 0, max: 5_000 }))
  .map(([a, b, c, d, volume]): PriceRow => [a, Math.max(a, b, c, d), Math.min(a, b, c, d), d, volume]);
const order: fc.Arbitrary<OrderRequest> = fc.record({
  instrument: fc.constantFrom(0, 1),
  side: fc.constantFrom('buy', 'sell'),
  quantity: fc.integer({ min: 1, max: 900 }),
  type: fc.constantFrom('MKT', 'LMT', 'STP', 'STP LMT', 'TRAIL', 'MOC', 'LOC', 'MOO', 'LOO'),
  timeInForce: fc.constantFrom('DAY', 'GTC', 'IOC', 'FOK'),
  limitPrice: price,
  stopPrice: price,
  trailAmount: fc.constantFrom(1, 5),
  group: fc.constantFrom(0, 0, 1, 2),
});

test('cash is what the executions and the interest say, to the cent, after every mark, whatever was ordered', () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 12, maxLength: 12 }),
      fc.array(row, { minLength: 12, maxLength: 12 }),
      fc.array(fc.array(order, { maxLength: 3 }), { minLength: 12, maxLength: 12 }),
      (first, second, orders) => {
        const result = simulate(
          {
            name: 'random',
            parameters: {},
            start: () => (c) => {
              for (const one of orders[c.index] ?? []) c.submit(one);
            },
          },
          [
            { instrument: instrumentOf('SPY'), bars: dailyBars(first) },
            { instrument: instrumentOf('QQQ'), bars: dailyBars(second, 'QQQ') },
          ],
          { cash: 50_000, maximumLeverage: 2, borrowRate: 0, debitRate: 0 },
        );
        let cash = new Decimal(50_000);
        const held = new Map([
          ['SPY', 0],
          ['QQQ', 0],
        ]);
        let next = 0;
        result.marks.time.forEach((time, i) => {
          for (
            let fill = result.fills[next];
            fill !== undefined && fill.time <= time;
            fill = result.fills[++next]
          ) {
            const sign = fill.side === 'buy' ? 1 : -1;
            cash = cash.minus(new Decimal(fill.price).times(fill.quantity).times(sign)).minus(fill.fee);
            held.set(fill.instrument, (held.get(fill.instrument) ?? 0) + sign * fill.quantity);
          }
          const value =
            (held.get('SPY') ?? 0) * (first[i]?.[3] ?? 0) + (held.get('QQQ') ?? 0) * (second[i]?.[3] ?? 0);
          expect(result.marks.cash[i]).toBeCloseTo(cash.toNumber(), 4);
          expect(result.marks.equity[i]).toBeCloseTo(cash.toNumber() + value, 4);
        });
        expect(next).toBe(result.fills.length);
        for (const one of result.orders) expect(one.filled).toBeLessThanOrEqual(one.quantity);
        const profit = result.trades.reduce((sum, trade) => sum + trade.profit, 0);
        expect(50_000 + profit).toBeCloseTo(result.marks.equity.at(-1) ?? Number.NaN, 4);
      },
    ),
    { numRuns: 150, seed: 20180205 },
  );
});

test('float commissions and margin agree with their exact forms', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('buy', 'sell'),
      fc.integer({ min: 1, max: 5_000_000 }),
      price,
      fc.integer({ min: 0, max: 120_000_000 }),
      (side, quantity, at, monthlyQuantity) => {
        const executions = {
          side,
          quantity: new Decimal(quantity),
          value: new Decimal(at).times(quantity),
          monthlyQuantity: new Decimal(monthlyQuantity),
        };
        const pairs = [
          [tieredUsStocks(), ibkrTieredUsStocks()],
          [fixedUsStocks(), ibkrFixedUsStocks()],
        ] as const;
        for (const [float, exact] of pairs) {
          const expected = exact(executions).toNumber();
          const off = float(side, quantity, at * quantity, monthlyQuantity) / expected - 1;
          expect(Math.abs(off)).toBeLessThan(1e-9);
        }
        const units = side === 'buy' ? quantity : -quantity;
        const position = { instrument: 'SPY', quantity: new Decimal(units), multiplier: new Decimal(1) };
        const [, required] = positionRequirement(position, new Decimal(at));
        expect(maintenance(units, at, REGULATION_T) / required.toNumber()).toBeCloseTo(1, 9);
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});
