import { describe, expect, it } from 'vitest';
import type { Opinion } from '#contracts/events/cycle.ts';
import { type Ballot, type Round, type TallyOptions, tally } from '#core/deliberation/tally.ts';
import { parseBody } from '../../../support/agent-context.ts';

const eventIds = new Map<string, string>();
/** The same voter gets the same event id in every round: enough for these tests. */
function eventIdOf(key: string): string {
  const id = eventIds.get(key) ?? `00000000-0000-4000-8000-${String(eventIds.size).padStart(12, '0')}`;
  eventIds.set(key, id);
  return id;
}

type Vote = readonly [vote: Opinion['vote'], confidence: number];

function ballot(
  voter: string,
  votes: Readonly<Record<string, Vote>>,
  reason = `${voter} has reasons`,
): Ballot {
  return {
    eventId: eventIdOf(`${voter}${reason}`),
    voter,
    opinions: Object.entries(votes).map(([proposalId, [vote, confidence]]) => ({
      proposalId,
      vote,
      confidence,
      reason,
    })),
  };
}

const options = (changes: Partial<TallyOptions> = {}): TallyOptions => ({
  iteration: 1,
  proposals: ['p'],
  weightOf: () => undefined,
  ...changes,
});

const round = (...votes: readonly Vote[]): Round =>
  votes.map((vote, index) =>
    ballot(['data', 'strategy', 'risk', 'execution', 'macro', 'memory'][index] as string, { p: vote }),
  );

