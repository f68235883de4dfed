import { describe, expect, it } from 'vitest';
import { DATA_ANALYZERS } from '#contracts/agents.ts';
import type { View } from '#contracts/events/cycle.ts';
import { ANALYZERS } from '#core/agents/analyzers.ts';
import { publishMarketView } from '#core/agents/data/data.ts';
import { assessMacro } from '#core/agents/macro/macro.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { contextOf, realDaily } from './market-context.ts';

const daily = { AAPL: realDaily('AAPL'), SPX: realDaily('SPX') };
const WORKING = ['market-data', 'microstructure', 'economic', 'sentiment'] as const;

function viewsOn(session: string): Record<(typeof WORKING)[number], View> {
  const context = contextOf({ session, daily });
  const view = (agent: (typeof WORKING)[number]) => {
    const outcome = ANALYZERS[agent].analyze(context, ['AAPL']);
    if (outcome.kind !== 'completed') throw new Error(`${agent} abstained: ${outcome.reason}`);
    return outcome.views[0] as View;
  };
  return {
    'market-data': view('market-data'),
    microstructure: view('microstructure'),
    economic: view('economic'),
    sentiment: view('sentiment'),
  };
}

describe('the agents on real bars of AAPL and the S&P 500', () => {
  it('see a calm bull market before the fall of February 2018', () => {
    const context = contextOf({ session: '2018-01-22', daily });
    const macro = assessMacro(context);
    const views = viewsOn('2018-01-22');

    expect(macro.regime).toBe('bull');
    expect(macro.regimeConfidence).toBe(0.95);
    expect(views['market-data'].direction).toBeCloseTo(0.423, 3);
    expect(views.economic.direction).toBeCloseTo(0.408, 3);
    expect(views.sentiment.measures['benchmark.volatility.month']).toBeCloseTo(0.073, 4);
    for (const agent of WORKING) expect(views[agent].direction).toBeGreaterThan(0);
  });

  it('turn with the fall of 5 February, the volatility-based ones hardest', () => {
    const before = viewsOn('2018-01-22');
    const after = viewsOn('2018-02-06');

    expect(assessMacro(contextOf({ session: '2018-02-06', daily })).regime).toBe('crisis');
    expect(after.sentiment.direction).toBeLessThan(-0.6);
    expect(after.economic.direction).toBeLessThan(-0.2);
    expect(after['market-data'].direction).toBeLessThan(-0.5);
    const falls = WORKING.map((agent) => ({ agent, by: before[agent].direction - after[agent].direction }));
    falls.sort((left, right) => right.by - left.by);
    expect(falls.map(({ agent }) => agent)).toEqual([
      'market-data',
      'sentiment',
      'economic',
      'microstructure',
    ]);
  });

  it('see one crisis, without a bull market on the rebounds inside it', () => {
    const regimes = sessionsBetween('us-equity', '2018-01-22', '2018-02-20').map(
      ({ date }) => [date, assessMacro(contextOf({ session: date, daily })).regime] as const,
    );
    const turns = regimes.filter(([, regime], at) => regime !== regimes[at - 1]?.[1]);
    expect(turns).toEqual([
      ['2018-01-22', 'bull'],
      ['2018-02-06', 'crisis'],
      ['2018-02-15', 'sideways'],
      ['2018-02-20', 'bull'],
    ]);
  });

  it('differ from one another rather than repeat one number', () => {
    for (const session of ['2018-01-22', '2018-02-02', '2018-02-06', '2018-02-16']) {
      const directions = WORKING.map((agent) => viewsOn(session)[agent].direction);
      expect(new Set(directions).size).toBe(WORKING.length);
      expect(Math.max(...directions) - Math.min(...directions)).toBeGreaterThan(0.25);
    }
  });

  it('state a spread of AAPL of a few basis points, not the half per cent that range estimators give', () => {
    const { measures } = viewsOn('2018-02-09').microstructure;
    expect(measures['spread.corwinSchultz']).toBeGreaterThan(0.003);
    expect(measures['spread.fraction']).toBeGreaterThan(0.0001);
    expect(measures['spread.fraction']).toBeLessThan(0.0005);
    expect(measures['vpin']).toBeNull();
  });

  it('pool into one market view that the six agents without a source abstain from', () => {
    const context = contextOf({ session: '2018-02-06', daily });
    const answers = DATA_ANALYZERS.map((agent, at) => ({
      eventId: `00000000-0000-4000-8000-00000000000${at}`,
      agent,
      outcome: ANALYZERS[agent].analyze(context, ['AAPL']),
    }));
    const market = publishMarketView(context, ['AAPL'], answers, []);

    expect(market.answered).toEqual(WORKING);
    expect(market.abstained.map(({ agent }) => agent)).toEqual(
      DATA_ANALYZERS.filter((agent) => !(WORKING as readonly string[]).includes(agent)),
    );
    const [view] = market.instruments;
    expect(view?.referencePrice).toBe(156.490005);
    expect(view?.referenceAt).toBe('2018-02-05T21:00:00.000Z');
    expect(view?.direction).toBeLessThan(-0.4);
    expect(view?.measures['volatility.annual']).toBeCloseTo(0.2182, 4);
    expect(view?.measures['adv.20']).toBe(38253705);
  });
});
