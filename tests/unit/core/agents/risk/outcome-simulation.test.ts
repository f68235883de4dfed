import { describe, expect, it } from 'vitest';
import { simulateOutcome, type TradeToSimulate } from '#core/agents/risk/outcome-simulation.ts';
import { MARKET_STRESS, stressFor, worstOwnSession } from '#core/agents/risk/stress-scenarios.ts';
import { type Bar, barSeries, sliceBars } from '#core/market/bars.ts';
import { syntheticDaily } from '../../../../support/agent-context.ts';

const walk = syntheticDaily('AAPL', { sessions: 800, before: '2018-01-22', drift: 0, volatility: 0.01 });
const trade: TradeToSimulate = {
  direction: 'long',
  entry: 100,
  stop: 95,
  target: 105,
  horizonSessions: 60,
  roundTripCost: 0,
};

/** Every session alike: opens at `open`, reaches `high` and `low`, closes at `close`, all against the close before. */
function alike(open: number, high: number, low: number, close: number) {
  let before = 100;
  const rows = Array.from({ length: 300 }, (_, index): Bar => {
    const row = {
      openTime: index,
      closeTime: index + 1,
      open: before * open,
      high: before * high,
      low: before * low,
      close: before * close,
      volume: 1,
    };
    before = row.close;
    return row;
  });
  return barSeries('AAPL', { unit: 'session' }, rows);
}

describe('simulateOutcome', () => {
  it('finds even odds for a target as far as the stop in a market without drift', () => {
    // The bars' own mean return is taken out by comparing both directions.
    const long = simulateOutcome(walk, trade, ['a'])?.probabilityOfProfit ?? 0;
    const short =
      simulateOutcome(walk, { ...trade, direction: 'short', stop: 105, target: 95 }, ['a'])
        ?.probabilityOfProfit ?? 0;

    expect((long + short) / 2).toBeCloseTo(0.5, 1);
  });

  it('wins more often with a nearer target and less often with a nearer stop', () => {
    const odds = (changes: Partial<TradeToSimulate>) =>
      simulateOutcome(walk, { ...trade, ...changes }, ['a'])?.probabilityOfProfit ?? 0;

    expect(odds({ target: 102 })).toBeGreaterThan(odds({}) + 0.1);
    expect(odds({ stop: 98 })).toBeLessThan(odds({}) - 0.1);
  });

  it('fills a stop at the open when the session gaps through it, and a target at the better open', () => {
    expect(simulateOutcome(alike(0.9, 0.91, 0.89, 0.9), trade, ['a'])?.meanReturn).toBeCloseTo(-0.1, 9);
    expect(simulateOutcome(alike(1.1, 1.11, 1.09, 1.1), trade, ['a'])?.meanReturn).toBeCloseTo(0.1, 9);
  });

  it('takes the stop first when a session reaches both', () => {
    const both = simulateOutcome(alike(1, 1.06, 0.94, 1), trade, ['a']);

    expect(both).toMatchObject({ probabilityOfProfit: 0 });
    expect(both?.meanReturn).toBeCloseTo(-0.05, 9);
  });

  it('ends at the horizon’s close and charges the cost', () => {
    const quiet = simulateOutcome(
      alike(1, 1.001, 0.999, 1.0005),
      { ...trade, horizonSessions: 2, roundTripCost: 0.0004 },
      ['a'],
    );

    expect(quiet?.meanReturn).toBeCloseTo(1.0005 ** 2 - 1 - 0.0004, 9);
    expect(quiet?.probabilityOfProfit).toBe(1);
  });

  it('is unknown on too short a history, a price that is not positive, or no horizon', () => {
    const broken = { ...walk, low: walk.low.map((value, index) => (index === 500 ? 0 : value)) };

    expect(simulateOutcome(sliceBars(walk, 0, 252), trade, ['a'])).toBeNull();
    expect(simulateOutcome(broken, trade, ['a'])).toBeNull();
    expect(simulateOutcome(walk, { ...trade, horizonSessions: 0 }, ['a'])).toBeNull();
  });
});

describe('stress scenarios', () => {
  it('finds the worst session of its own against either direction', () => {
    const close = walk.close.slice();
    close[400] = (close[399] as number) * 0.8;

    expect(worstOwnSession({ ...walk, close }, 'long')?.shock).toBeCloseTo(-0.2, 9);
    expect(worstOwnSession({ ...walk, close }, 'short')?.shock).toBeGreaterThan(0.1);
    expect(worstOwnSession(sliceBars(walk, 0, 1), 'long')).toBeNull();
  });

  it('turns the falls round for a short', () => {
    expect(stressFor(walk, 'long')).toHaveLength(MARKET_STRESS.length + 1);
    expect(stressFor(walk, 'short').every(({ shock }) => shock > 0)).toBe(true);
  });
});
