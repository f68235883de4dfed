import { describe, expect, it } from 'vitest';
import type { Opinion, Proposal } from '#contracts/events/cycle.ts';
import { opinion as opinionSchema } from '#contracts/events/cycle.ts';
import type { CycleBody, Dossier } from '#core/agents/context.ts';
import { dataOpinionist } from '#core/agents/data/data-opinion.ts';
import { macroOpinionist } from '#core/agents/macro/macro-opinion.ts';
import { contextOf } from './market-context.ts';

const proposal = (change: Partial<Proposal> = {}): Proposal => ({
  proposalId: 'p1',
  strategy: 'flow',
  instrument: 'AAPL',
  action: 'open',
  direction: 'long',
  confidence: 0.6,
  entry: '100',
  invalidation: '95',
  target: '110',
  horizonSessions: 5,
  pyramiding: null,
  rationale: [],
  evidence: [],
  measures: {},
  method: 'test',
  ...change,
});

const macro = (change: Partial<CycleBody<'MacroAssessed'>> = {}): CycleBody<'MacroAssessed'> => ({
  regime: 'bull',
  regimeConfidence: 0.9,
  regimeReasons: [],
  ranked: [
    { instrument: 'AAPL', rank: 1, score: 0.8, relativeStrength: 1, momentum: 1, riskAdjusted: 1, weight: 1 },
  ],
  unavailable: [],
  instruments: ['AAPL'],
  agentVersion: 'macro/1',
  ...change,
});

type InstrumentView = CycleBody<'MarketViewPublished'>['instruments'][number];
const market = (change: Partial<InstrumentView> | null = {}): CycleBody<'MarketViewPublished'> => ({
  instruments:
    change === null
      ? []
      : [
          {
            instrument: 'AAPL',
            direction: 0.5,
            confidence: 0.65,
            disagreement: 0.1,
            dataQuality: 0.9,
            referencePrice: 100,
            referenceAt: '2018-02-05T21:00:00.000Z',
            measures: {},
            contributions: [],
            ...change,
          },
        ],
  rejected: [],
  answered: [],
  abstained: [],
  missing: [],
  regime: 'bull',
  inputs: [],
  agentVersion: 'data/1',
});

interface Parts {
  readonly proposals?: readonly Proposal[];
  readonly macro?: CycleBody<'MacroAssessed'>;
  readonly market?: CycleBody<'MarketViewPublished'>;
  readonly previous?: Dossier['previous'];
}
const dossier = (parts: Parts = {}): Dossier => ({
  context: contextOf({ session: '2018-02-06', daily: {} }),
  macro: parts.macro ?? macro(),
  market: parts.market ?? market(),
  synthesized: {
    iteration: 1,
    proposals: (parts.proposals ?? [proposal()]).map((entry, at) => ({
      ...entry,
      rank: at + 1,
      score: 1,
      sources: [],
    })),
    dropped: [],
    answered: [],
    abstained: [],
    missing: [],
    inputs: [],
    agentVersion: 'strategy/1',
  },
  previous: parts.previous ?? [],
  round: parts.previous === undefined ? 1 : 2,
  episodes: [],
  lessons: null,
});
const only = (opinions: readonly Opinion[]): Opinion => {
  expect(opinions).toHaveLength(1);
  return opinionSchema.parse(opinions[0]);
};

