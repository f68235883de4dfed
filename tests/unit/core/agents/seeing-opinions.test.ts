import { describe, expect, it } from 'vitest';
import { type Opinion, opinion as opinionSchema } from '#contracts/events/cycle.ts';
import { dataOpinionist } from '#core/agents/data/data-opinion.ts';
import { macroOpinionist } from '#core/agents/macro/macro-opinion.ts';
import { type DossierParts, dossierOf, macroOf, marketOf, proposalOf, saidBy } from './cycle-events.ts';

const only = (opinions: readonly Opinion[]): Opinion => {
  expect(opinions).toHaveLength(1);
  return opinionSchema.parse(opinions[0]);
};

describe('the macro voter', () => {
  const vote = (parts: DossierParts) => only(macroOpinionist.opine(dossierOf(parts)).opinions);

  it('supports a long with the market and opposes a short against it', () => {
    expect(vote({})).toMatchObject({ vote: 'support' });
    expect(vote({}).confidence).toBeCloseTo(0.5 + 0.5 * (0.7 * 0.6 * 0.9 + 0.3 * Math.tanh(0.4)), 9);
    expect(vote({ proposals: [proposalOf({ direction: 'short' })] }).vote).toBe('oppose');
  });

  it('reads closing a long as a sale and covering a short as a purchase', () => {
    expect(vote({ proposals: [proposalOf({ action: 'close' })] }).vote).toBe('oppose');
    expect(vote({ proposals: [proposalOf({ action: 'close', direction: 'short' })] }).vote).toBe('support');
  });

  it('opposes a long in a crisis, surely', () => {
    const given = vote({ macro: macroOf({ regime: 'crisis' }) });
    expect(given.vote).toBe('oppose');
    expect(given.confidence).toBeGreaterThan(0.65);
    expect(given.reason).toContain(
      'the regime is crisis (confidence 0.90); AAPL ranks 1 of 1 with score 0.80',
    );
  });

  it('abstains where it knows neither regime nor rank, and where they cancel', () => {
    expect(vote({ macro: macroOf({ regime: null, ranked: [] }) })).toEqual({
      proposalId: 'p1',
      vote: 'abstain',
      confidence: 0,
      reason: 'no regime, and AAPL is not ranked',
    });
    expect(vote({ macro: macroOf({ regime: 'sideways', regimeConfidence: 0.5, ranked: [] }) }).vote).toBe(
      'abstain',
    );
  });

  it('gives one opinion of every proposal', () => {
    const proposals = [proposalOf(), proposalOf({ proposalId: 'p2', direction: 'short' })];
    const { opinions } = macroOpinionist.opine(dossierOf({ proposals }));
    expect(opinions.map(({ proposalId, vote: given }) => [proposalId, given])).toEqual([
      ['p1', 'support'],
      ['p2', 'oppose'],
    ]);
  });
});

describe('the data voter', () => {
  const vote = (parts: DossierParts) => only(dataOpinionist.opine(dossierOf(parts)).opinions);

  it('votes by the pooled direction, less surely where the sources disagree', () => {
    const united = vote({});
    const divided = vote({ market: marketOf({ disagreement: 0.6 }) });
    expect(united.confidence).toBeCloseTo(0.5 + 0.5 * 0.5 * 0.9 * 0.95, 9);
    expect(divided.vote).toBe('support');
    expect(divided.confidence).toBeLessThan(united.confidence);
    expect(vote({ market: marketOf({ direction: -0.5 }) }).vote).toBe('oppose');
  });

  it('abstains without a view, on a split view and on a flat one', () => {
    expect(vote({ market: marketOf(null) }).reason).toBe('no market view of AAPL was published');
    expect(vote({ market: marketOf({ disagreement: 0.8 }) })).toMatchObject({ vote: 'abstain' });
    expect(vote({ market: marketOf({ direction: 0.01 }) })).toMatchObject({ vote: 'abstain', confidence: 0 });
  });

  it('in a later round gives way where its own view is weak and stands where it is strong', () => {
    const weak = marketOf({ direction: 0.1 });
    expect(vote({ market: weak }).vote).toBe('support');
    expect(
      vote({ market: weak, previous: saidBy(['strategy', 'risk', 'memory'], 'oppose', 0.9) }),
    ).toMatchObject({
      vote: 'oppose',
      reason: expect.stringContaining('the others stand at -0.90'),
    });
    expect(vote({ previous: saidBy(['strategy', 'risk', 'memory'], 'oppose', 0.9) }).vote).toBe('support');
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