describe('tally', () => {
  it('approves what more than half of those with an opinion support with enough confidence', () => {
    const votes = round(
      ['support', 0.7],
      ['support', 0.6],
      ['support', 0.65],
      ['oppose', 0.9],
      ['abstain', 0],
    );

    const outcome = tally(votes, [], options());

    expect(outcome.kind).toBe('reached');
    if (outcome.kind !== 'reached') return;
    expect(() => parseBody('ConsensusReached', outcome.body)).not.toThrow();
    expect(outcome.body.approved).toMatchObject([
      { proposalId: 'p', support: 3, oppose: 1, abstain: 1, meanConfidence: 0.65, weightedSupport: 0.75 },
    ]);
    expect(outcome.body.dissent).toEqual([
      { voter: 'execution', proposalId: 'p', reason: 'execution has reasons' },
    ]);
    expect(outcome.body.missing).toEqual(['learning', 'memory']);
  });

  it('fails at once, with no round held, when there is nothing to decide on', () => {
    const outcome = tally([], [], options({ proposals: [] }));

    expect(outcome.kind).toBe('failed');
    if (outcome.kind !== 'failed') return;
    expect(() => parseBody('ConsensusFailed', outcome.body)).not.toThrow();
    expect(outcome.body).toMatchObject({ rounds: 0, reason: 'there is no proposal to decide on' });
  });

  it('needs four voters with an opinion, however many support', () => {
    const votes = round(['support', 0.9], ['support', 0.9], ['support', 0.9], ['abstain', 0]);

    const outcome = tally(votes, [votes, votes], options());

    expect(outcome.kind).toBe('failed');
    if (outcome.kind === 'failed') expect(outcome.body.reason).toContain('quorum: 3 of 4');
  });

  it('does not take an even split for a majority', () => {
    const split = round(['support', 0.9], ['support', 0.9], ['oppose', 0.6], ['oppose', 0.6]);

    const outcome = tally(split, [split, split], options());

    expect(outcome.kind === 'failed' && outcome.body.rejected[0]?.reason).toContain(
      '2 of 4, not more than half',
    );
  });

  it('wants a mean confidence of 0.60 of the supporters and counts nobody else’s', () => {
    const timid = round(['support', 0.59], ['support', 0.6], ['support', 0.6], ['oppose', 1]);
    const sure = round(['support', 0.6], ['support', 0.6], ['support', 0.6], ['oppose', 0]);

    expect(tally(timid, [timid, timid], options()).kind).toBe('failed');
    expect(tally(sure, [], options()).kind).toBe('reached');
  });

  it('opens another round with everybody’s reasons while a proposal is contested', () => {
    const votes = round(['support', 0.7], ['support', 0.7], ['oppose', 0.7], ['oppose', 0.7]);

    const outcome = tally(votes, [], options());

    expect(outcome.kind).toBe('next-round');
    if (outcome.kind !== 'next-round') return;
    expect(() => parseBody('DeliberationRoundOpened', outcome.body)).not.toThrow();
    expect(outcome.body).toMatchObject({ round: 2, open: ['p'] });
    expect(outcome.body.previous).toHaveLength(4);
  });

  it('rejects in the first round what a quorum opposes', () => {
    const outcome = tally(
      round(['oppose', 0.7], ['oppose', 0.7], ['oppose', 0.7], ['support', 0.9]),
      [],
      options(),
    );

    expect(outcome.kind).toBe('failed');
    if (outcome.kind === 'failed') expect(outcome.body.rounds).toBe(1);
  });

  it('ends a deadlock without a third round', () => {
    const votes = round(['support', 0.7], ['support', 0.7], ['oppose', 0.7], ['oppose', 0.7]);

    const outcome = tally(votes, [votes], options());

    expect(outcome.kind).toBe('failed');
    if (outcome.kind === 'failed') expect(outcome.body.rounds).toBe(2);
  });

  it('never holds a fourth round', () => {
    const contested = (confidence: number) =>
      round(['support', confidence], ['support', 0.7], ['oppose', 0.7], ['oppose', 0.7]);

    expect(tally(contested(0.7), [contested(0.9), contested(0.8)], options()).kind).toBe('failed');
  });

  it('keeps who changed their vote and why', () => {
    const first = round(['support', 0.7], ['support', 0.7], ['oppose', 0.7], ['oppose', 0.7]);
    const second = [
      ...first.slice(0, 3),
      ballot('execution', { p: ['support', 0.6] }, 'the others convinced me'),
    ];

    const outcome = tally(second, [first], options());

    expect(outcome.kind === 'reached' && outcome.body.changed).toEqual([
      {
        voter: 'execution',
        proposalId: 'p',
        from: 'oppose',
        to: 'support',
        round: 2,
        reason: 'the others convinced me',
      },
    ]);
  });

  it('keeps what one round settled while another proposal is voted on again', () => {
    const voters = ['data', 'strategy', 'risk', 'execution'];
    const first = voters.map((voter, index) =>
      ballot(voter, { p: ['support', 0.8], q: [index < 2 ? 'support' : 'oppose', 0.7] }),
    );
    const second = voters.map((voter) => ballot(voter, { p: ['oppose', 0.9], q: ['support', 0.7] }));

    const outcome = tally(second, [first], options({ proposals: ['p', 'q'] }));

    expect(outcome.kind === 'reached' && outcome.body.approved.map(({ proposalId }) => proposalId)).toEqual([
      'p',
      'q',
    ]);
  });

  it('records support by measured weight without letting it overrule the count', () => {
    const votes = round(['support', 0.7], ['support', 0.7], ['support', 0.7], ['oppose', 0.7]);
    const weights: Readonly<Record<string, number>> = { execution: 1, data: 0.1, strategy: 0.1, risk: 0.1 };

    const outcome = tally(votes, [], options({ weightOf: (voter) => weights[voter] }));

    expect(outcome.kind === 'reached' && outcome.body.approved[0]?.weightedSupport).toBeCloseTo(0.3 / 1.3, 9);
  });

  it('counts one ballot a voter', () => {
    const votes = round(['support', 0.7], ['support', 0.7], ['support', 0.7]);
    const again = ballot('data', { p: ['support', 0.7] }, 'said twice');

    const outcome = tally([...votes, again], [votes, votes], options());

    expect(outcome.kind === 'failed' && outcome.body.rejected[0]?.support).toBe(3);
  });
});
