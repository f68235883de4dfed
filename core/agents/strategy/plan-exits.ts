import type { Proposal } from '#contracts/events/cycle.ts';
import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { sessionCount } from '#core/market/calendar.ts';
import { newYorkDate } from '#core/market/new-york-time.ts';
import { parseInstant } from '#core/values/clock.ts';
import { directionOf, instrumentState, type PositionValue } from './instrument-state.ts';
import { closeProposal, figure } from './proposal-draft.ts';

/** Sessions after which a position that has not reached its target is ended: the longest horizon the desk proposes. */
export const LONGEST_HOLDING_SESSIONS = 15;
/** Carrying out the plan is no forecast: the decision was taken at the entry. */
const PLAN_CONFIDENCE = 0.9;

/**
 * The exits of the trade plan itself: the target is reached, or the position has been held for the longest horizon. They
 * do not depend on any strategist's answer.
 */
export function planExits(
  context: AgentContext,
  market: CycleBody<'MarketViewPublished'>,
): readonly Proposal[] {
  return (context.account?.positions ?? []).flatMap((position) => {
    if (Number(position.quantity) === 0) return [];
    const state = instrumentState(context, market, position.instrument, 1);
    if ('unknown' in state) return [];
    const reason = exitReason(context, position, state.reference);
    if (reason === null) return [];
    const proposal = closeProposal(context, 'strategy', state, position, {
      confidence: PLAN_CONFIDENCE,
      rationale: [reason],
      evidence: [`${position.instrument}.reference`],
      measures: { unrealized: Number(position.unrealized) },
      method: 'trade-plan',
    });
    return proposal === null ? [] : [proposal];
  });
}

function exitReason(context: AgentContext, position: PositionValue, reference: number): string | null {
  const sign = directionOf(position) === 'long' ? 1 : -1;
  if (position.target !== null && sign * (reference - Number(position.target)) >= 0) {
    return `the target of ${position.target} is reached: the price is ${figure(reference)}`;
  }
  const opened = position.layers.map((layer) => parseInstant(layer.openedAt));
  if (opened.length === 0) return null;
  const template = context.instrument(position.instrument).sessionTemplate;
  const held = sessionCount(template, newYorkDate(Math.min(...opened)), context.session) - 1;
  return held >= LONGEST_HOLDING_SESSIONS
    ? `held for ${held} sessions without reaching its target: the horizon is over`
    : null;
}
