import type { DeskEvent } from '#contracts/registry.ts';
import { reflect } from '#core/agents/reflection/reflect.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';
import type { Evidence } from './evidence.ts';

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
