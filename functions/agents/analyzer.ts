import type { Analyzer } from '#core/agents/context.ts';
import { analysis } from '#core/cycle/analysis.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { composeDesk, type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, deskHandler, say } from '#functions/runtime/handler.ts';

/** A data analyzer's answer to MacroAssessed: its views, or that it abstains and why. */
export function analyzes(
  analyzer: Analyzer,
): (desk: Desk, arrivals: readonly Arrival<'MacroAssessed'>[]) => Promise<void> {
  return async (desk, arrivals) => {
    for (const { event } of arrivals) {
      const context = await loadContext(desk, event.data.snapshot);
      await say(desk, [analysis(speaking(desk), analyzer, context, event)]);
    }
  };
}

export const analyzerFunction = (analyzer: Analyzer) =>
  deskHandler(composeDesk(analyzer.agent), { accepts: ['MacroAssessed'], mode: 'each' }, analyzes(analyzer));
