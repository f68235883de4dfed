import { describe, expect, it } from 'vitest';
import { AGENTS } from '#contracts/agents.ts';
import type { Intent } from '#contracts/events/orders.ts';
import { EVENTS, type EventData } from '#contracts/registry.ts';
import {
  type AttributionState,
  attributeRealized,
  type FillEvent,
  NO_LAYERS,
} from '#core/agents/learning/attribution.ts';
import { type LearningState, learn, NOTHING_LEARNED } from '#core/agents/learning/learning.ts';
import { learningOpinionist } from '#core/agents/learning/learning-opinion.ts';
import { type PredictionEvent, predictionsOf } from '#core/agents/learning/predictions.ts';
import {
  brierScore,
  earnedWeight,
  hitRate,
  NO_RECORD,
  type TrackRecord,
  withOutcome,
} from '#core/agents/learning/track-record.ts';
import { dossierOf, eventOf, marketOf, proposalOf, viewOf } from '../cycle-events.ts';
import { IN_CYCLE } from '../market-context.ts';

const day = (number: number) => `2018-03-${String(number).padStart(2, '0')}`;
const priced = (session: string, price: number, cycleId = 'c1') =>
  eventOf('MarketViewPublished', {
    ...IN_CYCLE,
    session,
    cycleId,
    // No direction of its own, so that only the analyzers' claims are judged.
    ...marketOf({ referencePrice: price, direction: 0 }),
  });
const claimed = (
  session: string,
  change: Parameters<typeof viewOf>[0] = {},
  agent = 'market-data',
  cycleId = 'c1',
) =>
  eventOf('AnalysisCompleted', {
    ...IN_CYCLE,
    session,
    cycleId,
    agent,
    agentVersion: 'a/1',
    views: [viewOf(change)],
    abstentions: [],
  });
const session = (
  name: string,
  close: number | null,
  events: readonly (PredictionEvent | FillEvent)[] = [],
) => ({
  session: name,
  events,
  closes: close === null ? {} : { AAPL: close },
  multiplierOf: () => '1',
});
const recordOf = (hits: number, misses: number, confidence: number): TrackRecord => {
  let record = NO_RECORD;
  for (let at = 0; at < hits + misses; at++) record = withOutcome(record, confidence, at < hits);
  return record;
};

describe('predictions', () => {
  it('take one claim per agent and instrument of a session: that of the first cycle', () => {
    const events = [
      claimed(day(1), { direction: -0.5 }, 'market-data', 'c2'),
      priced(day(1), 101, 'c2'),
      claimed(day(1), { direction: 0.5 }, 'market-data', 'c1'),
      priced(day(1), 100, 'c1'),
    ];
    expect(predictionsOf(events)).toEqual([
      {
        agent: 'market-data',
        instrument: 'AAPL',
        session: day(1),
        direction: 0.5,
        confidence: 0.6,
        horizonSessions: 5,
        price: 100,
      },
    ]);
    expect(predictionsOf(events.toReversed())).toEqual(predictionsOf(events));
  });

  it('leave out what claims nothing: no direction, or no price to judge it by', () => {
    expect(predictionsOf([claimed(day(1)), priced(day(1), 100, 'c2')])).toEqual([]);
    expect(predictionsOf([claimed(day(1), { direction: 0 }), priced(day(1), 100)])).toEqual([]);
  });

  it('count the pooled view for the data agent and proposals to open for a strategy', () => {
    const proposed = eventOf('StrategyProposed', {
      ...IN_CYCLE,
      session: day(1),
      cycleId: 'c1',
      agent: 'flow',
      agentVersion: 'flow/1',
      proposals: [
        proposalOf({ action: 'close' }),
        proposalOf({ direction: 'short', confidence: 0.7, horizonSessions: 3 }),
        proposalOf({ direction: 'long' }),
      ],
      abstentions: [],
    });
    const market = eventOf('MarketViewPublished', {
      ...IN_CYCLE,
      session: day(1),
      cycleId: 'c1',
      ...marketOf(),
    });
    expect(predictionsOf([proposed, market])).toMatchObject([
      { agent: 'data', direction: 0.5, confidence: 0.65, horizonSessions: 5 },
      { agent: 'flow', direction: -1, confidence: 0.7, horizonSessions: 3 },
    ]);
  });
});

