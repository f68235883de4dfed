import type { Analyzer } from '#core/agents/context.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { cycleEntry } from '#functions/runtime/cycle-events.ts';
import { composeDesk, type Desk } from '#functions/runtime/desk.ts';
import { type Arrival, deskHandler, say } from '#functions/runtime/handler.ts';

/** A data analyzer's answer to MacroAssessed: its views, or that it abstains and why. */
export function analyzes(
  analyzer: Analyzer,
): (desk: Desk, arrivals: readonly Arrival<'MacroAssessed'>[]) => Promise<void> {
  return async (desk, arrivals) => {
    for (const { event } of arrivals) {
      const context = await loadContext(desk, event.data.snapshot);
      const outcome = analyzer.analyze(context, event.data.instruments);
      const who = { agent: analyzer.agent, agentVersion: analyzer.version };
      await say(desk, [
        outcome.kind === 'abstained'
          ? cycleEntry(desk, event, 'AnalysisAbstained', analyzer.agent, { ...who, reason: outcome.reason })
          : cycleEntry(desk, event, 'AnalysisCompleted', analyzer.agent, {
              ...who,
              views: [...outcome.views],
              abstentions: [...outcome.abstentions],
            }),
      ]);
    }
  };
}

export const analyzerFunction = (analyzer: Analyzer) =>
  deskHandler(composeDesk(analyzer.agent), { accepts: ['MacroAssessed'], mode: 'each' }, analyzes(analyzer));
