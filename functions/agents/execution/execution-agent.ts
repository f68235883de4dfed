import type { DeskEvent } from '#contracts/registry.ts';
import { executionOpinionist } from '#core/agents/execution/execution-opinion.ts';
import { plan } from '#core/cycle/execution-plan.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';
import { causeOf } from '#functions/runtime/journal-reading.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const EXECUTION_TYPES = ['DecisionCleared', ...VOTING_TYPES] as const;
type ExecutionType = (typeof EXECUTION_TYPES)[number];

/** Turns what was cleared into intents for the gate, and ends the cycle; votes before. It plans, it cannot place. */
export async function executionAgent(desk: Desk, arrivals: readonly Arrival<ExecutionType>[]): Promise<void> {
  for (const { event } of arrivals) {
    if (event.metadata.type === 'DecisionCleared')
      await planOrders(desk, event as DeskEvent<'DecisionCleared'>);
    else await giveOpinion(desk, executionOpinionist, event as DeskEvent<VotingType>);
  }
}

async function planOrders(desk: Desk, cleared: DeskEvent<'DecisionCleared'>): Promise<void> {
  const { correlationId } = cleared.metadata;
  const { iteration } = cleared.data;
  const [context, market, synthesized, assessed] = await Promise.all([
    loadContext(desk, cleared.data.snapshot),
    causeOf(desk, correlationId, 'MarketViewPublished', '1'),
    causeOf(desk, correlationId, 'ProposalSynthesized', String(iteration)),
    causeOf(desk, correlationId, 'RiskAssessed', String(iteration)),
  ]);
  await say(desk, plan(speaking(desk), { context, market, synthesized }, cleared, assessed));
}
