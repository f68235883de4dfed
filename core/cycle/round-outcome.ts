import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext } from '#core/agents/context.ts';
import { tally } from '#core/deliberation/tally.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

/** What follows from the votes of a round; `opinions` are all of the iteration so far, in journal order. */
export function roundOutcome(
  speaker: Speaker,
  context: AgentContext,
  synthesized: DeskEvent<'ProposalSynthesized'>,
  round: number,
  opinions: readonly DeskEvent<'OpinionGiven'>[],
): JournalEntry<'ConsensusReached' | 'ConsensusFailed' | 'DeliberationRoundOpened'> {
  const { iteration } = synthesized.data;
  const ballots = (number: number) => opinions.filter(({ data }) => data.round === number).map(ballotOf);
  const outcome = tally(
    ballots(round),
    Array.from({ length: round - 1 }, (_, index) => ballots(index + 1)),
    {
      iteration,
      proposals: synthesized.data.proposals.map(({ proposalId }) => proposalId),
      weightOf: context.calibratedWeight,
    },
  );
  switch (outcome.kind) {
    case 'reached':
      return cycleEvent(speaker, synthesized, 'ConsensusReached', String(iteration), outcome.body);
    case 'failed':
      return cycleEvent(speaker, synthesized, 'ConsensusFailed', String(iteration), outcome.body);
    case 'next-round': {
      const key = `${iteration}/${outcome.body.round}`;
      return cycleEvent(speaker, synthesized, 'DeliberationRoundOpened', key, outcome.body);
    }
  }
}

const ballotOf = ({ metadata, data }: DeskEvent<'OpinionGiven'>) => ({
  eventId: metadata.id,
  voter: data.voter,
  opinions: data.opinions,
});
