import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { View } from '#contracts/events/cycle.ts';
import type { Intent } from '#contracts/events/orders.ts';
import { EVENTS } from '#contracts/registry.ts';
import type { Episode } from '#core/agents/context.ts';
import { attributeRealized, type FillEvent, NO_LAYERS } from '#core/agents/learning/attribution.ts';
import { type LearningState, learn, NOTHING_LEARNED } from '#core/agents/learning/learning.ts';
import { FEATURE_SCALES } from '#core/agents/memory/case.ts';
import { rankEpisodes, recallEpisodes } from '#core/agents/memory/recall.ts';
import { dateOfDay, dayNumber } from '#core/market/civil-date.ts';
import { Decimal } from '#core/values/decimal.ts';
import { eventOf, marketOf, viewOf } from '../../../unit/core/agents/cycle-events.ts';
import { IN_CYCLE } from '../../../unit/core/agents/market-context.ts';

const FIRST = dayNumber('2017-01-02');
const dayOf = (offset: number) => dateOfDay(FIRST + offset);
const feature = fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { freq: 5 });
const features = fc.record(Object.fromEntries(Object.keys(FEATURE_SCALES).map((name) => [name, feature])));
const regime = fc.option(fc.constantFrom('bull', 'bear', 'sideways', 'crisis'), { freq: 5 });
const direction = fc.constantFrom<'long' | 'short'>('long', 'short');