describe('a track record', () => {
  it('has no metrics and an unknown weight below 20 observations', () => {
    const record = recordOf(19, 0, 0.9);
    expect([brierScore(record), hitRate(record), earnedWeight(record)]).toEqual([null, null, 0.5]);
  });

  it('scores the claim, not the hits alone', () => {
    const record = recordOf(15, 10, 0.7);
    expect(hitRate(record)).toBe(0.6);
    expect(brierScore(record)).toBeCloseTo((15 * 0.09 + 10 * 0.49) / 25, 9);
  });

  it('weighs skill up, overconfidence down, honesty about knowing nothing not at all', () => {
    expect(earnedWeight(recordOf(35, 15, 0.7))).toBeGreaterThan(0.7);
    expect(earnedWeight(recordOf(25, 25, 0.8))).toBeLessThan(0.3);
    expect(earnedWeight(recordOf(25, 25, 0.5))).toBe(0.5);
  });

  it('moves away from one half only as observations come in', () => {
    const few = earnedWeight(recordOf(14, 6, 0.7));
    const many = earnedWeight(recordOf(700, 300, 0.7));
    expect(few).toBeGreaterThan(0.5);
    expect(many).toBeGreaterThan(few);
    expect(earnedWeight(recordOf(5000, 0, 1))).toBe(0.95);
    expect(earnedWeight(recordOf(0, 5000, 1))).toBe(0.05);
  });
});

describe('learning', () => {
  /** Claims a rise on each of `sessions` days, at a price that then moves by `step` a day. */
  function run(sessions: number, step: number, change: Parameters<typeof viewOf>[0] = {}): LearningState {
    let state = NOTHING_LEARNED;
    for (let at = 1; at <= sessions; at++) {
      const price = 100 + step * at;
      const name = `2018-${String(3 + Math.floor(at / 28)).padStart(2, '0')}-${String((at % 28) + 1).padStart(2, '0')}`;
      state = learn(
        state,
        session(name, price, [claimed(name, { horizonSessions: 1, ...change }), priced(name, price)]),
      ).state;
    }
    return state;
  }

  it('judges a claim at the close its horizon names, not before', () => {
    const made = learn(
      NOTHING_LEARNED,
      session(day(1), 100, [claimed(day(1), { horizonSessions: 2 }), priced(day(1), 100)]),
    );
    expect(made.state.agents['market-data']?.observations).toBe(0);
    const next = learn(made.state, session(day(2), 90));
    expect(next.state.agents['market-data']?.observations).toBe(0);
    const judged = learn(next.state, session(day(5), 101));
    expect(judged.state.agents['market-data']).toMatchObject({ observations: 1, hits: 1 });
    expect(judged.state.pending).toEqual([]);
  });

  it('counts a fall against a claimed rise, and nothing where the price stood still', () => {
    expect(run(5, -1).agents['market-data']).toMatchObject({ observations: 4, hits: 0 });
    expect(run(5, 0).agents['market-data']).toMatchObject({ observations: 0, hits: 0 });
    expect(run(5, -1, { direction: -0.2 }).agents['market-data']).toMatchObject({ observations: 4, hits: 4 });
  });

  it('waits for an instrument that did not close, and gives up in the end', () => {
    let state = learn(
      NOTHING_LEARNED,
      session(day(1), 100, [claimed(day(1), { horizonSessions: 1 }), priced(day(1), 100)]),
    ).state;
    state = learn(state, session(day(2), null)).state;
    expect(state.pending).toHaveLength(1);
    expect(learn(state, session(day(3), 105)).state.agents['market-data']).toMatchObject({ observations: 1 });
    for (let at = 3; at < 24; at++) state = learn(state, session(day(at), null)).state;
    expect(state.pending).toEqual([]);
    expect(state.agents['market-data']?.observations).toBe(0);
  });

  it('changes nothing when a session is learned twice or out of order', () => {
    const events = [claimed(day(2)), priced(day(2), 100)];
    const once = learn(learn(NOTHING_LEARNED, session(day(1), 99)).state, session(day(2), 100, events));
    const twice = learn(once.state, session(day(2), 100, events));
    expect(twice).toEqual(once);
    expect(learn(once.state, session(day(1), 50, events)).state).toBe(once.state);
  });

  it('carries its state as JSON', () => {
    const state = run(30, 1);
    const revived = JSON.parse(JSON.stringify(state)) as LearningState;
    expect(revived).toEqual(state);
    expect(learn(revived, session('2018-12-03', 200))).toEqual(learn(state, session('2018-12-03', 200)));
  });

  it('states the figures in the contract, and in words rendered from them', () => {
    const state = run(41, 1);
    const { lesson } = learn(state, session('2018-12-03', 500));
    expect(EVENTS.LessonLearned.data.safeParse(lesson).error).toBeUndefined();
    expect(lesson.calibration).toEqual([
      { agent: 'market-data', observations: 41, brier: 0.16, hitRate: 1, weight: expect.closeTo(0.7253, 3) },
    ]);
    expect(lesson.lessons).toEqual([
      "market-data was right in 41 of 41 judged views (100.0 %), Brier 0.1600, better than a coin's 0.2500: its weight is 0.73, above the 0.50 of an unknown",
      'market-data is underconfident: of 41 views stated with confidence 0.6 to 0.7, 100.0 % were right',
    ]);
    expect(learn(run(3, 1), session('2018-12-03', 500)).lesson.lessons).toEqual([
      'market-data has 3 judged views; 20 are needed before its record says anything',
    ]);
  });

  it('lists agents in the contract order, whoever was heard of first', () => {
    const agents = ['sentiment', 'flow', 'economic', 'market-data'];
    const events = [...agents.map((agent) => claimed(day(1), {}, agent)), priced(day(1), 100)];
    const { lesson } = learn(NOTHING_LEARNED, session(day(1), 100, events));
    expect(lesson.calibration.map(({ agent }) => agent)).toEqual(
      AGENTS.filter((agent) => agents.includes(agent)),
    );
  });
});

