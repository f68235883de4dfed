import { describe, expect, it } from 'vitest';
import { EVENTS, type EventData } from '#contracts/registry.ts';
import { assessMacro } from '#core/agents/macro/macro.ts';
import { scoreCandidates } from '#core/agents/macro/ranking.ts';
import { contextOf, dailyFromCloses, drifting, IN_CYCLE, instrumentOf, SPX } from '../market-context.ts';

const SESSION = '2018-02-06';
const DRIFTS = { AAA: 0.003, BBB: 0.002, CCC: 0.001, DDD: 0.0005, EEE: 0, FFF: -0.001, GGG: -0.002 };
const universe = [SPX, ...Object.keys(DRIFTS).map((id) => instrumentOf(id))];
const daily = {
  SPX: dailyFromCloses('SPX', drifting(600, 0.0004), SESSION),
  ...Object.fromEntries(
    Object.entries(DRIFTS).map(([id, drift]) => [id, dailyFromCloses(id, drifting(600, drift), SESSION)]),
  ),
};

function accountHolding(...instruments: string[]) {
  return {
    positions: instruments.map((instrument) => ({ instrument, quantity: '10' })),
  } as EventData<'PortfolioRevalued'>;
}

describe('macro', () => {
  it('ranks by strength, momentum and risk-adjusted return', () => {
    const macro = assessMacro(contextOf({ session: SESSION, universe, daily }));

    expect(macro.ranked.map(({ instrument }) => instrument)).toEqual(Object.keys(DRIFTS));
    expect(macro.ranked.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const [best] = macro.ranked;
    if (best === undefined) throw new Error('nothing ranked');
    expect(best.score).toBeCloseTo(
      0.4 * best.relativeStrength + 0.3 * best.momentum + 0.3 * best.riskAdjusted,
      8,
    );
    expect(macro.regime).toBe('bull');
    expect(EVENTS.MacroAssessed.data.safeParse({ ...IN_CYCLE, ...macro }).error).toBeUndefined();
  });

  it('asks about the five best tradable instruments and whatever is held, with weights that add up to 1', () => {
    const withIndex = universe.map((entry) => (entry.id === 'BBB' ? { ...entry, tradable: false } : entry));
    const macro = assessMacro(
      contextOf({ session: SESSION, universe: withIndex, daily, account: accountHolding('GGG', 'AAA') }),
    );

    expect(macro.instruments).toEqual(['AAA', 'CCC', 'DDD', 'EEE', 'FFF', 'GGG']);
    const weights = macro.ranked.map(({ weight }) => weight);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(macro.ranked.filter(({ weight }) => weight > 0)).toHaveLength(5);
    expect(macro.ranked.find(({ instrument }) => instrument === 'BBB')?.weight).toBe(0);
  });

  it('does not ask about a position that is closed', () => {
    const account = { positions: [{ instrument: 'GGG', quantity: '0' }] } as EventData<'PortfolioRevalued'>;
    const macro = assessMacro(contextOf({ session: SESSION, universe, daily, account }));
    expect(macro.instruments).not.toContain('GGG');
  });

  it('groups the instruments without usable data by reason', () => {
    const more = [...universe, instrumentOf('HHH'), instrumentOf('III'), instrumentOf('JJJ')];
    const macro = assessMacro(
      contextOf({
        session: SESSION,
        universe: more,
        daily: { ...daily, JJJ: dailyFromCloses('JJJ', [1, 2], SESSION) },
      }),
    );
    expect(macro.unavailable).toEqual([
      { reason: 'no daily bars', instruments: ['HHH', 'III'] },
      { reason: '2 daily bars; the longest window needs 6', instruments: ['JJJ'] },
    ]);
  });

  it('works with one instrument, against its own past, and says how thin that is', () => {
    const one = { session: SESSION, universe: [SPX, instrumentOf('AAA')], daily: { SPX: daily.SPX } };
    const strengthening = [...drifting(500, 0), ...drifting(100, 0.003)];
    const macro = assessMacro(
      contextOf({ ...one, daily: { ...one.daily, AAA: dailyFromCloses('AAA', strengthening, SESSION) } }),
    );

    expect(macro.ranked).toHaveLength(1);
    expect(macro.ranked[0]?.score).toBeGreaterThan(0.5);
    expect(macro.ranked[0]?.weight).toBe(1);
    expect(macro.regimeReasons.at(-1)).toBe(
      'the ranking rests on 1 of 2 instruments: too few for a cross-section, so each is measured against its own past year',
    );
  });

  it('has no regime without a benchmark, leaves relative strength out, and says both', () => {
    const { SPX: _, ...without } = daily;
    const macro = assessMacro(contextOf({ session: SESSION, universe, daily: without }));

    expect(macro.regime).toBeNull();
    expect(macro.regimeConfidence).toBe(0);
    expect(macro.regimeReasons[0]).toBe('no regime: benchmark SPX: no daily bars');
    expect(macro.regimeReasons.at(-1)).toContain('relative strength is left out');
    expect(macro.ranked[0]?.instrument).toBe('AAA');
    expect(macro.ranked[0]?.relativeStrength).toBe(0);
  });

  it('has nothing to ask about in an empty universe', () => {
    const macro = assessMacro(contextOf({ session: SESSION, universe: [], daily: {} }));
    expect(macro).toMatchObject({ ranked: [], instruments: [], regime: null });
  });
});

describe('ranking', () => {
  it('matches the benchmark by time where calendars differ', () => {
    const closeTime = Float64Array.from({ length: 60 }, (_, at) => at);
    const close = Float64Array.from({ length: 60 }, (_, at) => 100 * 1.01 ** at);
    // The benchmark closes every other time, at the same prices: no candidate is stronger than it at even times.
    const even = (values: Float64Array) => values.filter((_, at) => at % 2 === 1);
    const scored = scoreCandidates(
      ['A', 'B', 'C'].map((instrument, at) => ({
        instrument,
        closeTime,
        close: close.map((value, time) => (at === 2 && time > 30 ? value * 1.02 ** (time - 30) : value)),
      })),
      { closeTime: even(closeTime), close: even(close) },
    );
    expect(scored.map(({ instrument }) => instrument)).toEqual(['C', 'A', 'B']);
    expect(scored[1]?.relativeStrength).toBe(scored[2]?.relativeStrength);
  });

  it('finds no relative strength in the benchmark itself', () => {
    const closeTime = Float64Array.from({ length: 300 }, (_, at) => at);
    const close = Float64Array.from(drifting(300, 0.001));
    const [only] = scoreCandidates([{ instrument: 'A', closeTime, close }], { closeTime, close });
    expect(only?.relativeStrength).toBe(0);
    expect(only?.momentum).not.toBe(0);
  });

  it('measures a lone instrument against its own past: a steady rise is nothing new', () => {
    const closeTime = Float64Array.from({ length: 600 }, (_, at) => at);
    const candidate = (values: readonly number[]) => [
      { instrument: 'A', closeTime, close: Float64Array.from(values) },
    ];
    const steady = scoreCandidates(candidate(drifting(600, 0.002)), null);
    expect(Math.abs(steady[0]?.momentum ?? 9)).toBeLessThan(0.7);
    const slowing = scoreCandidates(candidate([...drifting(540, 0.002), ...drifting(60, 0, 290)]), null);
    expect(slowing[0]?.momentum).toBeLessThan(-0.8);
  });

  it('gives a series that does not move the average score', () => {
    const closeTime = Float64Array.from({ length: 60 }, (_, at) => at);
    const [only] = scoreCandidates(
      [{ instrument: 'A', closeTime, close: new Float64Array(60).fill(5) }],
      null,
    );
    expect(only).toEqual({ instrument: 'A', score: 0, relativeStrength: 0, momentum: 0, riskAdjusted: 0 });
  });
});
