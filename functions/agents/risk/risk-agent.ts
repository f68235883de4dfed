import type { DeskEvent } from '#contracts/registry.ts';
import { riskOpinionist } from '#core/agents/risk/risk-opinion.ts';
import { riskAssessment } from '#core/cycle/risk-assessment.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';
import { causeOf } from '#functions/runtime/journal-reading.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const RISK_TYPES = ['ConsensusReached', ...VOTING_TYPES] as const;
type RiskType = (typeof RISK_TYPES)[number];

/** Judges whether what was agreed is worth its risk, and how much of it; votes before. It can size, never authorize. */
export async function riskAgent(desk: Desk, arrivals: readonly Arrival<RiskType>[]): Promise<void> {
  for (const { event } of arrivals) {
    if (event.metadata.type !== 'ConsensusReached') {
      await giveOpinion(desk, riskOpinionist, event as DeskEvent<VotingType>);
      continue;
    }
    const consensus = event as DeskEvent<'ConsensusReached'>;
    const { correlationId } = consensus.metadata;
    const { iteration } = consensus.data;
    const [context, market, synthesized] = await Promise.all([
      loadContext(desk, consensus.data.snapshot),
      causeOf(desk, correlationId, 'MarketViewPublished', '1'),
      causeOf(desk, correlationId, 'ProposalSynthesized', String(iteration)),
    ]);
    await say(desk, [riskAssessment(speaking(desk), { context, market, synthesized }, consensus)]);
  }
}
