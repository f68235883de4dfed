import { describe, expect, it } from 'vitest';
import {
  assessRegime,
  marketRegime,
  REGIME_NEEDED,
  type RegimeMeasures,
  regimeMeasures,
} from '#core/agents/regime.ts';
import { contextOf, dailyFromCloses, drifting, intradayFromCloses } from './market-context.ts';

const SESSION = '2018-02-06';
const calm: RegimeMeasures = {
  last: 110,
  average50: 107,
  average200: 100,
  volatility20: 0.1,
  volatility5: 0.1,
  usualVolatility5: 0.1,
  drawdown252: 0.01,
  return5: 0.005,
  sessionsSinceShock: null,
};
const regimeOf = (closes: readonly number[]) => {
  const measures = regimeMeasures(Float64Array.from(closes));
  return measures === undefined ? null : assessRegime(measures).regime;
};

describe('market regime', () => {
  it.each([
    ['bull', {}],
    ['sideways', { average50: 99.5 }],
    ['bear', { last: 95, average50: 97, drawdown252: 0.12 }],
    ['bear', { last: 99, average50: 98, drawdown252: 0.05 }],
    ['crisis', { last: 85, average50: 97, drawdown252: 0.21 }],
    ['crisis', { drawdown252: 0.11, volatility20: 0.31 }],
    ['crisis', { sessionsSinceShock: 0 }],
    ['crisis', { sessionsSinceShock: 2 }],
    ['sideways', { volatility5: 0.31 }],
  ] as const)('is %s with %j', (regime, change) => {
    expect(assessRegime({ ...calm, ...change }).regime).toBe(regime);
  });

  it('takes a week of wild falls for a shock, and keeps it in mind for two sessions', () => {
    const quiet = drifting(300, 0.001);
    const sinceShock = (...moves: number[]) => {
      const path = [...quiet];
      for (const move of moves) path.push((path.at(-1) as number) * (1 + move));
      return regimeMeasures(Float64Array.from(path))?.sessionsSinceShock;
    };
    expect(sinceShock(-0.05, -0.06)).toBe(0);
    expect(sinceShock(-0.05, -0.06, 0.1)).toBe(1);
    expect(sinceShock(-0.05, -0.06, 0.1, 0.01)).toBe(2);
    expect(sinceShock(-0.05, -0.06, 0.1, 0.01, 0.01)).toBeNull();
    // Wild, but upwards; and a loss without a shock.
    expect(sinceShock(0.05, 0.06)).toBeNull();
    expect(sinceShock(-0.011, -0.011, -0.011, -0.011, -0.011)).toBeNull();
  });

  it('is surer the more of the evidence points one way', () => {
    expect(assessRegime(calm).confidence).toBeCloseTo(0.95);
    expect(assessRegime({ ...calm, last: 105, volatility20: 0.25 }).confidence).toBeCloseTo(0.8);
  });

  it('is read from closes', () => {
    expect(regimeOf(drifting(300, 0.001))).toBe('bull');
    expect(regimeOf(drifting(300, -0.0006))).toBe('bear');
    expect(regimeOf(drifting(300, -0.003))).toBe('crisis');
    expect(regimeOf(drifting(REGIME_NEEDED - 1, 0.001))).toBeNull();
  });

  it('is defined on a constant series', () => {
    expect(regimeOf(new Array(300).fill(100))).toBe('sideways');
  });

  it('is unknown, with the reason, where the benchmark has too little history', () => {
    const daily = { SPX: dailyFromCloses('SPX', drifting(100, 0), SESSION) };
    expect(marketRegime(contextOf({ session: SESSION, daily }))).toEqual({
      kind: 'unknown',
      reason: 'benchmark SPX: 100 daily bars; the longest window needs 258',
    });
  });

  it('turns inside a session that falls', () => {
    const closes = drifting(300, 0.001);
    const daily = { SPX: dailyFromCloses('SPX', closes, SESSION) };
    const last = closes[299] as number;
    const intraday = { SPX: intradayFromCloses('SPX', SESSION, last, [last * 0.95, last * 0.88]) };
    expect(marketRegime(contextOf({ session: SESSION, daily }))).toMatchObject({ regime: 'bull' });
    expect(marketRegime(contextOf({ session: SESSION, daily, intraday }))).toMatchObject({
      regime: 'crisis',
    });
  });
});
