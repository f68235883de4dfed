import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedRatioSize } from '#core/analytics/sizing/fixed-ratio.ts';
import {
  kellyExposureSize,
  kellyFromMoments,
  kellyFromWinRate,
  kellyRiskSize,
} from '#core/analytics/sizing/kelly.ts';
import type { PositionSize, SizingContext } from '#core/analytics/sizing/position-size.ts';
import { type LayeringPlan, turtleUnit } from '#core/analytics/sizing/pyramiding-plans.ts';
import { type LayeredPosition, layeringStep } from '#core/analytics/sizing/pyramiding-step.ts';
import { averageTrueRangeSize, volatilityTargetSize } from '#core/analytics/sizing/volatility-sizing.ts';

const even = (min: number, max: number) =>
  fc.integer({ min: 0, max: 100_000 }).map((share) => min + ((max - min) * share) / 100_000);
const context: fc.Arbitrary<SizingContext> = fc.record({
  equity: even(-1_000, 1e6),
  price: even(0.5, 500),
  multiplier: fc.constantFrom(1, 50, 100_000),
  lot: fc.constantFrom(0.00001, 0.1, 1, 100),
  caps: fc.record({ exposure: even(0, 4), units: fc.oneof(even(0, 5_000), fc.constant(Infinity)) }),
});
const size: fc.Arbitrary<{ given: SizingContext; found: PositionSize }> = fc
  .record({ given: context, a: even(0.001, 1), b: even(0.01, 3), method: fc.nat(5) })
  .map(({ given, a, b, method }) => {
    const kelly = { fraction: a, cap: b };
    const methods = [
      () => volatilityTargetSize(given, a, b),
      () => averageTrueRangeSize(given, a, b, 2),
      () => kellyRiskSize(given, kellyFromWinRate(a, b), kelly, b),
      () => kellyExposureSize(given, kellyFromMoments(a - 0.3, b), kelly),
      () => fixedRatioSize(given, 1e5 * a, 1_000 * b, 100 * given.lot),
      () => turtleUnit(given, b).size,
    ];
    return { given, found: (methods[method] ?? methods[0]!)() };
  });
/** Of the last digit. */
const SLACK = 1 + 1e-12;

describe('every sizing method', () => {
  it('stays within its caps and in whole lots', () => {
    fc.assert(
      fc.property(size, ({ given, found }) => {
        if (found.kind === 'none') return;
        const { equity, price, multiplier, lot, caps } = given;
        expect(found.units).toBeGreaterThan(0);
        expect(found.units).toBeLessThanOrEqual(caps.units);
        expect(found.units * price * multiplier).toBeLessThanOrEqual(equity * caps.exposure * SLACK);
        expect(Math.abs(found.units / lot - Math.round(found.units / lot))).toBeLessThan(1e-6);
      }),
      { seed: 41, numRuns: 2_000 },
    );
  });
});

describe('a pyramid along any path', () => {
  const plan: fc.Arbitrary<LayeringPlan> = fc.record({
    maxLayers: fc.integer({ min: 1, max: 5 }),
    stepR: even(0.1, 1),
    sizeFactor: even(0.2, 1),
    trailR: even(0.3, 2),
    volatility: fc.constantFrom('initial', 'current'),
  });
  it('keeps layers, exposure, units and risk within limits, layers not growing and stops not moving back', () => {
    let added = 0;
    fc.assert(
      fc.property(
        plan,
        fc.record({ layers: fc.integer({ min: 1, max: 6 }), risk: even(0.001, 0.05) }),
        fc.record({ exposure: even(0.1, 3), units: fc.oneof(even(100, 3_000), fc.constant(Infinity)) }),
        fc.constantFrom('long', 'short'),
        fc.array(fc.record({ move: even(-1, 2.5), volatility: even(0.5, 4) }), {
          minLength: 20,
          maxLength: 60,
        }),
        (drawn, limits, caps, direction, path) => {
          const sign = direction === 'long' ? 1 : -1;
          const equity = 1e6;
          const first = { units: 500, price: 300, stop: 300 - sign * 4 };
          let position: LayeredPosition = {
            direction,
            layers: [first],
            initialRisk: 4,
            initialVolatility: 2,
          };
          let price = 300;
          for (const { move, volatility } of path) {
            price += sign * move;
            const given = { equity, price, multiplier: 1, lot: 1, caps };
            const step = layeringStep(drawn, position, given, limits, volatility);
            const held = position.layers.map((each, index) => {
              const stop = step.stops[index] ?? Number.NaN;
              expect(sign * (stop - each.stop)).toBeGreaterThanOrEqual(0);
              return { ...each, stop };
            });
            const newest = held.at(-1) ?? first;
            position = { ...position, layers: [held[0] ?? first, ...held.slice(1)] };
            if (step.add === null) {
              expect(step.reason).not.toBeNull();
              continue;
            }
            added += 1;
            expect(step.add.units).toBeLessThanOrEqual(newest.units);
            expect(sign * (price - step.add.stop)).toBeGreaterThan(0);
            const layers = [...held, { ...step.add, price }];
            expect(layers.length).toBeLessThanOrEqual(Math.min(drawn.maxLayers, limits.layers));
            const units = layers.reduce((sum, each) => sum + each.units, 0);
            expect(units).toBeLessThanOrEqual(caps.units);
            expect(units * price).toBeLessThanOrEqual(equity * caps.exposure * SLACK);
            const risk = layers.reduce((sum, each) => sum + each.units * sign * (price - each.stop), 0);
            expect(risk).toBeLessThanOrEqual(equity * limits.risk * SLACK);
            position = { ...position, layers: [held[0] ?? first, ...layers.slice(1)] };
          }
        },
      ),
      { seed: 42, numRuns: 500 },
    );
    expect(added).toBeGreaterThan(300);
  });
});
