import { describe, expect, it } from 'vitest';
import type { View } from '#contracts/events/cycle.ts';
import { EVENTS } from '#contracts/registry.ts';
import { type AnalyzerAnswer, publishMarketView } from '#core/agents/data/data.ts';
import {
  AAPL,
  contextOf,
  dailyFromCloses,
  drifting,
  IN_CYCLE,
  intradayFromCloses,
} from '../market-context.ts';

const SESSION = '2018-02-06';
const daily = { AAPL: dailyFromCloses('AAPL', drifting(300, 0.001), SESSION) };
const context = contextOf({ session: SESSION, universe: [AAPL], daily });

const view = (change: Partial<View> = {}): View => ({
  instrument: 'AAPL',
  direction: 0.4,
  confidence: 0.6,
  horizonSessions: 5,
  evidence: ['AAPL.daily.close[-1]'],
  measures: {},
  dataQuality: 1,
  dataTime: '2018-02-05T21:00:00.000Z',
  method: 'test',
  ...change,
});
const ids: Readonly<Record<string, string>> = {
  'market-data': '00000000-0000-4000-8000-000000000005',
  microstructure: '00000000-0000-4000-8000-000000000004',
  economic: '00000000-0000-4000-8000-000000000003',
  sentiment: '00000000-0000-4000-8000-000000000002',
  news: '00000000-0000-4000-8000-000000000001',
};
const answer = (agent: string, ...views: readonly View[]): AnalyzerAnswer => ({
  eventId: ids[agent] as string,
  agent,
  outcome:
    views.length === 0
      ? { kind: 'abstained', reason: 'no source' }
      : { kind: 'completed', views, abstentions: [] },
});
const publish = (...answers: readonly AnalyzerAnswer[]) => publishMarketView(context, ['AAPL'], answers, []);

