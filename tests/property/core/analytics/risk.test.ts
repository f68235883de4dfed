import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correlationOf, sampleCovariance, semidefiniteFactor } from '#core/analytics/risk/covariance.ts';
import { ewmaVariance } from '#core/analytics/risk/ewma.ts';
import { regressOnFactors } from '#core/analytics/risk/factor-regression.ts';
import { ledoitWolfCovariance } from '#core/analytics/risk/ledoit-wolf.ts';
import { HISTORICAL_SCENARIOS } from '#core/analytics/risk/stress-scenarios.ts';
import { stressBook } from '#core/analytics/risk/stress-test.ts';
import { trafficLight } from '#core/analytics/risk/traffic-light.ts';
import { backtestValueAtRisk } from '#core/analytics/risk/value-at-risk-backtest.ts';

const item = fc.double({ min: -0.2, max: 0.2, noNaN: true });
const table = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 3, max: 30 }))
  .chain(([assets, rows]) =>
    fc.array(fc.array(item, { minLength: rows, maxLength: rows }), { minLength: assets, maxLength: assets }),
  )
  .map((columns) => columns.map((column) => Float64Array.from(column)));
/** How many columns. */
const size = (columns: readonly Float64Array[]) => columns.length;

describe('covariances', () => {
  it('always have a factor, however few the rows, and the factor makes them up', () => {
    fc.assert(
      fc.property(table, fc.constantFrom('sample', 'identity'), (columns, kind) => {
        const count = size(columns);
        const covariance =
          kind === 'sample' ? sampleCovariance(columns) : ledoitWolfCovariance(columns, kind).covariance;
        const lower = semidefiniteFactor(covariance, count);
        for (let i = 0; i < count; i++)
          for (let j = 0; j < count; j++) {
            let product = 0;
            for (let k = 0; k < count; k++) product += lower[i * count + k]! * lower[j * count + k]!;
            expect(Math.abs(product - covariance[i * count + j]!)).toBeLessThan(1e-6);
          }
      }),
      { seed: 21, numRuns: 200 },
    );
  });
  it('are shrunk between the sample and its target, the total variance kept', () => {
    fc.assert(
      fc.property(table, (columns) => {
        const [count, rows] = [size(columns), columns[0]!.length];
        const { covariance, intensity } = ledoitWolfCovariance(columns, 'identity');
        expect(intensity).toBeGreaterThanOrEqual(0);
        expect(intensity).toBeLessThanOrEqual(1);
        const trace = (matrix: Float64Array) =>
          matrix.reduce((sum, entry, at) => (at % (count + 1) === 0 ? sum + entry : sum), 0);
        expect(trace(covariance)).toBeCloseTo((trace(sampleCovariance(columns)) * (rows - 1)) / rows, 10);
      }),
      { seed: 22, numRuns: 200 },
    );
  });
  it('have correlations that scale does not change', () => {
    fc.assert(
      fc.property(table, fc.double({ min: 0.1, max: 50, noNaN: true }), (columns, factor) => {
        const covariance = sampleCovariance(columns);
        const moving = columns.every((_, index) => covariance[index * (size(columns) + 1)]! > 1e-8);
        fc.pre(moving);
        const scaled = sampleCovariance(columns.map((column) => column.map((entry) => entry * factor)));
        const [left, right] = [covariance, scaled].map((matrix) => correlationOf(matrix, size(columns)));
        left!.forEach((entry, at) => {
          expect(right![at]).toBeCloseTo(entry, 8);
          expect(Math.abs(entry)).toBeLessThanOrEqual(1);
        });
      }),
      { seed: 23, numRuns: 200 },
    );
  });
});

describe('exponentially weighted variance', () => {
  it('lies between the smallest and the largest square so far', () => {
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (items, decay) => {
          const squares = items.map((entry) => entry ** 2);
          ewmaVariance(Float64Array.from(items), { decay }).forEach((variance, at) => {
            const seen = squares.slice(0, at + 1);
            expect(variance).toBeGreaterThanOrEqual(Math.min(...seen) * (1 - 1e-12));
            expect(variance).toBeLessThanOrEqual(Math.max(...seen) * (1 + 1e-12));
          });
        },
      ),
      { seed: 24, numRuns: 200 },
    );
  });
});

