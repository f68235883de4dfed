import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext } from '#core/agents/context.ts';
import { assessMacro } from '#core/agents/macro/macro.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

/** The macro agent's regime and the instruments that matter: how every cycle opens. */
export const macroAssessment = (
  speaker: Speaker,
  context: AgentContext,
  requested: DeskEvent<'CycleRequested'>,
): JournalEntry<'MacroAssessed'> =>
  cycleEvent(speaker, requested, 'MacroAssessed', '1', assessMacro(context));
