import { describe, expect, it } from 'vitest';
import type { Episode } from '#core/agents/context.ts';
import { caseOf, type DossierCase } from '#core/agents/memory/case.ts';
import { type CycleEvent, episodesOfSession } from '#core/agents/memory/episodes.ts';
import { memoryOpinionist } from '#core/agents/memory/memory-opinion.ts';
import { recallEpisodes, similarityOf } from '#core/agents/memory/recall.ts';
import { dossierOf, eventOf, marketOf, proposalOf, synthesizedOf } from '../cycle-events.ts';
import { AAPL, dailyFromCloses, IN_CYCLE } from '../market-context.ts';

const features = { trend: 0.5, 'momentum.score': 0.4, 'fear.level': 0.2, 'volatility.annual': 0.15 };
const here: DossierCase = { instrument: 'AAPL', regime: 'bull', direction: 'long', features };
const episode = (change: Partial<Episode> = {}): Episode => ({
  episodeId: 'e1',
  instrument: 'AAPL',
  closedOn: '2018-01-31',
  regime: 'bull',
  direction: 'long',
  confidence: 0.6,
  features,
  outcome: 0.02,
  traded: true,
  importance: 0.5,
  ...change,
});
const idsOf = (episodes: readonly Episode[]) => episodes.map(({ episodeId }) => episodeId);

describe('recall', () => {
  it('never gives an episode that ended on or after the session that asks', () => {
    const episodes = [
      episode({ episodeId: 'before', closedOn: '2018-02-05' }),
      episode({ episodeId: 'same', closedOn: '2018-02-06' }),
      episode({ episodeId: 'after', closedOn: '2018-02-07' }),
    ];
    expect(idsOf(recallEpisodes(episodes, here, '2018-02-06', 10))).toEqual(['before']);
  });

  it('puts similar, recent and important episodes first, whatever the order they are stored in', () => {
    const episodes = [
      episode({ episodeId: 'old', closedOn: '2015-01-30' }),
      episode({ episodeId: 'other', features: { ...features, trend: -0.5 } }),
      episode({ episodeId: 'best', importance: 1 }),
      episode({ episodeId: 'plain' }),
    ];
    expect(idsOf(recallEpisodes(episodes, here, '2018-02-06', 2))).toEqual(['best', 'plain']);
    expect(idsOf(recallEpisodes(episodes.toReversed(), here, '2018-02-06', 10))).toEqual(
      idsOf(recallEpisodes(episodes, here, '2018-02-06', 10)),
    );
    expect(recallEpisodes(episodes, here, '2018-02-06', 1)).toHaveLength(1);
    expect(recallEpisodes(episodes, here, '2018-02-06', 0)).toEqual([]);
  });

  it('compares only what both cases know, and nothing with too little in common', () => {
    expect(similarityOf(episode(), here)).toBe(1);
    expect(similarityOf(episode({ features: { ...features, 'channel.position': 0.9 } }), here)).toBe(1);
    expect(similarityOf(episode({ features: { ...features, trend: null } }), here)).toBe(0);
    expect(similarityOf(episode({ features: {} }), here)).toBe(0);
  });

  it('takes one scale of difference in one of four features as e^(−1/8)', () => {
    expect(similarityOf(episode({ features: { ...features, trend: 0.9 } }), here)).toBeCloseTo(
      Math.exp(-1 / 8),
    );
  });

  it('counts another instrument or regime for less, and the other side not at all', () => {
    expect(similarityOf(episode({ instrument: 'MSFT' }), here)).toBeCloseTo(0.7);
    expect(similarityOf(episode({ regime: 'crisis' }), here)).toBeCloseTo(0.5);
    expect(similarityOf(episode({ regime: null }), here)).toBeCloseTo(0.85);
    expect(recallEpisodes([episode({ direction: 'short' })], here, '2018-02-06', 10)).toEqual([]);
  });
});

