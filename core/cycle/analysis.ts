import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext, Analyzer } from '#core/agents/context.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

type Analysis = 'AnalysisCompleted' | 'AnalysisAbstained';

/** A data analyzer's answer to MacroAssessed: its views, or that it abstains and why. */
export function analysis(
  speaker: Speaker,
  analyzer: Analyzer,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
): JournalEntry<Analysis> {
  const outcome = analyzer.analyze(context, macro.data.instruments);
  const who = { agent: analyzer.agent, agentVersion: analyzer.version };
  return outcome.kind === 'abstained'
    ? cycleEvent(speaker, macro, 'AnalysisAbstained', analyzer.agent, { ...who, reason: outcome.reason })
    : cycleEvent(speaker, macro, 'AnalysisCompleted', analyzer.agent, {
        ...who,
        views: [...outcome.views],
        abstentions: [...outcome.abstentions],
      });
}
