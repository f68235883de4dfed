import { reflection } from '#core/cycle/reflection.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
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
    const evidence = { context, market, synthesized };
    await say(desk, [reflection(speaking(desk), evidence, macro, consensus, event)]);
  }
}
