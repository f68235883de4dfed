import type { DeskEvent } from '#contracts/registry.ts';
import { executionOpinionist } from '#core/agents/execution/execution-opinion.ts';
import { EXECUTION_VERSION, planExecution } from '#core/agents/execution/plan-execution.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { cycleEntry } from '#functions/runtime/cycle-events.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';
import { causeOf } from '#functions/runtime/journal-reading.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const EXECUTION_TYPES = ['DecisionCleared', ...VOTING_TYPES] as const;
type ExecutionType = (typeof EXECUTION_TYPES)[number];

/** Turns what was cleared into intents for the gate, and ends the cycle; votes before. It plans, it cannot place. */
export async function executionAgent(desk: Desk, arrivals: readonly Arrival<ExecutionType>[]): Promise<void> {
  for (const { event } of arrivals) {
    if (event.metadata.type === 'DecisionCleared') await plan(desk, event as DeskEvent<'DecisionCleared'>);
    else await giveOpinion(desk, executionOpinionist, event as DeskEvent<VotingType>);
  }
}

async function plan(desk: Desk, cleared: DeskEvent<'DecisionCleared'>): Promise<void> {
  const { correlationId } = cleared.metadata;
  const { iteration } = cleared.data;
  const [context, market, synthesized, assessed] = await Promise.all([
    loadContext(desk, cleared.data.snapshot),
    causeOf(desk, correlationId, 'MarketViewPublished', '1'),
    causeOf(desk, correlationId, 'ProposalSynthesized', String(iteration)),
    causeOf(desk, correlationId, 'RiskAssessed', String(iteration)),
  ]);
  const { intents, declined } = planExecution(
    context,
    market.data,
    synthesized.data,
    cleared.data,
    assessed.data,
  );
  await say(desk, [
    ...intents.map((intent, index) =>
      journalEntry(
        {
          type: 'OrderPlanned',
          key: intent.intentId,
          correlationId,
          causationId: cleared.metadata.id,
          sender: desk.name,
          occurredAt: desk.clock.now(),
          urgency: 'high',
          data: { intent },
        },
        index,
      ),
    ),
    cycleEntry(
      desk,
      cleared,
      'PlanCompleted',
      String(iteration),
      {
        iteration,
        planned: intents.map(({ intentId }) => intentId),
        declined: [...declined],
        agentVersion: EXECUTION_VERSION,
      },
      intents.length,
    ),
  ]);
}
