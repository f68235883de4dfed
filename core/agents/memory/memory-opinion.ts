import type { Proposal } from '#contracts/events/cycle.ts';
import type { Dossier, Opinionist } from '../context.ts';
import { opineOn, type Stance } from '../opinion.ts';
import { caseOf } from './case.ts';
import { type RankedEpisode, rankEpisodes } from './recall.ts';

export const MEMORY_VERSION = 'memory/1';

/** Precedents looked at for one proposal, and the fewest from which anything follows. */
const MOST_PRECEDENTS = 25;
const LEAST_PRECEDENTS = 5;
/** A prior of two wins and two losses: five precedents of one kind do not make a certainty. */
const PRIOR = 2;

function precedentsOf(dossier: Dossier, proposal: Proposal): readonly RankedEpisode[] {
  const dossierCase = caseOf(dossier.market, proposal.instrument, proposal.direction);
  if (dossierCase === null) return [];
  return rankEpisodes(dossier.episodes, dossierCase, dossier.context.session, MOST_PRECEDENTS);
}

/**
 * The chance that holding the proposal's side ends in profit, from the precedents weighted by similarity with a
 * Beta(2, 2) prior, as a tilt of the price: 2p − 1 for a long, its opposite for a short.
 */
function memoryStance(proposal: Proposal, precedents: readonly RankedEpisode[]): Stance {
  const count = precedents.length;
  if (count < LEAST_PRECEDENTS) {
    return {
      kind: 'none',
      reason: `${count} comparable ${count === 1 ? 'episode' : 'episodes'} of a ${proposal.direction} in ${proposal.instrument}; at least ${LEAST_PRECEDENTS} are needed`,
    };
  }
  let weight = 0;
  let wins = 0;
  let outcome = 0;
  for (const { episode, similarity } of precedents) {
    weight += similarity;
    wins += episode.outcome > 0 ? similarity : episode.outcome === 0 ? similarity / 2 : 0;
    outcome += similarity * episode.outcome;
  }
  const chance = (PRIOR + wins) / (2 * PRIOR + weight);
  const average = outcome / weight;
  const words = `${count} comparable episodes of a ${proposal.direction} in ${proposal.instrument} ended ${(average * 100).toFixed(2)} % on average, with a chance of profit of ${chance.toFixed(2)}`;
  if ((chance - 0.5) * average < 0) {
    return { kind: 'none', reason: `${words}: how often and how much point opposite ways` };
  }
  const side = proposal.direction === 'long' ? 1 : -1;
  return { kind: 'tilt', tilt: side * (2 * chance - 1), strength: 1, words };
}

/** Votes by what came of cases like the one at hand; abstains where there are too few of them. */
export const memoryOpinionist: Opinionist = {
  voter: 'memory',
  version: MEMORY_VERSION,
  opine(dossier) {
    const recalled = new Set<string>();
    const opinions = dossier.synthesized.proposals.map((proposal) => {
      const precedents = precedentsOf(dossier, proposal);
      for (const { episode } of precedents) recalled.add(episode.episodeId);
      return opineOn(dossier, 'memory', proposal, memoryStance(proposal, precedents));
    });
    return { opinions, recalled: [...recalled] };
  },
};
