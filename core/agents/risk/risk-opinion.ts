import type { Opinionist } from '#core/agents/context.ts';
import { opineOn, proposalSign, type Stance } from '#core/agents/opinion.ts';
import { instrumentState } from '#core/agents/strategy/instrument-state.ts';
import { percent } from '#core/agents/strategy/proposal-draft.ts';
import { RISK_VERSION, simulateProposal } from './assess-risk.ts';
import { SIMULATION_MINIMUM_SESSIONS } from './outcome-simulation.ts';

type Dossier = Parameters<Opinionist['opine']>[0];
type Synthesized = Dossier['synthesized']['proposals'][number];

/** Below this share of the drawdown allowance left, nothing new is supported. */
const LEAST_HEADROOM = 0.25;
/** Giving up risk is supported this strongly. */
const REDUCTION_TILT = 0.6;

/**
 * The risk agent's vote: whether the trade's own simulated odds clear the policy's floor, with the account's remaining
 * drawdown in mind. The draws are its own, not those of the assessment that follows a consensus.
 */
export const riskOpinionist: Opinionist = {
  voter: 'risk',
  version: RISK_VERSION,
  opine(dossier) {
    return {
      opinions: dossier.synthesized.proposals.map((proposal) =>
        opineOn(dossier, 'risk', proposal, stanceOn(dossier, proposal)),
      ),
      recalled: [],
    };
  },
};

function stanceOn({ context, market }: Dossier, proposal: Synthesized): Stance {
  const sign = proposalSign(proposal);
  if (proposal.action === 'close') {
    return { kind: 'tilt', tilt: sign * REDUCTION_TILT, strength: 1, words: 'closing reduces risk' };
  }
  const { account, policy } = context;
  if (account === null) return { kind: 'none', reason: 'the equity of the account is unknown' };
  const headroom = (policy.drawdown.halt - account.drawdown) / policy.drawdown.halt;
  if (headroom < LEAST_HEADROOM) {
    return {
      kind: 'tilt',
      tilt: -sign,
      strength: 1,
      words: `only ${percent(Math.max(0, headroom), 0)} of the drawdown allowance is left`,
    };
  }
  const state = instrumentState(context, market, proposal.instrument, SIMULATION_MINIMUM_SESSIONS + 1);
  if ('unknown' in state) return { kind: 'none', reason: state.unknown };
  const simulated = simulateProposal(context, state, proposal, 'risk-opinion');
  if (simulated === null) {
    return { kind: 'none', reason: `the history of ${proposal.instrument} does not allow a simulation` };
  }
  const odds = simulated.probabilityOfProfit;
  const worth = odds >= policy.probabilityOfProfit && simulated.meanReturn > 0;
  return {
    kind: 'tilt',
    // Odds of 0.62 are worth a confidence of 0.62; what misses the floor is opposed at least mildly.
    tilt: sign * (worth ? 2 * odds - 1 : Math.min(-0.2, 2 * (odds - policy.probabilityOfProfit))),
    strength: 1,
    words: `simulated probability of profit ${percent(odds)} (floor ${percent(policy.probabilityOfProfit)}), expected return ${percent(simulated.meanReturn, 2)}`,
  };
}