const episodes = fc
  .array(
    fc.record({
      instrument: fc.constantFrom('AAPL', 'MSFT'),
      closedOn: fc.integer({ min: 0, max: 400 }).map(dayOf),
      regime,
      direction,
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      features,
      outcome: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      traded: fc.boolean(),
      importance: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 30 },
  )
  .map((found) => found.map((one, at): Episode => ({ ...one, episodeId: `e${at}` })));
const dossierCase = fc.record({ instrument: fc.constantFrom('AAPL', 'MSFT'), regime, direction, features });

describe('recall', () => {
  it('knows nothing of what ended on or after the session, whatever is in store', () => {
    fc.assert(
      fc.property(
        episodes,
        dossierCase,
        fc.integer({ min: 0, max: 420 }),
        fc.nat(10),
        (stored, at, day, limit) => {
          const session = dayOf(day);
          const recalled = recallEpisodes(stored, at, session, limit);
          expect(recalled.length).toBeLessThanOrEqual(limit);
          const known = stored.filter(({ closedOn }) => closedOn < session);
          expect(recalled).toEqual(recallEpisodes(known, at, session, limit));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('orders by relevance, inside 0…1, the same for any order of storage', () => {
    fc.assert(
      fc.property(episodes, dossierCase, (stored, at) => {
        const ranked = rankEpisodes(stored, at, '2018-06-01', 50);
        const relevances = ranked.map(({ relevance }) => relevance);
        expect(relevances).toEqual(relevances.toSorted((left, right) => right - left));
        for (const { similarity, relevance } of ranked) {
          expect(similarity).toBeLessThanOrEqual(1);
          expect(relevance).toBeLessThanOrEqual(1);
          expect(relevance).toBeGreaterThan(0);
        }
        expect(rankEpisodes(stored.toReversed(), at, '2018-06-01', 50)).toEqual(ranked);
      }),
      { numRuns: 100 },
    );
  });
});

const AGENTS_HEARD = ['market-data', 'sentiment', 'economic'] as const;
const sessionClaims = fc.record({
  close: fc.option(fc.double({ min: 1, max: 1000, noNaN: true }), { freq: 6 }),
  claims: fc.uniqueArray(
    fc.record({
      agent: fc.constantFrom(...AGENTS_HEARD),
      direction: fc.double({ min: -1, max: 1, noNaN: true }),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      horizonSessions: fc.integer({ min: 1, max: 4 }),
    }),
    { selector: ({ agent }) => agent },
  ),
});

describe('learning over any run of sessions', () => {
  const inputs = fc.array(sessionClaims, { minLength: 1, maxLength: 60 });
  const sessionInput = (
    { close, claims }: { close: number | null; claims: readonly (Partial<View> & { agent: string })[] },
    at: number,
  ) => {
    const session = dayOf(at);
    const inCycle = { ...IN_CYCLE, session, cycleId: `c${at}` };
    return {
      session,
      events: [
        eventOf('MarketViewPublished', {
          ...inCycle,
          ...marketOf({ direction: 0, referencePrice: close ?? 100 }),
        }),
        ...claims.map(({ agent, ...change }) =>
          eventOf('AnalysisCompleted', {
            ...inCycle,
            agent,
            agentVersion: 'a/1',
            views: [viewOf(change)],
            abstentions: [],
          }),
        ),
      ],
      closes: close === null ? {} : { AAPL: close },
      multiplierOf: () => '1',
    };
  };

  it('stays inside the contract, judges no claim twice, and does not depend on the order of events', () => {
    fc.assert(
      fc.property(inputs, (sessions) => {
        let state: LearningState = NOTHING_LEARNED;
        let shuffled: LearningState = NOTHING_LEARNED;
        let claimed = 0;
        for (const [at, given] of sessions.entries()) {
          const input = sessionInput(given, at);
          claimed += given.claims.filter(({ direction: side }) => side !== 0).length;
          const learned = learn(JSON.parse(JSON.stringify(state)) as LearningState, input);
          shuffled = learn(shuffled, { ...input, events: input.events.toReversed() }).state;
          state = learned.state;
          expect(EVENTS.LessonLearned.data.safeParse(learned.lesson).error).toBeUndefined();
          for (const { weight } of learned.lesson.calibration) {
            expect(weight).toBeGreaterThanOrEqual(0.05);
            expect(weight).toBeLessThanOrEqual(0.95);
          }
        }
        expect(shuffled).toEqual(state);
        const judged = Object.values(state.agents).reduce((sum, { observations }) => sum + observations, 0);
        expect(judged + state.pending.length).toBeLessThanOrEqual(claimed);
        for (const record of Object.values(state.agents)) {
          const binned = record.bins.reduce((sum, { observations }) => sum + observations, 0);
          expect(binned).toBe(record.observations);
          expect(record.hits).toBeLessThanOrEqual(record.observations);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('never lets a later close change what was learned before', () => {
    fc.assert(
      fc.property(inputs, fc.double({ min: 1, max: 1000, noNaN: true }), (sessions, other) => {
        const states = (last: number) => {
          let state: LearningState = NOTHING_LEARNED;
          const seen: LearningState[] = [];
          for (const [at, given] of sessions.entries()) {
            const close = at === sessions.length - 1 ? last : given.close;
            state = learn(state, sessionInput({ ...given, close }, at)).state;
            seen.push(state);
          }
          return seen.slice(0, -1);
        };
        expect(states(other)).toEqual(states(other / 2));
      }),
      { numRuns: 30 },
    );
  });
});

describe('attribution of any trading', () => {
  it('conserves money: what was realised is what came in, less what went out, once all is closed', () => {
    const trades = fc.array(
      fc.record({
        layer: fc.constantFrom('e1', 'e2'),
        buy: fc.boolean(),
        quantity: fc.integer({ min: 1, max: 50 }),
        cents: fc.integer({ min: 100, max: 50_000 }),
        later: fc.boolean(),
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(trades, (given) => {
        let cash = new Decimal(0);
        const held: Record<string, number> = { e1: 0, e2: 0 };
        let state = NO_LAYERS;
        let realized = new Decimal(0);
        let number = 0;
        const feed = (events: readonly FillEvent[]) => {
          const attributed = attributeRealized(state, events, () => '1');
          state = JSON.parse(JSON.stringify(attributed.state)) as typeof state;
          for (const { realized: amount } of attributed.realized) realized = realized.add(amount);
        };
        const fill = (layer: string, buy: boolean, quantity: number, cents: number): FillEvent => {
          number += 1;
          held[layer] = (held[layer] ?? 0) + (buy ? quantity : -quantity);
          cash = cash.add(new Decimal(cents).div(100).mul(buy ? -quantity : quantity));
          return eventOf('OrderFilled', {
            intentId: layer,
            orderRef: layer,
            role: 'order',
            instrument: 'AAPL',
            orderId: 1,
            permId: 1,
            execId: `x${String(number).padStart(4, '0')}`,
            side: buy ? 'BUY' : 'SELL',
            quantity: String(quantity),
            price: new Decimal(cents).div(100).toFixed(),
            cumulativeQuantity: String(quantity),
            averagePrice: '1',
            executedAt: '2018-02-06T15:00:00.000Z',
            corrects: null,
          });
        };
        feed(
          ['e1', 'e2'].map((intentId) =>
            eventOf('OrderPlanned', {
              intent: { intentId, closes: null, strategy: `s-${intentId}`, instrument: 'AAPL' } as Intent,
            }),
          ),
        );
        let batch: FillEvent[] = [];
        for (const { layer, buy, quantity, cents, later } of given) {
          batch.push(fill(layer, buy, quantity, cents));
          if (!later) continue;
          feed(batch);
          batch = [];
        }
        for (const layer of ['e1', 'e2']) {
          const rest = held[layer] ?? 0;
          if (rest !== 0) batch.push(fill(layer, rest < 0, Math.abs(rest), 10_000));
        }
        feed(batch);
        expect(state.layers).toEqual({});
        // Average prices are kept to 12 places.
        expect(realized.sub(cash).abs().toNumber()).toBeLessThan(1e-8);
      }),
      { numRuns: 100 },
    );
  });
});
