import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VOTERS } from '#contracts/agents.ts';
import { type Ballot, tally } from '#core/deliberation/tally.ts';
import { parseBody } from '../../../support/agent-context.ts';

const PROPOSALS = ['a', 'b', 'c'];

const ballots: fc.Arbitrary<readonly Ballot[]> = fc
  .array(
    fc.record({
      eventId: fc.uuid(),
      voter: fc.constantFrom(...VOTERS),
      opinions: fc.uniqueArray(
        fc.record({
          proposalId: fc.constantFrom(...PROPOSALS),
          vote: fc.constantFrom('support' as const, 'oppose' as const, 'abstain' as const),
          confidence: fc.double({ min: 0, max: 1, noNaN: true }),
          reason: fc.constant('because'),
        }),
        { selector: ({ proposalId }) => proposalId },
      ),
    }),
    { maxLength: 10 },
  )
  .map((given) => [...new Map(given.map((ballot) => [ballot.eventId, ballot])).values()]);

const history = fc.tuple(ballots, fc.array(ballots, { maxLength: 2 }));
const options = { iteration: 1, proposals: PROPOSALS, weightOf: () => undefined };
const TYPES = {
  reached: 'ConsensusReached',
  failed: 'ConsensusFailed',
  'next-round': 'DeliberationRoundOpened',
} as const;

describe('tally, whatever the votes', () => {
  it('gives a body that its contract accepts', () => {
    fc.assert(
      fc.property(history, ([current, previous]) => {
        const outcome = tally(current, previous, options);
        expect(() => parseBody(TYPES[outcome.kind], outcome.body)).not.toThrow();
      }),
      { numRuns: 150 },
    );
  });

  it('does not depend on the order in which ballots arrive', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat()), ([current, previous], stream) => {
        const draws = [...stream.take(60)];
        const shuffled = (round: readonly Ballot[]) =>
          round
            .map((ballot, index) => ({ ballot, key: draws[index] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ ballot }) => ballot);

        expect(tally(shuffled(current), previous.map(shuffled), options)).toEqual(
          tally(current, previous, options),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('approves only with a quorum, a majority and enough confidence, and places every proposal once', () => {
    fc.assert(
      fc.property(history, ([current, previous]) => {
        const outcome = tally(current, previous, options);
        if (outcome.kind === 'next-round') {
          expect(previous.length).toBeLessThan(2);
          return;
        }
        const approved = outcome.kind === 'reached' ? outcome.body.approved : [];
        for (const entry of approved) {
          expect(entry.support + entry.oppose).toBeGreaterThanOrEqual(4);
          expect(entry.support).toBeGreaterThan(entry.oppose);
          expect(entry.meanConfidence).toBeGreaterThanOrEqual(0.6);
        }
        const placed = [...approved, ...outcome.body.rejected].map(({ proposalId }) => proposalId).sort();
        expect(placed).toEqual(PROPOSALS);
      }),
      { numRuns: 200 },
    );
  });
});