describe('attribution', () => {
  const planned = (intentId: string, closes: string | null = null, strategy = 'flow') =>
    eventOf('OrderPlanned', {
      intent: { intentId, closes, strategy, instrument: 'AAPL' } as Intent,
    });
  const filled = (
    intentId: string,
    side: 'BUY' | 'SELL',
    quantity: string,
    price: string,
    change: Partial<EventData<'OrderFilled'>> = {},
  ) =>
    eventOf('OrderFilled', {
      intentId,
      orderRef: intentId,
      role: 'order',
      instrument: 'AAPL',
      orderId: 1,
      permId: 1,
      execId: `${intentId}-${side}-${quantity}-${price}`,
      side,
      quantity,
      price,
      cumulativeQuantity: quantity,
      averagePrice: price,
      executedAt: '2018-02-06T15:00:00.000Z',
      corrects: null,
      ...change,
    });
  const commission = (intentId: string, execId: string, amount: string) =>
    eventOf('CommissionReported', {
      intentId,
      orderRef: intentId,
      role: 'order',
      instrument: 'AAPL',
      execId,
      commission: amount,
      currency: 'USD',
      realizedPnl: null,
    });
  const attribute = (events: readonly FillEvent[], state: AttributionState = NO_LAYERS) =>
    attributeRealized(state, events, () => '1');

  it('gives what a layer realised to the strategy that opened it, commissions taken off', () => {
    const { realized, state } = attribute([
      planned('e1'),
      filled('e1', 'BUY', '10', '100'),
      commission('e1', 'x1', '1'),
      planned('s1', 'e1', 'protection'),
      filled('s1', 'SELL', '10', '103.5', { executedAt: '2018-02-06T16:00:00.000Z' }),
      commission('s1', 'x2', '1.25'),
    ]);
    expect(realized).toEqual([{ strategy: 'flow', realized: '32.75' }]);
    expect(state.layers).toEqual({});
  });

  it("takes a stop's fill for the layer it protects, and a short the other way round", () => {
    const stop = { role: 'stop' as const, orderRef: 'e1:stop', executedAt: '2018-02-06T16:00:00.000Z' };
    const long = attribute([
      planned('e1'),
      filled('e1', 'BUY', '4', '50'),
      filled('e1', 'SELL', '4', '48', stop),
    ]);
    expect(long.realized).toEqual([{ strategy: 'flow', realized: '-8' }]);
    const short = attribute([
      planned('e1'),
      filled('e1', 'SELL', '4', '50'),
      filled('e1', 'BUY', '4', '48', stop),
    ]);
    expect(short.realized).toEqual([{ strategy: 'flow', realized: '8' }]);
  });

  it('averages entries, closes in parts, and carries the rest to another session', () => {
    const first = attribute([
      planned('e1'),
      filled('e1', 'BUY', '1', '100'),
      filled('e1', 'BUY', '3', '104', { executedAt: '2018-02-06T15:01:00.000Z' }),
      planned('x1', 'e1'),
      filled('x1', 'SELL', '1', '105', { executedAt: '2018-02-06T15:02:00.000Z' }),
    ]);
    expect(first.realized).toEqual([{ strategy: 'flow', realized: '2' }]);
    expect(first.state.layers['e1']).toMatchObject({ quantity: '3', averagePrice: '103' });
    const revived = JSON.parse(JSON.stringify(first.state)) as AttributionState;
    const second = attribute([planned('x2', 'e1'), filled('x2', 'SELL', '3', '100')], revived);
    expect(second.realized).toEqual([{ strategy: 'flow', realized: '-9' }]);
  });

  it('counts an execution once, and a corrected one not at all', () => {
    const entry = filled('e1', 'BUY', '10', '100', { execId: 'a.01' });
    const { state } = attribute([
      planned('e1'),
      entry,
      entry,
      filled('e1', 'BUY', '8', '100', { execId: 'a.02', corrects: 'a.01' }),
    ]);
    expect(state.layers['e1']?.quantity).toBe('8');
  });

  it('takes an execution back when its correction comes in a later session, or came before it', () => {
    const original = filled('e1', 'BUY', '10', '100', { execId: 'a.01' });
    const corrected = filled('e1', 'BUY', '8', '101', { execId: 'a.02', corrects: 'a.01' });
    const first = attribute([planned('e1'), original]);
    const second = attribute([corrected], first.state);
    expect(second.state.layers['e1']).toMatchObject({ quantity: '8', averagePrice: '101' });
    expect(second.realized).toEqual([]);

    const reversed = attribute([original], attribute([planned('e1'), corrected]).state);
    expect(reversed.state.layers).toEqual(second.state.layers);
  });

  it('takes the commission of a corrected execution for the one it corrects, in the same call or a later one', () => {
    const first = attribute([planned('e1'), filled('e1', 'BUY', '1', '100'), commission('e1', 'x.01', '1')]);
    const corrected = commission('e1', 'x.02', '1.25');
    const second = attribute([corrected], first.state);
    expect(second.realized).toEqual([{ strategy: 'flow', realized: '-0.25' }]);
    expect(attribute([corrected, commission('e1', 'x.01', '1')], second.state).realized).toEqual([]);
    // As an earlier version stored it: of which execution, and not how much.
    const stored = { ...first.state, charged: { 'x.01': 'e1' } };
    expect(attribute([commission('e1', 'x.01', '1')], stored).realized).toEqual([]);
    const after = attribute([corrected], stored);
    expect(after.realized).toEqual([{ strategy: 'flow', realized: '0' }]);
    expect(attribute([commission('e1', 'x.03', '1.5')], after.state).realized).toEqual([
      { strategy: 'flow', realized: '-0.25' },
    ]);
  });

  it('counts nothing again that an earlier call has counted', () => {
    const events = [
      planned('e1'),
      filled('e1', 'BUY', '1', '100'),
      commission('e1', 'x1', '1'),
      filled('e1', 'SELL', '1', '90', { executedAt: '2018-02-06T16:00:00.000Z' }),
    ];
    const first = attribute(events);
    expect(first.realized).toEqual([{ strategy: 'flow', realized: '-11' }]);
    const again = attribute(events, first.state);
    expect(again.realized).toEqual([]);
    expect(again.state.layers).toEqual({});
  });

  it('turns a layer that sells more than it holds, the excess at the price of the sale', () => {
    const { realized, state } = attribute([
      planned('e1'),
      filled('e1', 'BUY', '2', '100'),
      filled('e1', 'SELL', '5', '110', { executedAt: '2018-02-06T16:00:00.000Z' }),
    ]);
    expect(realized).toEqual([{ strategy: 'flow', realized: '20' }]);
    expect(state.layers['e1']).toMatchObject({ quantity: '-3', averagePrice: '110' });
  });

  it('leaves fills that nobody planned to nobody', () => {
    expect(attribute([filled('z', 'BUY', '1', '1'), commission('z', 'x', '1')])).toEqual({
      state: NO_LAYERS,
      realized: [],
    });
  });

  it('forgets a finished layer in time, and never an open one', () => {
    let { state } = attribute([
      planned('e1'),
      filled('e1', 'BUY', '1', '100'),
      planned('e2'),
      filled('e2', 'BUY', '1', '100'),
      filled('e2', 'SELL', '1', '100', { executedAt: '2018-02-06T16:00:00.000Z' }),
    ]);
    for (let at = 0; at < 11; at++) ({ state } = attribute([], state));
    expect(Object.keys(state.strategyOf)).toEqual(['e1']);
    expect(Object.keys(state.layerOf)).toEqual(['e1']);
  });

  it('adds up over sessions in the lesson', () => {
    const trade = (entry: string, price: string) => [
      planned(entry),
      filled(entry, 'BUY', '1', '100'),
      filled(entry, 'SELL', '1', price, { executedAt: '2018-02-06T16:00:00.000Z' }),
    ];
    const first = learn(NOTHING_LEARNED, session(day(1), null, trade('e1', '110')));
    const second = learn(first.state, session(day(2), null, trade('e2', '85')));
    expect(second.lesson.attribution).toEqual([{ strategy: 'flow', realized: '-5' }]);
    expect(second.lesson.lessons).toEqual(['flow has lost 5.00 in closed positions, commissions taken off']);
  });
});

