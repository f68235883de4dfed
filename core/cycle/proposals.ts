import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext, Strategist } from '#core/agents/context.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

type Strategy = 'StrategyProposed' | 'StrategyAbstained';

/** A strategy analyzer's answer to MarketViewPublished: its proposals, or that it abstains and why. */
export function proposals(
  speaker: Speaker,
  strategist: Strategist,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
  market: DeskEvent<'MarketViewPublished'>,
): JournalEntry<Strategy> {
  const outcome = strategist.propose(context, macro.data, market.data);
  const who = { agent: strategist.agent, agentVersion: strategist.version };
  return outcome.kind === 'abstained'
    ? cycleEvent(speaker, market, 'StrategyAbstained', strategist.agent, { ...who, reason: outcome.reason })
    : cycleEvent(speaker, market, 'StrategyProposed', strategist.agent, {
        ...who,
        proposals: [...outcome.proposals],
        abstentions: [...outcome.abstentions],
      });
}
