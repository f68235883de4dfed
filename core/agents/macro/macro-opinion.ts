import type { Regime } from '#contracts/events/cycle.ts';
import type { CycleBody, Opinionist } from '../context.ts';
import { opineOn, type Stance } from '../opinion.ts';
import { squash } from '../stated-confidence.ts';
import { MACRO_VERSION } from './macro.ts';

const REGIME_TILT: Readonly<Record<Regime, number>> = { bull: 0.6, sideways: 0.1, bear: -0.6, crisis: -1 };

/** The tilt the regime and the ranking give an instrument, −1…1, with the words for it. */
function macroStance(macro: CycleBody<'MacroAssessed'>, instrument: string): Stance {
  const entry = macro.ranked.find((candidate) => candidate.instrument === instrument);
  if (macro.regime === null && entry === undefined) {
    return { kind: 'none', reason: `no regime, and ${instrument} is not ranked` };
  }
  const tilt = macro.regime === null ? 0 : REGIME_TILT[macro.regime] * macro.regimeConfidence;
  const rank = entry === undefined ? 0 : squash(entry.score);
  const words = [
    macro.regime === null
      ? 'the regime is unknown'
      : `the regime is ${macro.regime} (confidence ${macro.regimeConfidence.toFixed(2)})`,
    entry === undefined
      ? `${instrument} is not ranked`
      : `${instrument} ranks ${entry.rank} of ${macro.ranked.length} with score ${entry.score.toFixed(2)}`,
  ];
  return { kind: 'tilt', tilt: 0.7 * tilt + 0.3 * rank, strength: 1, words: words.join('; ') };
}

/** Votes by how a proposal sits with the market's regime (0.7) and the instrument's rank (0.3). */
export const macroOpinionist: Opinionist = {
  voter: 'macro',
  version: MACRO_VERSION,
  opine: (dossier) => ({
    opinions: dossier.synthesized.proposals.map((proposal) =>
      opineOn(dossier, 'macro', proposal, macroStance(dossier.macro, proposal.instrument)),
    ),
    recalled: [],
  }),
};
