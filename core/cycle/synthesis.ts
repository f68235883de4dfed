import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext } from '#core/agents/context.ts';
import { type StrategyAnswer, synthesize } from '#core/agents/strategy/synthesize.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

type Strategy = 'StrategyProposed' | 'StrategyAbstained';

/** The strategy agent's ranking of what the analyzers proposed, without what was sent back. */
export function synthesis(
  speaker: Speaker,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
  market: DeskEvent<'MarketViewPublished'>,
  answers: readonly DeskEvent<Strategy>[],
  missing: readonly string[],
  options: { readonly iteration: number; readonly exclude: readonly string[] },
): JournalEntry<'ProposalSynthesized'> {
  const body = synthesize(context, macro.data, market.data, answers.map(answerOf), missing, {
    ...options,
    recentExits: context.recentExits ?? [],
  });
  return cycleEvent(speaker, market, 'ProposalSynthesized', String(options.iteration), body);
}

function answerOf(answer: DeskEvent<Strategy>): StrategyAnswer {
  const who = { eventId: answer.metadata.id, agent: answer.data.agent };
  return answer.metadata.type === 'StrategyAbstained'
    ? { kind: 'abstained', ...who, reason: (answer as DeskEvent<'StrategyAbstained'>).data.reason }
    : { kind: 'proposed', ...who, proposals: (answer as DeskEvent<'StrategyProposed'>).data.proposals };
}
