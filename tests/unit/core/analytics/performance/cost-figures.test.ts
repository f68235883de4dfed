import { expect, it } from 'vitest';
import { costFigures } from '#core/analytics/performance/cost-figures.ts';

const YEAR = 365.25 * 86_400_000;
const costs = { commission: 10, spreadAndSlippage: 5, impact: 3, borrow: 1, interest: 1 };
const curve = (...equity: number[]) => ({
  time: Float64Array.from(equity, (_, index) => index * YEAR),
  equity: Float64Array.from(equity),
});

it('adds the costs up and shows them against what was gained before them', () => {
  expect(costFigures(curve(100, 180), costs)).toEqual({
    ...costs,
    total: 20,
    ofGrossProfit: { kind: 'value', value: 20 / (80 + 20) },
    annualDrag: { kind: 'value', value: 20 / 140 },
  });
});
it('shows a profit that the costs ate', () => {
  expect(costFigures(curve(100, 90), costs).ofGrossProfit).toEqual({ kind: 'value', value: 2 });
});
it('leaves the share undefined where the strategy lost without costs too, or there is nothing', () => {
  const reason = 'there is no profit before costs either';
  expect(costFigures(curve(100, 80), costs).ofGrossProfit).toEqual({ kind: 'undefined', reason });
  expect(costFigures(curve(), costs).ofGrossProfit.kind).toBe('undefined');
  expect(costFigures(curve(), costs).annualDrag.kind).toBe('undefined');
});