describe('the memory voter', () => {
  const market = marketOf({ measures: { ...features } });
  const known = caseOf(market, 'AAPL', 'long')?.features ?? {};
  const many = (count: number, change: Partial<Episode>) =>
    Array.from({ length: count }, (_, at) => episode({ episodeId: `e${at}`, features: known, ...change }));
  const vote = (episodes: readonly Episode[], proposal = proposalOf()) =>
    memoryOpinionist.opine(dossierOf({ market, episodes, proposals: [proposal] }));

  it('abstains without precedents, and with too few', () => {
    expect(vote([]).opinions[0]).toEqual({
      proposalId: 'p1',
      vote: 'abstain',
      confidence: 0,
      reason: '0 comparable episodes of a long in AAPL; at least 5 are needed',
    });
    expect(vote(many(4, {})).opinions[0]?.vote).toBe('abstain');
    expect(
      memoryOpinionist.opine(dossierOf({ market: marketOf(null), episodes: many(9, {}) })).opinions[0]?.vote,
    ).toBe('abstain');
  });

  it('supports what went well before and opposes what went badly, with the prior in the figure', () => {
    const well = vote(many(6, { outcome: 0.03 }));
    expect(well.opinions[0]?.vote).toBe('support');
    // Beta(2, 2) and six wins: 8 of 10.
    expect(well.opinions[0]?.confidence).toBeCloseTo(0.5 + 0.5 * 0.6, 9);
    expect(well.recalled).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5']);
    expect(vote(many(6, { outcome: -0.03 })).opinions[0]?.vote).toBe('oppose');
  });

  it('opposes closing a side that has done well, and judges a short by shorts', () => {
    expect(vote(many(6, { outcome: 0.03 }), proposalOf({ action: 'close' })).opinions[0]?.vote).toBe(
      'oppose',
    );
    const shorts = many(6, { outcome: 0.03, direction: 'short' });
    expect(vote(shorts, proposalOf({ direction: 'short' })).opinions[0]?.vote).toBe('support');
    expect(vote(shorts).opinions[0]?.vote).toBe('abstain');
  });

  it('abstains where many small wins stand against few large losses', () => {
    const mixed = [
      ...many(8, { outcome: 0.001 }),
      episode({ episodeId: 'loss', features: known, outcome: -0.2 }),
    ];
    expect(vote(mixed).opinions[0]).toMatchObject({
      vote: 'abstain',
      reason: expect.stringContaining('point opposite ways'),
    });
  });

  it('does not use an episode of its own session', () => {
    expect(vote(many(6, { closedOn: IN_CYCLE.session })).opinions[0]?.vote).toBe('abstain');
  });
});