describe('the learning voter', () => {
  const lesson = (rate: number | null, realized: string | null = null): EventData<'LessonLearned'> => ({
    session: '2018-02-05',
    calibration: [
      { agent: 'flow', observations: 60, brier: rate === null ? null : 0.25, hitRate: rate, weight: 0.5 },
    ],
    attribution: realized === null ? [] : [{ strategy: 'flow', realized }],
    lessons: [],
    agentVersion: 'learning/1',
  });
  const vote = (lessons: EventData<'LessonLearned'> | null, proposal = proposalOf()) =>
    learningOpinionist.opine(dossierOf({ lessons, proposals: [proposal] }));

  it('abstains before anything is learned, below the minimum of observations, and on closing', () => {
    expect(vote(null)).toEqual({
      opinions: [
        { proposalId: 'p1', vote: 'abstain', confidence: 0, reason: 'nothing has been learned yet' },
      ],
      recalled: [],
    });
    expect(vote(lesson(null)).opinions[0]?.vote).toBe('abstain');
    expect(vote(lesson(0.3), proposalOf({ action: 'close' })).opinions[0]?.vote).toBe('abstain');
    expect(vote(lesson(0.3), proposalOf({ strategy: 'ml' })).opinions[0]?.vote).toBe('abstain');
  });

  it('opposes what has measurably failed, long or short, and supports what has come true', () => {
    const failed = vote(lesson(0.3));
    expect(failed.opinions[0]?.vote).toBe('oppose');
    // (0.3 × 60 + 10) / 80 = 0.35
    expect(failed.opinions[0]?.confidence).toBeCloseTo(0.65, 9);
    expect(failed.recalled).toEqual(['lesson:2018-02-05']);
    expect(vote(lesson(0.3), proposalOf({ direction: 'short' })).opinions[0]?.vote).toBe('oppose');
    expect(vote(lesson(0.7)).opinions[0]?.vote).toBe('support');
    expect(vote(lesson(0.7), proposalOf({ direction: 'short' })).opinions[0]?.vote).toBe('support');
  });

  it('does not support a strategy that is right and loses money', () => {
    expect(vote(lesson(0.7, '-120.5')).opinions[0]).toMatchObject({
      vote: 'abstain',
      reason: 'flow came true in 70.0 % of 60 judged cases, and flow has realised -120.5: right but not paid',
    });
    expect(vote(lesson(0.3, '-120.5')).opinions[0]?.vote).toBe('oppose');
  });
});
