import { VOTERS } from '#contracts/agents.ts';
import type { DeskEvent } from '#contracts/registry.ts';
import { roundOutcome } from '#core/cycle/round-outcome.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import type { Arrival } from '#functions/runtime/handler.ts';
import { causeIn, eventsOf } from '#functions/runtime/journal-reading.ts';

export const DELIBERATION_TYPES = ['OpinionGiven', 'ProposalSynthesized', 'DeliberationRoundOpened'] as const;
type DeliberationType = (typeof DELIBERATION_TYPES)[number];

interface RoundInQuestion {
  readonly correlationId: string;
  readonly iteration: number;
  readonly round: number;
  /** The event that opened the round came back as its deadline, or nothing was proposed: count whoever has spoken. */
  readonly close: boolean;
}

/** Counts the votes of a round once all have given theirs or its deadline has passed, and says what follows. */
export async function deliberate(desk: Desk, arrivals: readonly Arrival<DeliberationType>[]): Promise<void> {
  const rounds = new Map<string, RoundInQuestion>();
  for (const { event } of arrivals) {
    const round =
      event.metadata.type === 'ProposalSynthesized' ? 1 : (event.data as { readonly round: number }).round;
    const { correlationId } = event.metadata;
    const { iteration } = event.data;
    const key = `${correlationId}\u0000${iteration}\u0000${round}`;
    const close = event.metadata.type !== 'OpinionGiven' || (rounds.get(key)?.close ?? false);
    rounds.set(key, { correlationId, iteration, round, close });
  }
  for (const round of rounds.values()) await count(desk, round);
}

async function count(desk: Desk, inQuestion: RoundInQuestion): Promise<void> {
  const { correlationId, iteration, round, close } = inQuestion;
  let synthesized = close ? await undecided(desk, inQuestion) : undefined;
  if (synthesized === null) return;
  const opinions = (await eventsOf(desk, correlationId, ['OpinionGiven'])).filter(
    ({ data }) => data.iteration === iteration,
  );
  const cast = opinions.filter(({ data }) => data.round === round).length;
  if (!close && cast < VOTERS.length) return;
  synthesized ??= await undecided(desk, inQuestion);
  if (synthesized === null) return;
  const context = await loadContext(desk, synthesized.data.snapshot);
  // One round has one outcome. Its last vote and its deadline may be counted at the same time, or a vote come late, and they
  // would come to different ones: whoever is first has dealt with the round.
  const result = await desk.store.commit({
    entries: [roundOutcome(speaking(desk), context, synthesized, round, opinions)],
    processed: { consumer: desk.name, eventIds: [`${correlationId}/${iteration}/${round}`] },
  });
  if (result.kind === 'conflict') throw new RoundContendedError(correlationId, round);
}

/** What the round is about; null where it has ended: a vote or a deadline that comes after that has nothing to do. */
async function undecided(
  desk: Desk,
  { correlationId, iteration, round }: RoundInQuestion,
): Promise<DeskEvent<'ProposalSynthesized'> | null> {
  const proposal = { correlationId, type: 'ProposalSynthesized', key: String(iteration) };
  const [stored, ...outcomes] = await desk.store.entries([
    proposal,
    { correlationId, type: 'ConsensusReached', key: String(iteration) },
    { correlationId, type: 'ConsensusFailed', key: String(iteration) },
    { correlationId, type: 'DeliberationRoundOpened', key: `${iteration}/${round + 1}` },
  ]);
  return outcomes.some((entry) => entry !== null)
    ? null
    : causeIn(['ProposalSynthesized'], stored ?? null, proposal);
}

/** Two countings of a round met. The transport tries again and finds it decided. */
export class RoundContendedError extends Error {
  readonly code = 'RoundContended';
  readonly retryable = true;
  constructor(correlationId: string, round: number) {
    super(`round ${round} of ${correlationId} was being counted twice at once; it is counted again`);
    this.name = 'RoundContendedError';
  }
}
