import { reflect } from '#core/agents/reflection/reflect.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { cycleEntry } from '#functions/runtime/cycle-events.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';
import { causeOf } from '#functions/runtime/journal-reading.ts';

/** The last word before the gate: cleared, vetoed, or once more from the strategies. */
export async function reflectionAgent(
  desk: Desk,
  arrivals: readonly Arrival<'RiskAssessed'>[],
): Promise<void> {
  for (const { event } of arrivals) {
    const { correlationId } = event.metadata;
    const iteration = String(event.data.iteration);
    const [context, macro, market, synthesized, consensus] = await Promise.all([
      loadContext(desk, event.data.snapshot),
      causeOf(desk, correlationId, 'MacroAssessed', '1'),
      causeOf(desk, correlationId, 'MarketViewPublished', '1'),
      causeOf(desk, correlationId, 'ProposalSynthesized', iteration),
      causeOf(desk, correlationId, 'ConsensusReached', iteration),
    ]);
    const reflection = reflect(
      context,
      macro.data,
      market.data,
      synthesized.data,
      consensus.data,
      event.data,
    );
    switch (reflection.type) {
      case 'DecisionCleared':
        await say(desk, [cycleEntry(desk, event, 'DecisionCleared', iteration, reflection.body)]);
        break;
      case 'DecisionVetoed':
        await say(desk, [cycleEntry(desk, event, 'DecisionVetoed', iteration, reflection.body)]);
        break;
      case 'IterationRequested':
        await say(desk, [cycleEntry(desk, event, 'IterationRequested', iteration, reflection.body)]);
        break;
    }
  }
}
