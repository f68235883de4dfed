import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderPlanned, stopMovePlanned } from '#contracts/events/orders.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { mayPyramid, planPyramiding } from '#core/risk/pyramiding.ts';
import { longPosition, newYorkSession, portfolio } from '../../../support/agent-context.ts';

const session = newYorkSession('2018-01-23');
const cents = (least: number, most: number) =>
  fc.integer({ min: least * 100, max: most * 100 }).map((value) => (value / 100).toFixed(2));

/** A walk of marks over a position that starts at 100; what is planned is filled at the mark, stops are moved. */
describe('planPyramiding along any path of prices', () => {
  it('only ever shrinks layers, raises stops and stays within the cap', () => {
    fc.assert(
      fc.property(
        fc.array(cents(80, 160), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 2500 }),
        cents(1, 8),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.double({ min: 0.1, max: 2, noNaN: true }),
        (marks, quantity, initialRisk, sizeFactor, trailR) => {
          const equity = 1_000_000;
          const start = longPosition('AAPL', String(quantity), '100', {
            initialRisk,
            plan: { maxLayers: 5, stepR: 0.5, sizeFactor, trailR },
          });
          let layers = start.layers.map((layer) => ({ ...layer, stop: '92.00' as string | null }));
          for (const mark of marks) {
            const held = layers.reduce((sum, layer) => sum + Number(layer.quantity), 0);
            const account = portfolio({
              equity: String(equity),
              grossExposure: String((held * Number(mark)).toFixed(2)),
              positions: [{ ...start, quantity: String(held), mark, layers }],
            });
            const options = {
              now: session.open + 60_000,
              session: session.date,
              sessionClose: session.close,
              instrument: findInstrument,
              expectedVolume: () => 1e7,
            };
            const { intents, stopMoves } = planPyramiding(account, DEFAULT_RISK_POLICY, options);
            if (!mayPyramid(account, options)) expect([...intents, ...stopMoves]).toEqual([]);
            for (const move of stopMoves) {
              expect(stopMovePlanned.safeParse({ ...move, requestId: 'r' }).success).toBe(true);
              expect(Number(move.to)).toBeGreaterThan(Number(move.from));
              expect(Number(move.to)).toBeLessThan(Number(mark));
            }
            layers = layers.map((layer) => ({
              ...layer,
              stop: stopMoves.find((move) => move.intentId === layer.intentId)?.to ?? layer.stop,
            }));
            expect(intents.length).toBeLessThanOrEqual(1);
            for (const intent of intents) {
              expect(orderPlanned.safeParse({ intent }).success).toBe(true);
              expect(Number(intent.quantity)).toBeLessThan(Number(layers.at(-1)?.quantity));
              expect((held + Number(intent.quantity)) * Number(mark)).toBeLessThanOrEqual(0.3 * equity);
              expect(layers.every((layer) => layer.intentId !== intent.intentId)).toBe(true);
              layers.push({
                intentId: intent.intentId,
                positionId: intent.positionId,
                quantity: intent.quantity,
                averagePrice: mark,
                stop: intent.protectiveStop,
                openedAt: new Date(Date.parse('2018-01-23T15:00:00Z') + layers.length * 60_000).toISOString(),
              });
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