describe('the data agent', () => {
  it('pools views by data quality and measured weight', () => {
    const weighted = contextOf({
      session: SESSION,
      universe: [AAPL],
      daily,
      weights: { 'market-data': 0.9, microstructure: 0.3 },
    });
    const market = publishMarketView(
      weighted,
      ['AAPL'],
      [
        answer('market-data', view({ direction: 0.8, confidence: 0.7 })),
        answer('microstructure', view({ direction: -0.4, confidence: 0.6, dataQuality: 0.5 })),
      ],
      [],
    );
    const [pooled] = market.instruments;
    const [heavy, light] = [0.9 / 1.05, 0.15 / 1.05];

    expect(pooled?.contributions.map(({ weight }) => weight)).toEqual([
      expect.closeTo(heavy, 9),
      expect.closeTo(light, 9),
    ]);
    const direction = 0.8 * heavy - 0.4 * light;
    expect(pooled?.direction).toBeCloseTo(direction, 9);
    // Both state a probability of a rise: 0.7, and 1 − 0.6.
    expect(pooled?.confidence).toBeCloseTo(0.7 * heavy + 0.4 * light, 9);
    expect(pooled?.disagreement).toBeCloseTo(
      Math.sqrt(heavy * (0.8 - direction) ** 2 + light * (-0.4 - direction) ** 2),
      9,
    );
    expect(EVENTS.MarketViewPublished.data.safeParse({ ...IN_CYCLE, ...market }).error).toBeUndefined();
  });

  it('reads the pooled probability in the pooled direction', () => {
    const [pooled] = publish(
      answer('market-data', view({ direction: -0.8, confidence: 0.7 })),
      answer('news', view({ direction: 0.1, confidence: 0.6 })),
    ).instruments;
    expect(pooled?.direction).toBeCloseTo(-0.35, 9);
    // A rise has 0.3 by one and 0.6 by the other; a fall the rest.
    expect(pooled?.confidence).toBeCloseTo(0.55, 9);
  });

  it('gives half the weight to a stand-in for a source that is missing', () => {
    const [pooled] = publish(
      answer('market-data', view()),
      answer('sentiment', view({ method: 'sentiment-from-volatility' })),
    ).instruments;
    expect(pooled?.contributions.map(({ weight }) => weight)).toEqual([
      expect.closeTo(2 / 3, 9),
      expect.closeTo(1 / 3, 9),
    ]);
  });

  it('keeps an outlier at half its weight', () => {
    const [pooled] = publish(
      answer('market-data', view({ direction: 0.6 })),
      answer('microstructure', view({ direction: 0.5 })),
      answer('economic', view({ direction: -0.9 })),
    ).instruments;
    expect(pooled?.contributions.map(({ weight }) => weight)).toEqual([0.4, 0.4, 0.2]);
  });

  it('has no disagreement to state of a single view', () => {
    expect(publish(answer('news', view())).instruments[0]?.disagreement).toBeNull();
  });

  it('is never surer than its data', () => {
    const [pooled] = publish(answer('market-data', view({ confidence: 0.8, dataQuality: 0.55 }))).instruments;
    expect(pooled?.confidence).toBe(0.55);
  });

  it('does not depend on the order of arrival', () => {
    const answers = [
      answer('sentiment', view({ direction: -0.3 })),
      answer('news'),
      answer('market-data', view({ direction: 0.5 })),
      answer('microstructure', view({ direction: 0.1 })),
    ];
    const market = publish(...answers);
    expect(publish(...answers.toReversed())).toEqual(market);
    expect(market.answered).toEqual(['market-data', 'microstructure', 'sentiment']);
    expect(market.abstained).toEqual([{ agent: 'news', reason: 'no source' }]);
    expect(market.inputs).toEqual(
      ['market-data', 'microstructure', 'sentiment', 'news'].map((agent) => ids[agent]),
    );
  });

  it('counts one answer of an agent that answered twice, the same whichever came first', () => {
    const first = answer('market-data', view({ direction: 0.5 }));
    const second = {
      ...answer('market-data', view({ direction: -0.5 })),
      eventId: '00000000-0000-4000-8000-000000000009',
    };
    expect(publish(second, first)).toEqual(publish(first, second));
    expect(publish(second, first).instruments[0]?.direction).toBe(0.5);
    expect(publish(second, first).inputs).toEqual([ids['market-data']]);
  });

  it.each([
    ['its direction is NaN, outside -1 to 1', { direction: Number.NaN }],
    ['its confidence is 1.5, outside 0 to 1', { confidence: 1.5 }],
    ['its measure trend is Infinity', { measures: { trend: Number.POSITIVE_INFINITY } }],
    ["its data time 2018-02-07T00:00:00.000Z is after the cycle's", { dataTime: '2018-02-07T00:00:00.000Z' }],
    [
      'its data of 2018-01-20T00:00:00.000Z is stale: the last bar is 16 days newer',
      { dataTime: '2018-01-20T00:00:00.000Z' },
    ],
    ['its data time "soon" is not an instant', { dataTime: 'soon' }],
  ])('rejects a view because %s', (reason, change) => {
    const market = publish(answer('market-data', view(change)), answer('news', view({ direction: 0.2 })));
    expect(market.rejected).toEqual([{ agent: 'market-data', instrument: 'AAPL', reason }]);
    expect(market.instruments[0]?.contributions.map(({ agent }) => agent)).toEqual(['news']);
  });

  it('rejects views that nobody asked for and two views of one instrument', () => {
    const market = publish(
      answer('market-data', view({ instrument: 'MSFT' }), view()),
      answer('news', view(), view({ direction: 0 })),
    );
    expect(market.rejected).toEqual([
      { agent: 'market-data', instrument: 'MSFT', reason: 'the cycle did not ask about it' },
      { agent: 'news', instrument: 'AAPL', reason: 'it gave 2 views of one instrument' },
    ]);
  });

  it('publishes no view of what nobody could judge, and names it', () => {
    expect(publish(answer('news'))).toMatchObject({
      instruments: [],
      rejected: [{ agent: 'data', instrument: 'AAPL', reason: 'no analyzer gave a usable view of it' }],
    });
    const withoutBars = contextOf({ session: SESSION, universe: [AAPL], daily: {} });
    expect(publishMarketView(withoutBars, ['AAPL'], [answer('news', view())], [])).toMatchObject({
      rejected: [{ agent: 'data', instrument: 'AAPL', reason: 'no closed bar gives it a price' }],
    });
    expect(publish(answer('news', view({ dataQuality: 0 })))).toMatchObject({
      instruments: [],
      rejected: [{ reason: 'its views carry no weight' }],
    });
  });

  it('lists the missing in the contract order', () => {
    const market = publishMarketView(context, ['AAPL'], [], ['news', 'economic', 'news']);
    expect(market.missing).toEqual(['economic', 'news']);
  });

  it('takes the price of the last closed bar, the running session first', () => {
    const intraday = { AAPL: intradayFromCloses('AAPL', SESSION, 134, [135, 136]) };
    const inSession = contextOf({ session: SESSION, universe: [AAPL], daily, intraday });
    const [pooled] = publishMarketView(inSession, ['AAPL'], [answer('news', view())], []).instruments;
    expect(pooled?.referencePrice).toBe(136);
    expect(pooled?.referenceAt).toBe('2018-02-06T15:00:00.000Z');
    expect(pooled?.measures['session.return']).toBeCloseTo(
      Math.log(136 / (daily.AAPL.close[299] as number)),
      9,
    );
    expect(pooled?.measures['session.volume']).toBe(80_000);
    expect(publish(answer('news', view())).instruments[0]?.referenceAt).toBe('2018-02-05T21:00:00.000Z');
  });

  it('carries the measures that later stages need, null where nobody gave them', () => {
    const [pooled] = publish(
      answer('microstructure', view({ measures: { 'spread.fraction': 0.0003 } })),
    ).instruments;
    expect(pooled?.measures).toMatchObject({ 'spread.fraction': 0.0003, trend: null, 'adv.20': 1_000_000 });
    expect(pooled?.measures['volatility.annual']).toBeGreaterThan(0.05);
    expect(pooled?.measures['atr.14']).toBeGreaterThan(0);
    expect(pooled?.measures['momentum.126']).toBeCloseTo(0.126, 1);

    const short = contextOf({
      session: SESSION,
      universe: [AAPL],
      daily: { AAPL: dailyFromCloses('AAPL', [10, 11], SESSION) },
    });
    const [thin] = publishMarketView(short, ['AAPL'], [answer('news', view())], []).instruments;
    expect(thin?.measures).toMatchObject({
      'volatility.annual': null,
      'atr.14': null,
      'adv.20': null,
      'momentum.5': null,
    });
  });
});