describe('episodes of a session', () => {
  const SESSION = '2018-01-29';
  const daily = dailyFromCloses('AAPL', [98, 99, 100, 104, 108, 96, 90], '2018-02-06');
  // 2018-01-26 … 2018-02-05: the session's own bar is 99, five sessions later 90.
  const inCycle = { ...IN_CYCLE, session: SESSION };
  const asOf = Date.parse('2018-02-06T06:00:00.000Z');
  const referenceAt = '2018-01-29T15:00:00.000Z';
  const market = (cycleId: string, change: Parameters<typeof marketOf>[0] = {}) =>
    eventOf('MarketViewPublished', {
      ...inCycle,
      cycleId,
      ...marketOf({ referenceAt, measures: { trend: 0.3, 'volatility.session': 0.01 }, ...change }),
    });
  const proposed = (cycleId: string, ...proposals: Parameters<typeof proposalOf>[0][]) =>
    eventOf('ProposalSynthesized', {
      ...inCycle,
      cycleId,
      ...synthesizedOf(proposals.map((change) => proposalOf(change))),
    });
  const cleared = (cycleId: string, proposalId: string) =>
    eventOf('DecisionCleared', {
      ...inCycle,
      cycleId,
      iteration: 1,
      crisisScore: 0.1,
      components: {},
      scenarios: [],
      agentVersion: 'reflection/1',
      approved: [{ proposalId, quantity: '1' }],
    });
  const agreed = (cycleId: string, proposalId: string) =>
    eventOf('ConsensusReached', {
      ...inCycle,
      cycleId,
      iteration: 1,
      rounds: 1,
      rejected: [],
      dissent: [],
      changed: [],
      missing: [],
      inputs: [],
      approved: [
        {
          proposalId,
          support: 4,
          oppose: 0,
          abstain: 0,
          meanConfidence: 0.7,
          weightedSupport: 1,
          reason: 'all',
        },
      ],
    });
  const remember = (
    events: readonly CycleEvent[],
    change: { horizonSessions?: number; asOf?: number } = {},
  ) =>
    episodesOfSession({
      session: SESSION,
      events,
      instrument: () => AAPL,
      daily: () => daily,
      asOf: change.asOf ?? asOf,
      horizonSessions: change.horizonSessions ?? 5,
    });

  it('remember a traded proposal with what was known and what came of it', () => {
    const { episodes, open } = remember([
      market('c1'),
      proposed('c1', {}),
      agreed('c1', 'p1'),
      cleared('c1', 'p1'),
    ]);
    expect(open).toBe(0);
    expect(episodes).toEqual([
      {
        episodeId: 'c1:AAPL:long:5',
        instrument: 'AAPL',
        closedOn: '2018-02-05',
        regime: 'bull',
        direction: 'long',
        confidence: 0.6,
        features: expect.objectContaining({ 'view.direction': 0.5, trend: 0.3, 'consensus.confidence': 0.7 }),
        outcome: -0.1,
        traded: true,
        importance: 1,
      },
    ]);
  });

  it('sign the outcome by the side taken', () => {
    const { episodes } = remember([market('c1'), proposed('c1', { direction: 'short' })]);
    expect(episodes[0]).toMatchObject({ direction: 'short', outcome: 0.1, traded: false });
  });

  it('remember a leaning that nobody proposed to trade, but not a flat view', () => {
    expect(remember([market('c1', { direction: -0.3 })]).episodes[0]).toMatchObject({
      direction: 'short',
      traded: false,
      confidence: 0.65,
    });
    expect(remember([market('c1', { direction: 0.05 })])).toEqual({ episodes: [], open: 0 });
  });

  it('never peek: an outcome after the present is open, even where the bars are there', () => {
    const events = [market('c1'), proposed('c1', {})];
    expect(remember(events, { asOf: Date.parse('2018-02-05T20:59:59.000Z') })).toEqual({
      episodes: [],
      open: 1,
    });
    expect(remember(events, { asOf: Date.parse('2018-02-05T21:00:00.000Z') }).episodes).toHaveLength(1);
    expect(remember(events, { horizonSessions: 6 })).toEqual({ episodes: [], open: 1 });
  });

  it("end at the session's own close with a horizon of 0, if the decision was before it", () => {
    expect(remember([market('c1')], { horizonSessions: 0 }).episodes[0]).toMatchObject({
      closedOn: SESSION,
      outcome: -0.01,
    });
    const late = market('c1', { referenceAt: '2018-01-29T21:00:00.000Z' });
    expect(remember([late], { horizonSessions: 0 })).toEqual({ episodes: [], open: 1 });
  });

  it('keep one case per side: the first traded, else the first seen, in any order of events', () => {
    const events = [
      market('c1'),
      proposed('c1', { proposalId: 'p1' }),
      market('c2', { referencePrice: 101 }),
      proposed('c2', { proposalId: 'p2' }),
      cleared('c2', 'p2'),
      market('c3'),
      proposed('c3', { proposalId: 'p3' }),
      cleared('c3', 'p3'),
    ];
    const { episodes } = remember(events);
    expect(episodes.map(({ episodeId, traded }) => [episodeId, traded])).toEqual([['c2:AAPL:long:5', true]]);
    expect(remember(events.toReversed())).toEqual(remember(events));
    expect(remember(events.slice(0, 4)).episodes[0]?.episodeId).toBe('c1:AAPL:long:5');
  });

  it('ignore events of other sessions and proposals to close', () => {
    const other = eventOf('MarketViewPublished', { ...IN_CYCLE, ...marketOf() });
    expect(remember([other]).episodes).toEqual([]);
    const closing = remember([market('c1'), proposed('c1', { action: 'close', direction: 'short' })]);
    expect(closing.episodes[0]).toMatchObject({ direction: 'long', traded: false });
  });
});
