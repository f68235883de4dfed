import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { structureMargin } from '#core/analytics/options/margin.ts';
import { payoffAtExpiry, payoffProfile } from '#core/analytics/options/payoff.ts';
import type { OptionLeg, OptionStructure } from '#core/analytics/options/structure.ts';

const leg: fc.Arbitrary<OptionLeg> = fc.record({
  right: fc.constantFrom('call', 'put'),
  strike: fc.integer({ min: 10, max: 150 }),
  price: fc.integer({ min: 0, max: 400 }).map((ticks) => ticks / 20),
  volatility: fc.constant(0.2),
  years: fc.constant(0.5),
  quantity: fc.integer({ min: -3, max: 3 }).filter((count) => count !== 0),
});
const structure: fc.Arbitrary<OptionStructure> = fc.record({
  name: fc.constant('drawn'),
  multiplier: fc.constantFrom(1, 100),
  options: fc
    .tuple(leg, fc.array(leg, { maxLength: 4 }))
    .map(([first, others]) => [first, ...others] as const),
  stock: fc.option(
    fc.record({ quantity: fc.integer({ min: -200, max: 200 }), price: fc.integer({ min: 1, max: 150 }) }),
    { nil: null },
  ),
});
const profitAt = (drawn: OptionStructure, spot: number) => {
  const figure = payoffAtExpiry(drawn, spot);
  return figure.kind === 'value' ? figure.value : Number.NaN;
};
const SLACK = 1e-7;

describe('the payoff profile of any structure', () => {
  it('has extremes that no price exceeds, and that are reached where it says', () => {
    fc.assert(
      fc.property(
        structure,
        fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 20, maxLength: 40 }),
        (drawn, tenths) => {
          const profile = payoffProfile(drawn);
          if (profile.kind === 'not-closed') throw new Error(profile.reason);
          for (const [extreme, sign] of [
            [profile.maximumProfit, 1],
            [profile.maximumLoss, -1],
          ] as const) {
            if (extreme.kind === 'bounded') {
              for (const spot of tenths)
                expect(sign * profitAt(drawn, spot / 10)).toBeLessThanOrEqual(extreme.amount + SLACK);
              expect(Math.abs(sign * profitAt(drawn, extreme.at) - extreme.amount)).toBeLessThan(SLACK);
            } else expect(sign * profitAt(drawn, 1e7)).toBeGreaterThan(1e5);
          }
        },
      ),
      { seed: 31, numRuns: 300 },
    );
  });
  it('has break-evens that make nothing, and no change of sign between them', () => {
    fc.assert(
      fc.property(structure, (drawn) => {
        const profile = payoffProfile(drawn);
        if (profile.kind === 'not-closed') throw new Error(profile.reason);
        for (const spot of profile.breakEvens) expect(Math.abs(profitAt(drawn, spot))).toBeLessThan(SLACK);
        const ends = [0, ...profile.breakEvens, 1e6];
        for (const [index, end] of ends.slice(1).entries()) {
          const begin = ends[index]!;
          const inside = [0.01, 0.3, 0.5, 0.9].map((share) => profitAt(drawn, begin + share * (end - begin)));
          const signs = new Set(inside.filter((profit) => Math.abs(profit) > SLACK).map(Math.sign));
          expect(signs.size).toBeLessThanOrEqual(1);
        }
      }),
      { seed: 32, numRuns: 300 },
    );
  });
});

describe('the margin of options alone', () => {
  const options = structure.map((drawn) => ({ ...drawn, stock: null }));
  const marginOf = (drawn: OptionStructure, spot: number) => {
    const margin = structureMargin(drawn, spot);
    return margin.kind === 'value' ? margin.initial : Number.NaN;
  };
  it('is never negative, never more than without the bought ones, and covers a bounded loss or the uncovered sum', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 150 }), (drawn, spot) => {
        const margin = marginOf(drawn, spot);
        expect(margin).toBeGreaterThanOrEqual(0);
        const [first, ...rest] = drawn.options.filter((each) => each.quantity < 0);
        if (first === undefined) {
          expect(margin).toBe(0);
          return;
        }
        const uncovered = marginOf({ ...drawn, options: [first, ...rest] }, spot);
        expect(margin).toBeLessThanOrEqual(uncovered + SLACK);
        const profile = payoffProfile(drawn);
        if (profile.kind === 'not-closed' || profile.maximumLoss.kind === 'unbounded') return;
        const premium =
          drawn.multiplier * drawn.options.reduce((sum, each) => sum + each.quantity * each.price, 0);
        expect(margin + premium).toBeGreaterThanOrEqual(
          Math.min(profile.maximumLoss.amount, uncovered + premium) - SLACK,
        );
      }),
      { seed: 33, numRuns: 300 },
    );
  });
});
