import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext, Dossier, Opinionist } from '#core/agents/context.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

/** What opens a round: the proposals the first, the round before any later one. */
export type RoundOpening = DeskEvent<'ProposalSynthesized' | 'DeliberationRoundOpened'>;

/** What all voters see in a round: the proposals alone in the first, the others' reasons beside them in later ones. */
export function dossierOf(
  opening: RoundOpening,
  seen: {
    readonly context: AgentContext;
    readonly macro: DeskEvent<'MacroAssessed'>;
    readonly market: DeskEvent<'MarketViewPublished'>;
    readonly synthesized: DeskEvent<'ProposalSynthesized'>;
  },
): Dossier {
  const reopened =
    opening.metadata.type === 'DeliberationRoundOpened'
      ? (opening as DeskEvent<'DeliberationRoundOpened'>).data
      : null;
  return {
    context: seen.context,
    macro: seen.macro.data,
    market: seen.market.data,
    synthesized: seen.synthesized.data,
    previous: reopened?.previous ?? [],
    round: reopened?.round ?? 1,
    episodes: [],
    lessons: null,
  };
}

/** A voter's opinion on a dossier. */
export function opinion(
  speaker: Speaker,
  voter: Opinionist,
  opening: RoundOpening,
  dossier: Dossier,
): JournalEntry<'OpinionGiven'> {
  const { iteration } = opening.data;
  const { round } = dossier;
  const { opinions, recalled } = voter.opine(dossier);
  return cycleEvent(speaker, opening, 'OpinionGiven', `${iteration}/${round}/${voter.voter}`, {
    iteration,
    round,
    voter: voter.voter,
    agentVersion: voter.version,
    opinions: [...opinions],
    recalled: [...recalled],
  });
}
