import type { Strategist } from '#core/agents/context.ts';
import { proposals } from '#core/cycle/proposals.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { composeDesk, type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, deskHandler, say } from '#functions/runtime/handler.ts';
import { causeOf } from '#functions/runtime/journal-reading.ts';

/** A strategy analyzer's answer to MarketViewPublished: its proposals, or that it abstains and why. */
export function proposes(
  strategist: Strategist,
): (desk: Desk, arrivals: readonly Arrival<'MarketViewPublished'>[]) => Promise<void> {
  return async (desk, arrivals) => {
    for (const { event } of arrivals) {
      const [context, macro] = await Promise.all([
        loadContext(desk, event.data.snapshot),
        causeOf(desk, event.metadata.correlationId, 'MacroAssessed', '1'),
      ]);
      await say(desk, [proposals(speaking(desk), strategist, context, macro, event)]);
    }
  };
}

export const strategistFunction = (strategist: Strategist) =>
  deskHandler(
    composeDesk(strategist.agent),
    { accepts: ['MarketViewPublished'], mode: 'each' },
    proposes(strategist),
  );
