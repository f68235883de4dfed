import type { DeskEvent } from '#contracts/registry.ts';
import { macroOpinionist } from '#core/agents/macro/macro-opinion.ts';
import { macroAssessment } from '#core/cycle/macro-assessment.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const MACRO_TYPES = ['CycleRequested', ...VOTING_TYPES] as const;
type MacroType = (typeof MACRO_TYPES)[number];

/** Opens every cycle with the regime and the instruments that matter; votes later. */
export async function macroAgent(desk: Desk, arrivals: readonly Arrival<MacroType>[]): Promise<void> {
  for (const { event } of arrivals) {
    if (event.metadata.type !== 'CycleRequested') {
      await giveOpinion(desk, macroOpinionist, event as DeskEvent<VotingType>);
      continue;
    }
    const requested = event as DeskEvent<'CycleRequested'>;
    const context = await loadContext(desk, requested.data.snapshot);
    await say(desk, [macroAssessment(speaking(desk), context, requested)]);
  }
}
