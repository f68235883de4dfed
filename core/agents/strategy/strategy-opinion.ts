import type { Opinionist } from '#core/agents/context.ts';
import { opineOn, proposalSign, type Stance } from '#core/agents/opinion.ts';
import { figure } from './proposal-draft.ts';
import { STRATEGY_VERSION } from './synthesize.ts';

type Synthesized = Parameters<Opinionist['opine']>[0]['synthesized']['proposals'][number];

/** Share of won trades at which this voter sees no edge. */
const EVEN = 0.5;
/** A proposal seconded by another strategy counts for this much more. */
const SECONDED = 1.25;

/**
 * The strategy agent's vote: what the proposal's own record promises, weighed by reward against risk. A plan with a
 * negative expectation is opposed however often it wins.
 */
export const strategyOpinionist: Opinionist = {
  voter: 'strategy',
  version: STRATEGY_VERSION,
  opine(dossier) {
    return {
      opinions: dossier.synthesized.proposals.map((proposal) =>
        opineOn(dossier, 'strategy', proposal, stanceOn(proposal)),
      ),
      recalled: [],
    };
  },
};

function stanceOn(proposal: Synthesized): Stance {
  const sign = proposalSign(proposal);
  if (proposal.action === 'close') {
    return {
      kind: 'tilt',
      tilt: sign * (2 * proposal.confidence - 1),
      strength: 1,
      words: proposal.rationale[0] ?? 'the position is no longer supported',
    };
  }
  const risk = Math.abs(Number(proposal.entry) - Number(proposal.invalidation));
  const reward = Math.abs(Number(proposal.target) - Number(proposal.entry));
  if (!(risk > 0))
    return { kind: 'none', reason: 'the proposal has no distance between entry and invalidation' };
  // The record knows trades that ended between stop and target; without one, every trade ends at either.
  const expectation =
    proposal.measures['expectedR'] ?? proposal.confidence * (reward / risk) - (1 - proposal.confidence);
  const seconded = proposal.sources.length > 1;
  const edge = expectation > 0 ? 2 * (proposal.confidence - EVEN) : Math.min(expectation, -0.1);
  return {
    kind: 'tilt',
    tilt: sign * Math.max(-1, Math.min(1, edge * (seconded ? SECONDED : 1))),
    strength: 1,
    words: `wins ${figure(proposal.confidence)} of the time for ${figure(reward / risk)} of the risk: expectation ${figure(expectation)} R${seconded ? `, seconded by ${proposal.sources.length} strategies` : ''}`,
  };
}
