import type { Opinion, Proposal } from '#contracts/events/cycle.ts';
import { inUnitInterval } from '#core/values/round.ts';
import type { Dossier } from './context.ts';

/** What a voter thinks of an instrument: a tilt from −1 (fall) to 1 (rise), or nothing, with the reason. */
export type Stance =
  | {
      readonly kind: 'tilt';
      readonly tilt: number;
      /** How much the tilt is worth, 0…1; scales the confidence. */
      readonly strength: number;
      readonly words: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** Below this alignment a voter has no side to take. */
const LEAST_ALIGNMENT = 0.05;
/** How far the others' reasons may move a voter in a later round. */
const DEFERENCE = 0.25;

/** 1 where the proposal gains from a rise, −1 from a fall; closing a position is the other way round from opening it. */
export function proposalSign(proposal: Pick<Proposal, 'action' | 'direction'>): 1 | -1 {
  const long = proposal.direction === 'long';
  return (proposal.action === 'open') === long ? 1 : -1;
}

/** Mean position of the others on a proposal in the round before: support above 0, opposition below, by confidence. */
function othersPosition(dossier: Dossier, voter: string, proposalId: string): number | null {
  const positions = dossier.previous
    .filter((record) => record.voter !== voter)
    .flatMap((record) => record.opinions)
    .filter((given) => given.proposalId === proposalId && given.vote !== 'abstain')
    .map((given) => (given.vote === 'support' ? given.confidence : -given.confidence));
  return positions.length === 0 ? null : positions.reduce((sum, value) => sum + value, 0) / positions.length;
}

/**
 * A vote from a stance: alignment = tilt × the proposal's sign; support above 0.05, oppose below −0.05, abstain between;
 * confidence 0.5 + 0.5 × |alignment| × strength, so that 0.5 is a coin. In a later round the alignment moves a quarter
 * of the way towards the mean position of the others: a weak view gives way and a strong one stands.
 */
export function opineOn(dossier: Dossier, voter: string, proposal: Proposal, stance: Stance): Opinion {
  const { proposalId } = proposal;
  if (stance.kind === 'none') return { proposalId, vote: 'abstain', confidence: 0, reason: stance.reason };
  const own = stance.tilt * proposalSign(proposal);
  const others = dossier.round > 1 ? othersPosition(dossier, voter, proposalId) : null;
  const alignment = others === null ? own : (1 - DEFERENCE) * own + DEFERENCE * others;
  const heard = others === null ? '' : `; the others stand at ${others.toFixed(2)}`;
  if (Math.abs(alignment) <= LEAST_ALIGNMENT) {
    return { proposalId, vote: 'abstain', confidence: 0, reason: `${stance.words}${heard}: no side to take` };
  }
  return {
    proposalId,
    vote: alignment > 0 ? 'support' : 'oppose',
    confidence: inUnitInterval(0.5 + 0.5 * Math.abs(alignment) * stance.strength),
    reason: `${stance.words}${heard}`,
  };
}
