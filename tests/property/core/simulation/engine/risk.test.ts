import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instrumentOf } from '#core/market/catalog.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import type { OrderRequest } from '#core/simulation/engine/order.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { dailyBars, type PriceRow } from '../../../../support/simulated-bars.ts';

const PLAN = { maxLayers: 4, stepR: 0.05, sizeFactor: 0.8, trailR: 0.5 };
const WARM = 22;
const LIVE = 24;
const BARS = WARM + LIVE + 6;
/** Moves stay inside the collar that reservations are made at: beyond it the gate promises nothing. */
const move = fc.integer({ min: -400, max: 400 }).map((points) => points / 10_000);
const path = fc.tuple(
  fc.constantFrom(-0.03, -0.01, 0, 0.01, 0.02),
  fc.array(fc.tuple(move, move, fc.integer({ min: 20_000, max: 400_000 })), {
    minLength: LIVE,
    maxLength: LIVE,
  }),
);
const cents = (price: number) => Math.max(0.05, Math.round(price * 100) / 100);

function barsOf([drift, moves]: readonly [
  number,
  readonly (readonly [number, number, number])[],
]): PriceRow[] {
  const rows: PriceRow[] = Array.from({ length: WARM }, (_, i) => {
    const price = i % 2 === 0 ? 100 : 100.1;
    return [price, price, price, price, 300_000];
  });
  let last = 100;
  for (let i = 0; i < LIVE + 6; i++) {
    const [gap, day, volume] = moves[i] ?? [0, 0, 400_000];
    const trend = i < LIVE ? drift : 0;
    const open = cents(last * (1 + gap / 2 + trend));
    const close = cents(open * (1 + day / 2 + trend));
    rows.push([open, Math.max(open, close), Math.min(open, close), close, volume]);
    last = close;
  }
  return rows;
}

const price = fc.integer({ min: 2_000, max: 16_000 }).map((ticks) => ticks / 100);
const order = fc.record(
  {
    instrument: fc.constantFrom(0, 1),
    side: fc.constantFrom('buy', 'buy', 'sell'),
    quantity: fc.integer({ min: 1, max: 400 }),
    type: fc.constantFrom('MKT', 'MKT', 'LMT', 'STP', 'MOC', 'LOC', 'TRAIL', 'MOO'),
    timeInForce: fc.constantFrom('DAY', 'GTC', 'IOC'),
    limitPrice: price,
    stopPrice: price,
    trailAmount: fc.constantFrom(1, 5),
    protectiveStop: fc.constantFrom(20, 60, 80, 90, 140),
    probabilityOfProfit: fc.constantFrom(0.6, 0.9, 0.3),
    pyramiding: fc.constant(PLAN),
    group: fc.constantFrom(0, 0, 1),
  },
  { requiredKeys: ['instrument', 'side', 'quantity', 'type', 'limitPrice', 'stopPrice', 'trailAmount'] },
) as fc.Arbitrary<OrderRequest>;
const step = fc.record({
  orders: fc.array(order, { maxLength: 3 }),
  steady: fc.boolean(),
  cancel: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
  close: fc.boolean(),
});

interface Stop {
  readonly from: number;
  /** When trading was resumed; infinite where it never was. */
  to: number;
  halted: boolean;
}

/** When trading was stopped, and until when. */
function stopsOf(incidents: readonly { readonly kind: string; readonly time: number }[]): readonly Stop[] {
  const stops: Stop[] = [];
  for (const { kind, time } of incidents) {
    const open = stops.find(({ to }) => to === Number.POSITIVE_INFINITY);
    if (kind === 'resumed' && open !== undefined) open.to = time;
    if (kind !== 'reducing' && kind !== 'halted') continue;
    if (open === undefined)
      stops.push({ from: time, to: Number.POSITIVE_INFINITY, halted: kind === 'halted' });
    else open.halted ||= kind === 'halted';
  }
  return stops;
}

test('no limit on positions or drawdown is passed, whatever a strategy asks', () => {
  const seen = { fills: 0, pyramids: 0, halts: 0, refusals: 0, resumptions: 0 };
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.constantFrom(null, 1, 4),
      path,
      path,
      fc.array(step, { minLength: LIVE, maxLength: LIVE }),
      (bold, resumeAfter, first, second, steps) => {
        const policy = { ...DEFAULT_RISK_POLICY, shortSelling: false, sector: 0.3, expectedSlippage: 0.05 };
        const result = simulate(
          {
            name: 'random',
            parameters: {},
            start: () => (c) => {
              const now = steps[c.index - WARM + 1];
              if (now === undefined) return;
              const steady: OrderRequest = {
                side: 'buy',
                quantity: bold ? 240 : 120,
                type: 'MKT',
                protectiveStop: bold ? 20 : 70,
                pyramiding: PLAN,
                probabilityOfProfit: 0.9,
              };
              for (const one of now.steady ? [steady, { ...steady, instrument: 1 }] : now.orders) {
                const id = c.submit(one);
                if (now.close) c.submit({ ...one, side: 'sell', parent: id, group: -id });
              }
              if (now.cancel !== null && now.cancel <= 3 * c.index) {
                try {
                  c.cancel(now.cancel);
                } catch {
                  // There may be no order with that id yet.
                }
              }
            },
          },
          [
            { instrument: instrumentOf('SPY'), bars: dailyBars(barsOf(first)) },
            { instrument: instrumentOf('QQQ'), bars: dailyBars(barsOf(second), 'QQQ') },
          ],
          { cash: 100_000, risk: policy, resumeAfter, maximumLeverage: 4 },
        );
        const equityAt = new Map(
          Array.from(result.marks.time, (time, i) => [time, result.marks.equity[i] as number]),
        );
        const stops = stopsOf(result.incidents);
        const held = new Map([
          ['SPY', 0],
          ['QQQ', 0],
        ]);
        for (const fill of result.fills) {
          const before = held.get(fill.instrument) ?? 0;
          const after = before + (fill.side === 'buy' ? fill.quantity : -fill.quantity);
          held.set(fill.instrument, after);
          expect(after).toBeGreaterThanOrEqual(0);
          if (after <= before) continue;
          const decidedAt = result.orders[fill.orderId - 1]?.submittedAt ?? Number.NaN;
          const equity = equityAt.get(decidedAt) ?? Number.NaN;
          expect(after * fill.price).toBeLessThanOrEqual(policy.position.maximum * equity);
          for (const { from, to } of stops) {
            expect(decidedAt < from || decidedAt >= to).toBe(true);
            expect(fill.time <= from || fill.time > to).toBe(true);
          }
          if (before > 0 && decidedAt < fill.time) seen.pyramids++;
        }
        for (const { to, halted } of stops) {
          const until = to === Number.POSITIVE_INFINITY ? BARS - 1 : result.marks.time.indexOf(to);
          if (until < BARS - 1) seen.resumptions++;
          if (!halted) continue;
          seen.halts++;
          expect(result.marks.grossExposure[until]).toBe(0);
        }
        seen.fills += result.fills.length;
        seen.refusals += Object.values(result.refusals).reduce((sum, count) => sum + count, 0);
      },
    ),
    { numRuns: 100, seed: 20180205 },
  );
  // What never happens in the runs cannot have been tested by them.
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(10);
});
