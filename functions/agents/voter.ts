import type { DeskEvent } from '#contracts/registry.ts';
import type { Dossier, Opinionist } from '#core/agents/context.ts';
import { dossierOf, opinion } from '#core/cycle/opinion.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { say } from '#functions/runtime/handler.ts';
import { eventOf, MissingCauseError } from '#functions/runtime/journal-reading.ts';

export const VOTING_TYPES = ['ProposalSynthesized', 'DeliberationRoundOpened'] as const;
export type VotingType = (typeof VOTING_TYPES)[number];

/** What a voter brings to the table beyond the dossier that all see. */
export type Recollection = (desk: Desk, dossier: Dossier) => Promise<Pick<Dossier, 'episodes' | 'lessons'>>;

const NOTHING: Recollection = async () => ({ episodes: [], lessons: null });

/** A voter's opinion in one round: the first on the proposals alone, later ones with the others' reasons in sight. */
export async function giveOpinion(
  desk: Desk,
  voter: Opinionist,
  event: DeskEvent<VotingType>,
  recollect: Recollection = NOTHING,
): Promise<void> {
  const { iteration } = event.data;
  const { correlationId } = event.metadata;
  const [context, [macro, market, synthesized]] = await Promise.all([
    loadContext(desk, event.data.snapshot),
    desk.store.entries([
      { correlationId, type: 'MacroAssessed', key: '1' },
      { correlationId, type: 'MarketViewPublished', key: '1' },
      { correlationId, type: 'ProposalSynthesized', key: String(iteration) },
    ]),
  ]);
  if (!macro || !market || !synthesized)
    throw new MissingCauseError(
      correlationId,
      'MacroAssessed, MarketViewPublished or ProposalSynthesized',
      String(iteration),
    );
  const dossier = dossierOf(event, {
    context,
    macro: eventOf(['MacroAssessed'], macro),
    market: eventOf(['MarketViewPublished'], market),
    synthesized: eventOf(['ProposalSynthesized'], synthesized),
  });
  const recollected = { ...dossier, ...(await recollect(desk, dossier)) };
  await say(desk, [opinion(speaking(desk), voter, event, recollected)]);
}
