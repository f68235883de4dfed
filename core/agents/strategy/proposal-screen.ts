import type { Proposal } from '#contracts/events/cycle.ts';
import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { directionOf, marketViewOf, positionOf } from './instrument-state.ts';

/** A position that ended, as the desk remembers it. */
export interface RecentExit {
  readonly instrument: string;
  /** Session in which it ended. */
  readonly session: string;
  readonly by: 'stop' | 'target' | 'horizon' | 'decision' | 'other';
}

/** In a bear market a new long needs this confidence. */
const BEAR_CONFIDENCE = 0.65;
/** The data agent's view, direction × confidence, against which nothing new is opened. */
const CONTRARY_VIEW = -0.15;

/** Why a proposal is not to be put to the vote, or null. */
export function refusalOf(
  context: AgentContext,
  macro: CycleBody<'MacroAssessed'>,
  market: CycleBody<'MarketViewPublished'>,
  proposal: Proposal,
  recentExits: readonly RecentExit[],
): string | null {
  const position = positionOf(context, proposal.instrument);
  if (proposal.action === 'close') {
    if (position === undefined) return `nothing is held in ${proposal.instrument}`;
    return directionOf(position) === proposal.direction
      ? null
      : `the position in ${proposal.instrument} is not ${proposal.direction}`;
  }
  if (!context.instrument(proposal.instrument).tradable) return `${proposal.instrument} is not tradable`;
  if (context.tradingState !== 'ACTIVE') return `trading is ${context.tradingState}: nothing new is opened`;
  if (proposal.direction === 'short' && !context.policy.shortSelling)
    return 'the policy allows no short selling';
  if (position !== undefined) {
    return directionOf(position) === proposal.direction
      ? 'already held in this direction: additions are the pyramiding plan’s'
      : 'the opposite is held: it is closed before anything is opened';
  }
  const pending = context.pendingEntries?.find(({ instrument }) => instrument === proposal.instrument);
  if (pending !== undefined)
    return `an entry in ${proposal.instrument} is already working (${pending.intentId})`;
  return (
    regimeRefusal(macro, proposal) ??
    viewRefusal(market, proposal) ??
    reentryRefusal(context, proposal, recentExits)
  );
}

function regimeRefusal(macro: CycleBody<'MacroAssessed'>, proposal: Proposal): string | null {
  if (proposal.direction !== 'long') return null;
  if (macro.regime === 'crisis') return 'the regime is crisis: no new longs';
  if (macro.regime === 'bear' && proposal.confidence < BEAR_CONFIDENCE) {
    return `the regime is bear: a new long needs a confidence of ${BEAR_CONFIDENCE}, this has ${proposal.confidence.toFixed(2)}`;
  }
  return null;
}

function viewRefusal(market: CycleBody<'MarketViewPublished'>, proposal: Proposal): string | null {
  const view = marketViewOf(market, proposal.instrument);
  if (view === undefined) return `the data agent published no view of ${proposal.instrument}`;
  const aligned = view.direction * view.confidence * (proposal.direction === 'long' ? 1 : -1);
  return aligned < CONTRARY_VIEW
    ? `the market view is against it: direction ${view.direction.toFixed(2)}, confidence ${view.confidence.toFixed(2)}`
    : null;
}

/**
 * No re-entry in the session of an exit, above all not after a stop-out: selling and buying back is turnover. Besides the exits that the caller knows, the tape itself is asked: where the
 * session has already moved against the proposal by as much as its stop is wide, a position taken earlier today would
 * have been stopped out, and today's tape is not bought again.
 */
function reentryRefusal(
  context: AgentContext,
  proposal: Proposal,
  recentExits: readonly RecentExit[],
): string | null {
  const { instrument } = proposal;
  const exit = recentExits.find(
    (known) => known.instrument === instrument && known.session === context.session,
  );
  if (exit !== undefined) {
    return `the position in ${instrument} ended in this session (by ${exit.by}): no re-entry before the next`;
  }
  const bars = context.intraday(instrument);
  const risk = Math.abs(Number(proposal.entry) - Number(proposal.invalidation));
  if (bars === null || !(risk > 0)) return null;
  let extreme = bars.open[0] ?? Number.NaN;
  for (let index = 0; index < bars.length; index++) {
    const long = proposal.direction === 'long';
    const best = (long ? bars.high[index] : bars.low[index]) as number;
    extreme = long ? Math.max(extreme, best) : Math.min(extreme, best);
    const worst = (long ? bars.low[index] : bars.high[index]) as number;
    if ((long ? extreme - worst : worst - extreme) >= risk) {
      return `${instrument} has already moved ${Math.abs(extreme - worst).toFixed(2)} against it in this session, as far as its stop: no re-entry before the next`;
    }
  }
  return null;
}