describe('the macro voter', () => {
  const vote = (parts: Parts) => only(macroOpinionist.opine(dossier(parts)).opinions);

  it('supports a long with the market and opposes a short against it', () => {
    expect(vote({})).toMatchObject({ vote: 'support' });
    expect(vote({}).confidence).toBeCloseTo(0.5 + 0.5 * (0.7 * 0.6 * 0.9 + 0.3 * Math.tanh(0.4)), 9);
    expect(vote({ proposals: [proposal({ direction: 'short' })] }).vote).toBe('oppose');
  });

  it('reads closing a long as a sale and covering a short as a purchase', () => {
    expect(vote({ proposals: [proposal({ action: 'close' })] }).vote).toBe('oppose');
    expect(vote({ proposals: [proposal({ action: 'close', direction: 'short' })] }).vote).toBe('support');
  });

  it('opposes a long in a crisis, surely', () => {
    const given = vote({ macro: macro({ regime: 'crisis' }) });
    expect(given.vote).toBe('oppose');
    expect(given.confidence).toBeGreaterThan(0.65);
    expect(given.reason).toContain(
      'the regime is crisis (confidence 0.90); AAPL ranks 1 of 1 with score 0.80',
    );
  });

  it('abstains where it knows neither regime nor rank, and where they cancel', () => {
    expect(vote({ macro: macro({ regime: null, ranked: [] }) })).toEqual({
      proposalId: 'p1',
      vote: 'abstain',
      confidence: 0,
      reason: 'no regime, and AAPL is not ranked',
    });
    expect(vote({ macro: macro({ regime: 'sideways', regimeConfidence: 0.5, ranked: [] }) }).vote).toBe(
      'abstain',
    );
  });

  it('gives one opinion of every proposal', () => {
    const proposals = [proposal(), proposal({ proposalId: 'p2', direction: 'short' })];
    const { opinions } = macroOpinionist.opine(dossier({ proposals }));
    expect(opinions.map(({ proposalId, vote: given }) => [proposalId, given])).toEqual([
      ['p1', 'support'],
      ['p2', 'oppose'],
    ]);
  });
});

describe('the data voter', () => {
  const vote = (parts: Parts) => only(dataOpinionist.opine(dossier(parts)).opinions);

  it('votes by the pooled direction, less surely where the sources disagree', () => {
    const united = vote({});
    const divided = vote({ market: market({ disagreement: 0.6 }) });
    expect(united.confidence).toBeCloseTo(0.5 + 0.5 * 0.5 * 0.9 * 0.95, 9);
    expect(divided.vote).toBe('support');
    expect(divided.confidence).toBeLessThan(united.confidence);
    expect(vote({ market: market({ direction: -0.5 }) }).vote).toBe('oppose');
  });

  it('abstains without a view, on a split view and on a flat one', () => {
    expect(vote({ market: market(null) }).reason).toBe('no market view of AAPL was published');
    expect(vote({ market: market({ disagreement: 0.8 }) })).toMatchObject({ vote: 'abstain' });
    expect(vote({ market: market({ direction: 0.01 }) })).toMatchObject({ vote: 'abstain', confidence: 0 });
  });

  const said = (given: Opinion['vote'], confidence: number): Dossier['previous'] =>
    ['strategy', 'risk', 'memory'].map((voter) => ({
      voter,
      opinions: [{ proposalId: 'p1', vote: given, confidence, reason: 'their own' }],
    }));

  it('in a later round gives way where its own view is weak and stands where it is strong', () => {
    const weak = market({ direction: 0.1 });
    expect(vote({ market: weak }).vote).toBe('support');
    expect(vote({ market: weak, previous: said('oppose', 0.9) })).toMatchObject({
      vote: 'oppose',
      reason: expect.stringContaining('the others stand at -0.90'),
    });
    expect(vote({ previous: said('oppose', 0.9) }).vote).toBe('support');
  });

  it('is not moved by itself, by abstentions or by what was said of other proposals', () => {
    const unmoved = [
      {
        voter: 'data',
        opinions: [{ proposalId: 'p1', vote: 'oppose' as const, confidence: 1, reason: 'own' }],
      },
      {
        voter: 'risk',
        opinions: [{ proposalId: 'p1', vote: 'abstain' as const, confidence: 0, reason: 'none' }],
      },
      {
        voter: 'memory',
        opinions: [{ proposalId: 'p9', vote: 'oppose' as const, confidence: 1, reason: 'other' }],
      },
    ];
    expect(vote({ previous: unmoved })).toEqual(vote({}));
  });
});
