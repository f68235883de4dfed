import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { drawdownHeadroom } from '#core/agents/risk/assess-risk.ts';
import { CATASTROPHE_HEADROOM, MARKET_STRESS } from '#core/agents/risk/stress-scenarios.ts';
import { figure, percent } from '#core/agents/strategy/proposal-draft.ts';
import { centsText, Decimal } from '#core/values/decimal.ts';
import { significant } from '#core/values/round.ts';
import { crisisScore } from './crisis-score.ts';

type Assessment = CycleBody<'RiskAssessed'>['assessments'][number];
type Scenario = CycleBody<'DecisionVetoed'>['scenarios'][number];

export type Reflection =
  | { readonly type: 'DecisionCleared'; readonly body: CycleBody<'DecisionCleared'> }
  | { readonly type: 'DecisionVetoed'; readonly body: CycleBody<'DecisionVetoed'> }
  | { readonly type: 'IterationRequested'; readonly body: CycleBody<'IterationRequested'> };

export const REFLECTION_VERSION = '1.0.0';
/** From this crisis score on nothing is opened. */
export const VETO_CRISIS_SCORE = 0.6;

/**
 * The last word before the gate. Opens are vetoed when the crisis score reaches 0.60 or when a repeat of the worst
 * remembered day, on the whole book with them, would cost more than one and a half times what is left above the drawdown halt; closing is
 * always cleared. Where the risk agent accepted nothing and another strategy proposes the same trade by other levels, one
 * more iteration without the rejected proposals is asked for, once.
 */
export function reflect(
  context: AgentContext,
  macro: CycleBody<'MacroAssessed'>,
  market: CycleBody<'MarketViewPublished'>,
  synthesized: CycleBody<'ProposalSynthesized'>,
  consensus: CycleBody<'ConsensusReached'>,
  assessed: CycleBody<'RiskAssessed'>,
): Reflection {
  const proposals = new Map(synthesized.proposals.map((proposal) => [proposal.proposalId, proposal]));
  const accepted = assessed.assessments.filter((assessment) => assessment.verdict === 'accept');
  const rejected = assessed.assessments.filter((assessment) => assessment.verdict === 'reject');
  const isClose = ({ proposalId }: Assessment) => proposals.get(proposalId)?.action === 'close';
  const closes = accepted.filter(isClose);
  const opens = accepted.filter((assessment) => !isClose(assessment));
  const { score, components } = crisisScore({ context, macro, market, consensus, opening: opens });
  const scenarios = catastrophes(context, market, opens, proposals);
  const record = {
    iteration: synthesized.iteration,
    crisisScore: score,
    components,
    scenarios: [...scenarios.values],
    agentVersion: REFLECTION_VERSION,
  };
  const reason = opens.length === 0 ? null : vetoReason(score, scenarios);
  const cleared = reason === null ? [...closes, ...opens] : closes;
  if (cleared.length > 0) {
    const approved = synthesized.proposals.flatMap(({ proposalId }) =>
      cleared
        .filter((entry) => entry.proposalId === proposalId)
        .map(({ quantity }) => ({ proposalId, quantity })),
    );
    if (approved.length > 0) return { type: 'DecisionCleared', body: { ...record, approved } };
  }
  const alternatives = rejected.filter(
    ({ proposalId }) => (proposals.get(proposalId)?.sources.length ?? 0) > 1,
  );
  if (synthesized.iteration === 1 && opens.length === 0 && alternatives.length > 0) {
    return {
      type: 'IterationRequested',
      body: {
        ...record,
        reason: 'the risk agent accepted nothing and another strategy proposes the same by other levels',
        exclude: rejected.map(({ proposalId }) => proposalId).sort(),
      },
    };
  }
  const rejections = rejected
    .map((assessment) => `${assessment.proposalId}: ${assessment.reason}`)
    .join('; ');
  return {
    type: 'DecisionVetoed',
    body: {
      ...record,
      reason: (reason ?? `the risk agent accepted nothing: ${rejections || 'nothing was assessed'}`).slice(
        0,
        2000,
      ),
    },
  };
}

interface Catastrophes {
  readonly values: readonly Scenario[];
  /** Money that may still be lost before the drawdown halt; null where the account is unknown. */
  readonly headroom: Decimal | null;
  readonly worst: Scenario | null;
}

/** What a repeat of each remembered day would cost the whole book: every holding and what is about to be opened. */
function catastrophes(
  context: AgentContext,
  market: CycleBody<'MarketViewPublished'>,
  opens: readonly Assessment[],
  proposals: ReadonlyMap<string, { readonly direction: string; readonly entry: string }>,
): Catastrophes {
  const account = context.account;
  if (account === null) return { values: [], headroom: null, worst: null };
  const equity = new Decimal(account.equity);
  if (equity.lte(0)) return { values: [], headroom: null, worst: null };
  let exposure = account.positions.reduce((sum, position) => sum.plus(position.marketValue), new Decimal(0));
  for (const open of opens) {
    const proposal = proposals.get(open.proposalId);
    const multiplier = context.instrument(open.instrument).multiplier;
    const view = market.instruments.find((entry) => entry.instrument === open.instrument);
    const value = new Decimal(open.quantity)
      .times(view?.referencePrice ?? proposal?.entry ?? '0')
      .times(multiplier);
    exposure = proposal?.direction === 'short' ? exposure.minus(value) : exposure.plus(value);
  }
  const values = MARKET_STRESS.map(({ scenario, shock }): Scenario => {
    const loss = exposure.abs().times(Math.abs(shock).toPrecision(10));
    return { scenario, loss: centsText(loss), equityFraction: significant(loss.div(equity).toNumber()) };
  });
  const worst = values.reduce<Scenario | null>(
    (most, value) => (most === null || value.equityFraction > most.equityFraction ? value : most),
    null,
  );
  return { values, headroom: drawdownHeadroom(account, context.policy), worst };
}

function vetoReason(score: number, { headroom, worst }: Catastrophes): string | null {
  if (score >= VETO_CRISIS_SCORE) {
    return `the crisis score of ${figure(score)} is at or above ${figure(VETO_CRISIS_SCORE)}`;
  }
  if (headroom === null || worst === null) {
    return 'the equity of the account is unknown: what a catastrophe would cost cannot be judged';
  }
  const allowed = headroom.times(CATASTROPHE_HEADROOM);
  return new Decimal(worst.loss).gt(allowed)
    ? `a repeat of ${worst.scenario} would cost ${worst.loss} (${percent(worst.equityFraction)} of equity), more than ${CATASTROPHE_HEADROOM} times the ${centsText(headroom)} left above the drawdown halt`
    : null;
}
