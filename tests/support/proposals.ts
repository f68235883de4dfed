import type { Proposal } from '#contracts/events/cycle.ts';
import type { AgentContext, CycleBody, Dossier } from '#core/agents/context.ts';
import { macroAssessed } from './agent-context.ts';

/** A long in AAPL that a strategist might propose, with whatever is to be different. */
export function openLong(changes: Partial<Proposal> = {}): Proposal {
  return {
    proposalId: 'cycle:test/flow/AAPL/open',
    strategy: 'flow',
    instrument: 'AAPL',
    action: 'open',
    direction: 'long',
    confidence: 0.62,
    entry: '170',
    invalidation: '165',
    target: '176',
    horizonSessions: 10,
    pyramiding: { maxLayers: 3, stepR: 0.5, sizeFactor: 0.6, trailR: 1 },
    rationale: ['given by the test'],
    evidence: ['AAPL.daily.close[-1]'],
    measures: {},
    method: 'test',
    ...changes,
  };
}

export function synthesizedOf(
  proposals: readonly Proposal[],
  iteration = 1,
  sources?: readonly string[],
): CycleBody<'ProposalSynthesized'> {
  return {
    iteration,
    proposals: proposals.map((proposal, index) => ({
      ...proposal,
      rank: index + 1,
      score: 1,
      sources: [...(sources ?? [proposal.strategy])],
    })),
    dropped: [],
    answered: [],
    abstained: [],
    missing: [],
    inputs: [],
    agentVersion: 'test',
  };
}

export function consensusOn(proposals: readonly Proposal[], oppose = 0): CycleBody<'ConsensusReached'> {
  return {
    iteration: 1,
    rounds: 1,
    rejected: [],
    dissent: [],
    changed: [],
    missing: [],
    inputs: [],
    approved: proposals.map(({ proposalId }) => ({
      proposalId,
      support: 5 - oppose,
      oppose,
      abstain: 2,
      meanConfidence: 0.7,
      weightedSupport: 1,
      reason: 'given by the test',
    })),
  };
}

type Assessment = CycleBody<'RiskAssessed'>['assessments'][number];

export function assessedOf(assessments: readonly Partial<Assessment>[]): CycleBody<'RiskAssessed'> {
  return {
    iteration: 1,
    agentVersion: 'test',
    assessments: assessments.map((changes) => ({
      proposalId: 'cycle:test/flow/AAPL/open',
      instrument: 'AAPL',
      verdict: 'accept',
      reason: 'given by the test',
      probabilityOfProfit: 0.65,
      expectedReturn: 0.005,
      simulations: 2000,
      quantity: '500',
      candidates: [],
      binding: null,
      stress: [],
      ...changes,
    })),
  };
}

export function clearedOf(quantities: Readonly<Record<string, string>>): CycleBody<'DecisionCleared'> {
  return {
    iteration: 1,
    crisisScore: 0.2,
    components: {},
    scenarios: [],
    agentVersion: 'test',
    approved: Object.entries(quantities).map(([proposalId, quantity]) => ({ proposalId, quantity })),
  };
}

export function dossierOf(
  context: AgentContext,
  market: CycleBody<'MarketViewPublished'>,
  synthesized: CycleBody<'ProposalSynthesized'>,
  changes: Partial<Dossier> = {},
): Dossier {
  return {
    context,
    macro: macroAssessed(),
    market,
    synthesized,
    previous: [],
    round: 1,
    episodes: [],
    lessons: null,
    ...changes,
  };
}
