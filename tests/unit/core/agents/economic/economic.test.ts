import { describe, expect, it } from 'vitest';
import type { View } from '#contracts/events/cycle.ts';
import { economic } from '#core/agents/economic/economic.ts';
import { contextOf, dailyFromCloses, drifting } from '../market-context.ts';

const SESSION = '2018-02-06';
const market = drifting(320, 0.001);

function analyze(aapl: readonly number[], spx: readonly number[] | null) {
  return economic.analyze(
    contextOf({
      session: SESSION,
      daily: {
        AAPL: dailyFromCloses('AAPL', aapl, SESSION),
        ...(spx === null ? {} : { SPX: dailyFromCloses('SPX', spx, SESSION) }),
      },
    }),
    ['AAPL'],
  );
}
function viewOf(aapl: readonly number[], spx: readonly number[]): View {
  const outcome = analyze(aapl, spx);
  if (outcome.kind !== 'completed') throw new Error(outcome.reason);
  return outcome.views[0] as View;
}

describe('economic from market', () => {
  it('favours equities in a calm rising market and shuns them in a falling one', () => {
    const falling = drifting(320, -0.003);
    expect(viewOf(market, market).direction).toBeGreaterThan(0.4);
    expect(viewOf(falling, falling).direction).toBeLessThan(-0.5);
    expect(viewOf(market, market).method).toBe('economic-from-market');
  });

  it('passes the direction on in proportion to the correlation, sign included', () => {
    const mirrored = market.map((close) => 10_000 / close);
    const same = viewOf(market, market);
    const opposite = viewOf(mirrored, market);
    expect(same.measures['benchmark.correlation']).toBe(1);
    expect(opposite.measures['benchmark.correlation']).toBe(-1);
    expect(opposite.direction).toBeCloseTo(-same.direction, 9);
    expect(opposite.measures['equity.exposure']).toBe(same.measures['equity.exposure']);
  });

  it('abstains from what does not move with the market at all', () => {
    expect(analyze(new Array(320).fill(5), market)).toMatchObject({
      kind: 'abstained',
      reason: expect.stringContaining('no variance'),
    });
  });

  it('abstains without a benchmark, naming both sources that are missing', () => {
    expect(analyze(market, null)).toEqual({
      kind: 'abstained',
      reason: 'AAPL: no macro series (FRED), and no regime from the market: benchmark SPX: no daily bars',
    });
  });
});
