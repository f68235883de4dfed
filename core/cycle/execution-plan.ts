import type { DeskEvent } from '#contracts/registry.ts';
import { EXECUTION_VERSION, planExecution } from '#core/agents/execution/plan-execution.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';
import type { Evidence } from './evidence.ts';

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
