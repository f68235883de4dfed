import type { Strategist } from '#core/agents/context.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { cycleEntry } from '#functions/runtime/cycle-events.ts';
import { composeDesk, type Desk } from '#functions/runtime/desk.ts';
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
      const outcome = strategist.propose(context, macro.data, event.data);
      const who = { agent: strategist.agent, agentVersion: strategist.version };
      await say(desk, [
        outcome.kind === 'abstained'
          ? cycleEntry(desk, event, 'StrategyAbstained', strategist.agent, { ...who, reason: outcome.reason })
          : cycleEntry(desk, event, 'StrategyProposed', strategist.agent, {
              ...who,
              proposals: [...outcome.proposals],
              abstentions: [...outcome.abstentions],
            }),
      ]);
    }
  };
}

export const strategistFunction = (strategist: Strategist) =>
  deskHandler(
    composeDesk(strategist.agent),
    { accepts: ['MarketViewPublished'], mode: 'each' },
    proposes(strategist),
  );
