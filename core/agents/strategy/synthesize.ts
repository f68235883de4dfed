import type { Proposal } from '#contracts/events/cycle.ts';
import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { inUnitInterval, significant } from '#core/values/round.ts';
import { marketViewOf } from './instrument-state.ts';
import { planExits } from './plan-exits.ts';
import { type RecentExit, refusalOf } from './proposal-screen.ts';

/** A strategist's answer as it reached the strategy agent: the event's id and data. */
export type StrategyAnswer =
  | {
      readonly kind: 'proposed';
      readonly eventId: string;
      readonly agent: string;
      readonly proposals: readonly Proposal[];
    }
  | { readonly kind: 'abstained'; readonly eventId: string; readonly agent: string; readonly reason: string };

export interface SynthesisOptions {
  readonly iteration: number;
  /** Proposal ids that reflection asked to leave out. */
  readonly exclude: readonly string[];
  /** Positions that ended in this session, where the caller knows them: no re-entry directly after a stop-out. */
  readonly recentExits?: readonly RecentExit[];
}

export const STRATEGY_VERSION = '1.0.0';

/** Weight of a strategy of which nothing has been measured yet. */
const UNMEASURED_WEIGHT = 0.5;
/** Opposing evidence must outweigh by this much before a position is opened against it or given up: hysteresis. */
const NET_MARGIN = 0.15;
/** More than this many trades at once in one cycle would be churn. */
const MOST_PROPOSALS = 3;

type Synthesized = CycleBody<'ProposalSynthesized'>;
type Ranked = Synthesized['proposals'][number];
type Dropped = Synthesized['dropped'][number];

/**
 * One ranked list from the strategists' proposals. Per instrument: what cannot or should not be traded is screened out
 * (see {@link refusalOf}), opposing proposals are netted by weight × confidence, the strongest of those that agree leads
 * and the others are named as its sources. The trade plan's own exits (target, horizon) are added here, whoever is
 * missing. The result depends on the set of answers, not on their order.
 */
export function synthesize(
  context: AgentContext,
  macro: CycleBody<'MacroAssessed'>,
  market: CycleBody<'MarketViewPublished'>,
  answers: readonly StrategyAnswer[],
  missing: readonly string[],
  options: SynthesisOptions,
): Synthesized {
  const ordered = [...answers].sort(
    (a, b) => compareText(a.agent, b.agent) || compareText(a.eventId, b.eventId),
  );
  const dropped: Dropped[] = [];
  const kept: Proposal[] = [];
  const seen = new Set<string>();
  const offered = [
    ...ordered.flatMap((answer) => (answer.kind === 'proposed' ? answer.proposals : [])),
    ...planExits(context, market),
  ].sort(
    (a, b) => compareText(a.proposalId, b.proposalId) || compareText(JSON.stringify(a), JSON.stringify(b)),
  );
  for (const proposal of offered) {
    if (seen.has(proposal.proposalId)) continue;
    seen.add(proposal.proposalId);
    const refusal = options.exclude.includes(proposal.proposalId)
      ? 'left out at the request of reflection'
      : refusalOf(context, macro, market, proposal, options.recentExits ?? []);
    if (refusal === null) kept.push(proposal);
    else dropped.push({ proposalId: proposal.proposalId, reason: refusal });
  }
  const instruments = [...new Set(kept.map((proposal) => proposal.instrument))].sort(compareText);
  const combined = instruments.flatMap((instrument) =>
    combine(
      context,
      market,
      kept.filter((proposal) => proposal.instrument === instrument),
      dropped,
    ),
  );
  combined.sort((a, b) => b.score - a.score || compareText(a.proposalId, b.proposalId));
  const closes = combined.filter((proposal) => proposal.action === 'close').length;
  const ranked = combined.filter((proposal, index) => {
    // What reduces risk is never crowded out by what adds it.
    const within = proposal.action === 'close' || index < MOST_PROPOSALS + closes;
    if (!within)
      dropped.push({ proposalId: proposal.proposalId, reason: `not among the ${MOST_PROPOSALS} best` });
    return within;
  });
  return {
    iteration: options.iteration,
    proposals: ranked.map((proposal, index) => ({ ...proposal, rank: index + 1 })),
    dropped: dropped.sort((a, b) => compareText(a.proposalId, b.proposalId)),
    answered: [
      ...new Set(ordered.filter((answer) => answer.kind === 'proposed').map((answer) => answer.agent)),
    ],
    abstained: ordered.flatMap((answer) =>
      answer.kind === 'abstained' ? [{ agent: answer.agent, reason: answer.reason }] : [],
    ),
    missing: [...missing].sort(compareText),
    inputs: [...new Set(ordered.map((answer) => answer.eventId))].sort(compareText),
    agentVersion: STRATEGY_VERSION,
  };
}

/** Code unit order: the same on every machine and in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Side = 'long' | 'short';

/** The exposure a proposal moves towards: a close of a long argues like a short. */
function sideOf(proposal: Proposal): Side {
  const long = proposal.direction === 'long';
  return (proposal.action === 'open') === long ? 'long' : 'short';
}

function combine(
  context: AgentContext,
  market: CycleBody<'MarketViewPublished'>,
  proposals: readonly Proposal[],
  dropped: Dropped[],
): Ranked[] {
  const weightOf = (proposal: Proposal): number =>
    (proposal.strategy === 'strategy'
      ? 1
      : (context.calibratedWeight(proposal.strategy) ?? UNMEASURED_WEIGHT)) * proposal.confidence;
  const strength = (side: Side): number =>
    proposals
      .filter((proposal) => sideOf(proposal) === side)
      .reduce((sum, proposal) => sum + weightOf(proposal), 0);
  const long = strength('long');
  const short = strength('short');
  const winner: Side = long >= short ? 'long' : 'short';
  const net = Math.abs(long - short) / (long + short || 1);
  const losing = proposals.filter((proposal) => sideOf(proposal) !== winner);
  for (const proposal of losing) {
    dropped.push({
      proposalId: proposal.proposalId,
      reason: `netted against stronger evidence for ${winner}`,
    });
  }
  const winning = proposals
    .filter((proposal) => sideOf(proposal) === winner)
    .sort((a, b) => weightOf(b) - weightOf(a) || compareText(a.proposalId, b.proposalId));
  if (losing.length > 0 && net < NET_MARGIN) {
    for (const proposal of winning) {
      dropped.push({
        proposalId: proposal.proposalId,
        reason: `the evidence is split: net ${net.toFixed(2)} is below ${NET_MARGIN}`,
      });
    }
    return [];
  }
  const lead = winning[0];
  if (lead === undefined) return [];
  for (const proposal of winning.slice(1)) {
    dropped.push({ proposalId: proposal.proposalId, reason: `agrees with ${lead.proposalId}, which leads` });
  }
  const total = winning.reduce((sum, proposal) => sum + weightOf(proposal), 0);
  const pooled = winning.reduce((sum, proposal) => sum + weightOf(proposal) * proposal.confidence, 0);
  const confidence = total > 0 ? pooled / total : lead.confidence;
  const view = marketViewOf(market, lead.instrument);
  const alignment = view === undefined ? 0 : view.direction * view.confidence * (winner === 'long' ? 1 : -1);
  return [
    {
      ...lead,
      confidence: inUnitInterval(confidence),
      rank: 1,
      score: significant(confidence * net * (1 + 0.25 * alignment) + (lead.action === 'close' ? 1 : 0)),
      sources: [...new Set(winning.map((proposal) => proposal.strategy))],
    },
  ];
}
