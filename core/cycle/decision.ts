import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext } from '#core/agents/context.ts';
import { EXECUTION_VERSION, planExecution } from '#core/agents/execution/plan-execution.ts';
import { reflect } from '#core/agents/reflection/reflect.ts';
import { assessRisk } from '#core/agents/risk/assess-risk.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

/** What a decision is made from, beside the event that asks for the next step. */
export interface Evidence {
  readonly context: AgentContext;
  readonly market: DeskEvent<'MarketViewPublished'>;
  readonly synthesized: DeskEvent<'ProposalSynthesized'>;
}

/** The risk agent's judgement of what was agreed. */
export function riskAssessment(
  speaker: Speaker,
  { context, market, synthesized }: Evidence,
  consensus: DeskEvent<'ConsensusReached'>,
): JournalEntry<'RiskAssessed'> {
  const body = assessRisk(context, market.data, synthesized.data, consensus.data);
  return cycleEvent(speaker, consensus, 'RiskAssessed', String(consensus.data.iteration), body);
}

/** Reflection's last word before the gate: cleared, vetoed, or once more from the strategies. */
export function reflection(
  speaker: Speaker,
  { context, market, synthesized }: Evidence,
  macro: DeskEvent<'MacroAssessed'>,
  consensus: DeskEvent<'ConsensusReached'>,
  assessed: DeskEvent<'RiskAssessed'>,
): JournalEntry<'DecisionCleared' | 'DecisionVetoed' | 'IterationRequested'> {
  const iteration = String(assessed.data.iteration);
  const word = reflect(context, macro.data, market.data, synthesized.data, consensus.data, assessed.data);
  switch (word.type) {
    case 'DecisionCleared':
      return cycleEvent(speaker, assessed, 'DecisionCleared', iteration, word.body);
    case 'DecisionVetoed':
      return cycleEvent(speaker, assessed, 'DecisionVetoed', iteration, word.body);
    case 'IterationRequested':
      return cycleEvent(speaker, assessed, 'IterationRequested', iteration, word.body);
  }
}

/** The execution agent's intents for what was cleared, and the end of the cycle. */
export function plan(
  speaker: Speaker,
  { context, market, synthesized }: Evidence,
  cleared: DeskEvent<'DecisionCleared'>,
  assessed: DeskEvent<'RiskAssessed'>,
): readonly JournalEntry<'OrderPlanned' | 'PlanCompleted'>[] {
  const { iteration } = cleared.data;
  const { intents, declined } = planExecution(
    context,
    market.data,
    synthesized.data,
    cleared.data,
    assessed.data,
  );
  return [
    ...intents.map((intent, index) =>
      journalEntry(
        {
          type: 'OrderPlanned',
          key: intent.intentId,
          correlationId: cleared.metadata.correlationId,
          causationId: cleared.metadata.id,
          sender: speaker.name,
          occurredAt: speaker.now,
          urgency: 'high',
          data: { intent },
        },
        index,
      ),
    ),
    cycleEvent(
      speaker,
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
  ];
}
