import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';

const START = Date.UTC(2010, 0, 4, 21);
const HOUR = 3_600_000;
/** Marks some hours to some days apart; the last may be a ruin. */
const curves = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.double({ min: 0.5, max: 1.6, noNaN: true })), {
      maxLength: 120,
    }),
    fc.constantFrom<readonly number[]>([], [0], [-10]),
  )
  .map(([steps, ruin]) => {
    const time = [START];
    const equity = [1_000];
    for (const [hours, factor] of steps) {
      time.push(time.at(-1)! + hours * HOUR);
      equity.push(equity.at(-1)! * factor);
    }
    for (const mark of ruin) {
      time.push(time.at(-1)! + HOUR);
      equity.push(mark);
    }
    return { time: Float64Array.from(time), equity: Float64Array.from(equity) };
  });

function numbersIn(item: unknown): readonly number[] {
  if (typeof item === 'number') return [item];
  if (typeof item !== 'object' || item === null) return [];
  return Object.values(item).flatMap(numbersIn);
}

describe('the summary of any marks', () => {
  it('holds no number that is none, and survives JSON', () => {
    fc.assert(
      fc.property(curves, curves, (marks, benchmark) => {
        const summary = summarisePerformance({ marks, trades: [], fills: [] }, benchmark, { window: 10 });
        expect(numbersIn(summary).filter((number) => !Number.isFinite(number))).toEqual([]);
        expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
      }),
      { seed: 21, numRuns: 200 },
    );
  });
  it('has months and years that compound to the total return', () => {
    fc.assert(
      fc.property(curves, (marks) => {
        const { months, years, returns } = summarisePerformance({ marks }, undefined);
        // The first day may have several marks; calendar periods start at its last one.
        const days = new Set(Array.from(marks.time, (at) => Math.floor((at - 5 * HOUR) / (24 * HOUR))));
        if (returns.total.kind === 'undefined' || days.size < marks.time.length) return;
        for (const periods of [months, years]) {
          const compounded = periods.reduce((growth, period) => growth * (1 + period.return), 1) - 1;
          expect(compounded).toBeCloseTo(returns.total.value, 6);
        }
      }),
      { seed: 22, numRuns: 200 },
    );
  });
  it('of marks against themselves has a beta of 1, an alpha of 0 and no tracking error', () => {
    fc.assert(
      fc.property(curves, (marks) => {
        const { relative } = summarisePerformance({ marks }, marks);
        if (relative?.beta.kind !== 'value') return;
        expect(relative.beta.value).toBeCloseTo(1, 9);
        expect(relative.alpha).toEqual({ kind: 'value', value: expect.closeTo(0, 9) });
        expect(relative.trackingError).toEqual({ kind: 'value', value: 0 });
      }),
      { seed: 23, numRuns: 100 },
    );
  });
});
