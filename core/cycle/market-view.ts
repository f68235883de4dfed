import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext, AnalysisOutcome } from '#core/agents/context.ts';
import { publishMarketView } from '#core/agents/data/data.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

type Analysis = 'AnalysisCompleted' | 'AnalysisAbstained';

/** The data agent's one validated view of what the analyzers answered; `missing` are those that did not. */
export function marketView(
  speaker: Speaker,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
  answers: readonly DeskEvent<Analysis>[],
  missing: readonly string[],
): JournalEntry<'MarketViewPublished'> {
  const body = publishMarketView(
    context,
    macro.data.instruments,
    answers.map((answer) => ({
      eventId: answer.metadata.id,
      agent: answer.data.agent,
      outcome: outcomeOf(answer),
    })),
    missing,
  );
  return cycleEvent(speaker, macro, 'MarketViewPublished', '1', { ...body, regime: macro.data.regime });
}

function outcomeOf(answer: DeskEvent<Analysis>): AnalysisOutcome {
  if (answer.metadata.type === 'AnalysisAbstained')
    return { kind: 'abstained', reason: (answer as DeskEvent<'AnalysisAbstained'>).data.reason };
  const { views, abstentions } = (answer as DeskEvent<'AnalysisCompleted'>).data;
  return { kind: 'completed', views, abstentions };
}
