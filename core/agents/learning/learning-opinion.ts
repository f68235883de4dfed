import type { EventData } from '#contracts/registry.ts';
import type { Dossier, Opinionist } from '../context.ts';
import { opineOn, proposalSign, type Stance } from '../opinion.ts';
import { LEARNING_VERSION } from './learning.ts';

type Lesson = EventData<'LessonLearned'>;
type SynthesizedProposal = Dossier['synthesized']['proposals'][number];

/** A prior of this many observations at a coin's rate stands against every measured hit rate. */
const PRIOR_OBSERVATIONS = 20;

/**
 * How often those who stand behind a proposal were right, shrunk towards one half, as a tilt in favour of it. A
 * strategy that has lost money in closed positions cannot be tilted for. Below the minimum of observations there is no
 * measurement, and none is made up.
 */
function learningStance(lesson: Lesson | null, proposal: SynthesizedProposal): Stance {
  if (lesson === null) return { kind: 'none', reason: 'nothing has been learned yet' };
  const behind = new Set([proposal.strategy, ...proposal.sources]);
  const measured = lesson.calibration.filter(({ agent, hitRate }) => behind.has(agent) && hitRate !== null);
  const lost = lesson.attribution.find(
    ({ strategy, realized }) => strategy === proposal.strategy && Number(realized) < 0,
  );
  if (measured.length === 0) {
    return {
      kind: 'none',
      reason: `too few judged proposals of ${[...behind].join(', ')} to say whether they come true`,
    };
  }
  let hits = 0;
  let observations = 0;
  for (const record of measured) {
    hits += (record.hitRate ?? 0) * record.observations;
    observations += record.observations;
  }
  const chance = (hits + PRIOR_OBSERVATIONS / 2) / (observations + PRIOR_OBSERVATIONS);
  const words = `${measured.map(({ agent }) => agent).join(', ')} came true in ${((hits / observations) * 100).toFixed(1)} % of ${observations} judged cases${lost === undefined ? '' : `, and ${lost.strategy} has realised ${lost.realized}`}`;
  const favour = 2 * chance - 1;
  if (lost !== undefined && favour > 0) return { kind: 'none', reason: `${words}: right but not paid` };
  // The stance is on the price; what is in favour of a short is a fall.
  return { kind: 'tilt', tilt: favour * proposalSign(proposal), strength: 1, words };
}

/** Votes by the measured record of the agents behind a proposal: opposes what has failed, abstains without a record. */
export const learningOpinionist: Opinionist = {
  voter: 'learning',
  version: LEARNING_VERSION,
  opine: (dossier) => ({
    opinions: dossier.synthesized.proposals.map((proposal) =>
      // A position is closed for what the market says of it, not for the record of whoever opened it.
      proposal.action === 'close'
        ? opineOn(dossier, 'learning', proposal, {
            kind: 'none',
            reason: 'the record says who was right about opening positions, not about closing them',
          })
        : opineOn(dossier, 'learning', proposal, learningStance(dossier.lessons, proposal)),
    ),
    recalled: dossier.lessons === null ? [] : [`lesson:${dossier.lessons.session}`],
  }),
};