describe('backtests', () => {
  it('have probabilities, and zones that only get worse with exceptions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.9, 0.95, 0.975, 0.99, 0.999),
        (hits, confidence) => {
          const tested = backtestValueAtRisk(
            Uint8Array.from(hits, (hit) => (hit ? 1 : 0)),
            confidence,
          );
          for (const test of [tested.unconditional, tested.independence, tested.conditional]) {
            if (test.kind === 'undefined') continue;
            expect(test.statistic).toBeGreaterThanOrEqual(0);
            expect(test.probability).toBeGreaterThanOrEqual(0);
            expect(test.probability).toBeLessThanOrEqual(1);
          }
          const order = ['green', 'yellow', 'red'];
          const light = trafficLight(tested.exceptions, hits.length, confidence);
          expect(light.cumulativeProbability).toBeGreaterThan(0);
          if (tested.exceptions < hits.length) {
            const next = trafficLight(tested.exceptions + 1, hits.length, confidence);
            expect(order.indexOf(next.zone)).toBeGreaterThanOrEqual(order.indexOf(light.zone));
          }
        },
      ),
      { seed: 25, numRuns: 300 },
    );
  });
});

describe('factor regressions', () => {
  it('leave residuals that no factor explains, and know a line again', () => {
    const series = fc.array(item, { minLength: 40, maxLength: 40 }).map((items) => Float64Array.from(items));
    fc.assert(
      fc.property(series, series, series, item, (noise, first, second, slope) => {
        const returns = noise.map((entry, at) => entry + slope * first[at]!);
        const factors = [
          { name: 'first', returns: first },
          { name: 'second', returns: second },
        ];
        const covariance = sampleCovariance([first, second]);
        const determinant = covariance[0]! * covariance[3]! - covariance[1]! ** 2;
        fc.pre(determinant > 1e-3 * covariance[0]! * covariance[3]! && determinant > 1e-8);
        const { residuals, loadings, alpha } = regressOnFactors(returns, factors);
        for (const column of [first, second, new Float64Array(40).fill(1)]) {
          const product = residuals.reduce((sum, entry, at) => sum + entry * column[at]!, 0);
          expect(Math.abs(product)).toBeLessThan(1e-12);
        }
        const line = returns.map((_, at) => 0.01 + 2 * first[at]! - 3 * second[at]!);
        const known = regressOnFactors(line, factors);
        expect(known.alpha.estimate).toBeCloseTo(0.01, 9);
        expect(known.loadings[0]!.estimate).toBeCloseTo(2, 8);
        expect(known.loadings[1]!.estimate).toBeCloseTo(-3, 8);
        for (const { standardError } of [alpha, ...loadings]) expect(standardError).toBeGreaterThanOrEqual(0);
      }),
      { seed: 26, numRuns: 100 },
    );
  });
});

describe('stress', () => {
  it('is linear in the book: twice the book is twice the profit, and a book less itself is nothing', () => {
    const position = fc.record({
      instrument: fc.constantFrom('A', 'B', 'C'),
      value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      sensitivities: fc.record({ equity: item, impliedVolatility: item, treasuryYield: item }),
    });
    fc.assert(
      fc.property(fc.array(position, { maxLength: 5 }), (book) => {
        const profits = (positions: typeof book) =>
          stressBook(positions, HISTORICAL_SCENARIOS, 1000).map(({ profit }) =>
            profit.kind === 'value' ? profit.value : Number.NaN,
          );
        const turned = book.map((entry) => ({ ...entry, value: -entry.value }));
        const once = profits(book);
        profits([...book, ...book]).forEach((profit, at) => {
          expect(profit).toBeCloseTo(2 * once[at]!, 6);
        });
        for (const profit of profits([...book, ...turned])) expect(profit).toBeCloseTo(0, 6);
      }),
      { seed: 27, numRuns: 100 },
    );
  });
});
