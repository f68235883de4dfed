import type { CycleBody, Opinionist } from '../context.ts';
import { opineOn, type Stance } from '../opinion.ts';
import { DATA_VERSION } from './data.ts';

/** From this disagreement on, the weighted views point so far apart that their mean means little. */
const SPLIT = 0.75;

/** The pooled view of an instrument as a stance: its direction, worth less the more its sources disagree. */
function dataStance(market: CycleBody<'MarketViewPublished'>, instrument: string): Stance {
  const view = market.instruments.find((candidate) => candidate.instrument === instrument);
  if (view === undefined) return { kind: 'none', reason: `no market view of ${instrument} was published` };
  const disagreement = view.disagreement ?? 0;
  const words = `${view.contributions.length} analyzers see ${instrument} at direction ${view.direction.toFixed(2)}, confidence ${view.confidence.toFixed(2)}, disagreement ${disagreement.toFixed(2)}`;
  if (disagreement >= SPLIT) return { kind: 'none', reason: `${words}: they are split` };
  return { kind: 'tilt', tilt: view.direction, strength: view.dataQuality * (1 - disagreement / 2), words };
}

/** Votes by the validated market view of the proposal's instrument. */
export const dataOpinionist: Opinionist = {
  voter: 'data',
  version: DATA_VERSION,
  opine: (dossier) => ({
    opinions: dossier.synthesized.proposals.map((proposal) =>
      opineOn(dossier, 'data', proposal, dataStance(dossier.market, proposal.instrument)),
    ),
    recalled: [],
  }),
};
