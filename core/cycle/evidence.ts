import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext } from '#core/agents/context.ts';

/** What a decision is made from, beside the event that asks for the next step. */
export interface Evidence {
  readonly context: AgentContext;
  readonly market: DeskEvent<'MarketViewPublished'>;
  readonly synthesized: DeskEvent<'ProposalSynthesized'>;
}
