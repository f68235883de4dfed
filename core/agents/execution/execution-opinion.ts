import type { Opinionist } from '#core/agents/context.ts';
import { opineOn, proposalSign, type Stance } from '#core/agents/opinion.ts';
import { instrumentState, VOLATILITY_SESSIONS } from '#core/agents/strategy/instrument-state.ts';
import { percent } from '#core/agents/strategy/proposal-draft.ts';
import { EXECUTION_VERSION } from './plan-execution.ts';
import { expectedSlippage } from './trading-cost.ts';
import { tradingWindow } from './trading-window.ts';

type Dossier = Parameters<Opinionist['opine']>[0];
type Synthesized = Dossier['synthesized']['proposals'][number];

/** What can be traded well is supported this strongly at most: being tradable is not being right. */
const FEASIBLE_TILT = 0.5;

/**
 * The execution agent's vote: whether the trade can be done now, at a cost within the policy. It says nothing about the
 * direction, so its support is bounded. The cost is that of the base size.
 */
export const executionOpinionist: Opinionist = {
  voter: 'execution',
  version: EXECUTION_VERSION,
  opine(dossier) {
    return {
      opinions: dossier.synthesized.proposals.map((proposal) =>
        opineOn(dossier, 'execution', proposal, stanceOn(dossier, proposal)),
      ),
      recalled: [],
    };
  },
};

function stanceOn({ context, market }: Dossier, proposal: Synthesized): Stance {
  const sign = proposalSign(proposal);
  const window = tradingWindow(context, proposal.action === 'close');
  if (window !== null) {
    return context.kind === 'pre-market'
      ? { kind: 'none', reason: window }
      : { kind: 'tilt', tilt: -sign * FEASIBLE_TILT, strength: 1, words: window };
  }
  const state = instrumentState(context, market, proposal.instrument, VOLATILITY_SESSIONS + 1);
  if ('unknown' in state) return { kind: 'none', reason: state.unknown };
  const equity = Number(context.account?.equity ?? Number.NaN);
  const quantity =
    (equity * context.policy.position.base) / (state.reference * Number(state.instrument.multiplier));
  const cost = expectedSlippage(state, quantity);
  if (!Number.isFinite(cost)) {
    return { kind: 'none', reason: `the cost of trading ${proposal.instrument} is unknown` };
  }
  const used = cost / context.policy.expectedSlippage;
  return {
    kind: 'tilt',
    tilt: sign * FEASIBLE_TILT * (proposal.action === 'close' ? 1 : Math.max(-1, 1 - used)),
    strength: 1,
    words: `expected slippage ${percent(cost, 3)} of ${percent(context.policy.expectedSlippage, 2)} allowed at the base size`,
  };
}
