import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maximumDrawdown } from '#core/analytics/performance/drawdowns.ts';
import { simpleReturns } from '#core/analytics/performance/equity-curve.ts';
import { annualVolatility, compoundAnnualGrowth, sharpeRatio } from '#core/analytics/performance/ratios.ts';
import {
  historicalConditionalValueAtRisk,
  historicalValueAtRisk,
} from '#core/analytics/performance/tail-risk.ts';
import type { Figure } from '#core/analytics/series.ts';

const marks = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 40, maxLength: 80 });
const curveOf = (equity: readonly number[]) => ({
  time: Float64Array.from(equity, (_, index) => index * 86_400_000),
  equity: Float64Array.from(equity),
});
const near = (left: Figure, right: Figure) => {
  expect(left.kind).toBe(right.kind);
  if (left.kind === 'value' && right.kind === 'value')
    expect(Math.abs(left.value - right.value)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(right.value)));
};

describe('performance figures', () => {
  it('do not depend on the size of the account', () => {
    fc.assert(
      fc.property(marks, fc.constantFrom(0.25, 3, 1000), (equity, factor) => {
        const [small, large] = [curveOf(equity), curveOf(equity.map((mark) => mark * factor))];
        const [left, right] = [simpleReturns(small.equity), simpleReturns(large.equity)];
        near(compoundAnnualGrowth(small), compoundAnnualGrowth(large));
        near(sharpeRatio(left, 0, 252), sharpeRatio(right, 0, 252));
        near(historicalValueAtRisk(left, 0.95), historicalValueAtRisk(right, 0.95));
        expect(maximumDrawdown(small)?.troughTime).toBe(maximumDrawdown(large)?.troughTime);
      }),
      { seed: 11, numRuns: 100 },
    );
  });
  it('turn the Sharpe ratio and keep the volatility when every return changes its sign', () => {
    fc.assert(
      fc.property(marks, (equity) => {
        const returns = simpleReturns(Float64Array.from(equity));
        const turned = returns.map((item) => -item);
        near(annualVolatility(turned, 252), annualVolatility(returns, 252));
        const sharpe = sharpeRatio(returns, 0, 252);
        near(
          sharpeRatio(turned, 0, 252),
          sharpe.kind === 'value' ? { kind: 'value', value: -sharpe.value } : sharpe,
        );
      }),
      { seed: 12, numRuns: 100 },
    );
  });
  it('find the drawdown that a search of all pairs finds', () => {
    fc.assert(
      fc.property(marks, (equity) => {
        let depth = 0;
        equity.forEach((peak, index) => {
          for (const later of equity.slice(index)) depth = Math.max(depth, (peak - later) / peak);
        });
        expect(maximumDrawdown(curveOf(equity))?.depth ?? 0).toBeCloseTo(depth, 12);
      }),
      { seed: 13, numRuns: 100 },
    );
  });
  it('never put the conditional value at risk below the value at risk', () => {
    fc.assert(
      fc.property(marks, (equity) => {
        const returns = simpleReturns(Float64Array.from(equity));
        const [risk, beyond] = [
          historicalValueAtRisk(returns, 0.95),
          historicalConditionalValueAtRisk(returns, 0.95),
        ];
        if (risk.kind === 'undefined' || beyond.kind === 'undefined')
          throw new Error('39 returns are enough');
        expect(beyond.value).toBeGreaterThanOrEqual(risk.value - 1e-12);
      }),
      { seed: 14, numRuns: 100 },
    );
  });
});
