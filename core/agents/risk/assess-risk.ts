import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { expectedSlippage } from '#core/agents/execution/trading-cost.ts';
import { type InstrumentState, instrumentState, positionOf } from '#core/agents/strategy/instrument-state.ts';
import { figure, percent } from '#core/agents/strategy/proposal-draft.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { centsText, Decimal, decimalText } from '#core/values/decimal.ts';
import { inUnitInterval, measured, significant } from '#core/values/round.ts';
import { SIMULATION_MINIMUM_SESSIONS, type SimulatedOutcome, simulateOutcome } from './outcome-simulation.ts';
import { sizeCandidates, smallest } from './position-sizing.ts';
import { stressFor } from './stress-scenarios.ts';

type Assessment = CycleBody<'RiskAssessed'>['assessments'][number];
type Synthesized = CycleBody<'ProposalSynthesized'>['proposals'][number];
type Market = CycleBody<'MarketViewPublished'>;

export const RISK_VERSION = '1.0.0';
/** How far above the reference an entry may trade: the execution agent's limit. */
export const ENTRY_LIMIT_FRACTION = 0.002;

/**
 * Whether each approved proposal is worth its risk, and how big: probability of profit by seeded Monte Carlo on the
 * instrument's own sessions, size by every method with the smallest winning and named, stress scenarios beside it. What
 * cannot be evaluated is rejected with the reason. Proposals are assessed in rank order; what is accepted earlier uses up
 * leverage and sector headroom of what comes later. Closing is accepted in full: it reduces risk.
 */
export function assessRisk(
  context: AgentContext,
  market: Market,
  synthesized: CycleBody<'ProposalSynthesized'>,
  consensus: CycleBody<'ConsensusReached'>,
): CycleBody<'RiskAssessed'> {
  const approved = new Set(consensus.approved.map((tally) => tally.proposalId));
  const reserved: Reservation[] = [];
  const assessments = synthesized.proposals
    .filter((proposal) => approved.has(proposal.proposalId))
    .map((proposal) => {
      if (proposal.action === 'close') return assessClose(context, proposal);
      const assessment = assessOpen(context, market, proposal, reserved);
      if (assessment.verdict === 'accept') {
        const value = new Decimal(assessment.quantity)
          .times(proposal.entry)
          .times(context.instrument(proposal.instrument).multiplier);
        reserved.push({ sector: context.instrument(proposal.instrument).sector, value });
      }
      return assessment;
    });
  return { iteration: synthesized.iteration, assessments, agentVersion: RISK_VERSION };
}

interface Reservation {
  readonly sector: string | null;
  readonly value: Decimal;
}

/** Money that may still be lost before the drawdown halts the desk; never negative. */
export function drawdownHeadroom(account: NonNullable<AgentContext['account']>, policy: RiskPolicy): Decimal {
  const halt = new Decimal(account.highWater).times((1 - policy.drawdown.halt).toPrecision(10));
  return Decimal.max(0, new Decimal(account.equity).minus(halt));
}

function rejected(proposal: Synthesized, reason: string): Assessment {
  return {
    proposalId: proposal.proposalId,
    instrument: proposal.instrument,
    verdict: 'reject',
    reason,
    probabilityOfProfit: null,
    expectedReturn: null,
    simulations: 0,
    quantity: '0',
    candidates: [],
    binding: null,
    stress: [],
  };
}

function assessClose(context: AgentContext, proposal: Synthesized): Assessment {
  const position = positionOf(context, proposal.instrument);
  if (position === undefined) return rejected(proposal, `nothing is held in ${proposal.instrument}`);
  const quantity = decimalText(new Decimal(position.quantity).abs());
  return {
    ...rejected(proposal, `closing ${quantity} ${proposal.instrument} reduces risk`),
    verdict: 'accept',
    quantity,
    candidates: [{ method: 'position-held', quantity }],
    binding: 'position-held',
  };
}

/** Simulates a proposal's trade with its costs; the same draws for the same cycle, agent and proposal. */
export function simulateProposal(
  context: AgentContext,
  state: InstrumentState,
  proposal: Synthesized,
  agent: string,
): SimulatedOutcome | null {
  const cost = expectedSlippage(state, 0);
  if (!Number.isFinite(cost)) return null;
  return simulateOutcome(
    state.daily,
    {
      direction: proposal.direction,
      entry: Number(proposal.entry),
      stop: Number(proposal.invalidation),
      target: Number(proposal.target),
      horizonSessions: proposal.horizonSessions,
      roundTripCost: 2 * cost,
    },
    [context.seed, agent, proposal.proposalId],
  );
}

function assessOpen(
  context: AgentContext,
  market: Market,
  proposal: Synthesized,
  reserved: readonly Reservation[],
): Assessment {
  const account = context.account;
  if (account === null) return rejected(proposal, 'the equity of the account is unknown');
  const equity = new Decimal(account.equity);
  if (equity.lte(0))
    return rejected(proposal, `the equity of the account is ${account.equity}: not positive`);
  const state = instrumentState(context, market, proposal.instrument, SIMULATION_MINIMUM_SESSIONS + 1);
  if ('unknown' in state) return rejected(proposal, state.unknown);
  if (!(state.annualVolatility > 0)) {
    return rejected(proposal, `the volatility of ${proposal.instrument} is unknown: unknown is not zero`);
  }
  if (!(state.usualVolume > 0)) {
    return rejected(proposal, `the usual volume of ${proposal.instrument} is unknown: unknown is not zero`);
  }
  const risk = new Decimal(proposal.entry).minus(proposal.invalidation).abs();
  if (risk.lte(0)) return rejected(proposal, 'entry and invalidation are the same price');
  const simulated = simulateProposal(context, state, proposal, 'risk');
  if (simulated === null) {
    return rejected(proposal, `the history of ${proposal.instrument} does not allow a simulation`);
  }
  const { instrument } = state;
  const exposure = exposureOf(context, proposal.instrument, reserved);
  const candidates = sizeCandidates({
    instrument,
    policy: context.policy,
    equity,
    headroom: drawdownHeadroom(account, context.policy),
    grossExposure: exposure.gross,
    held: exposure.held,
    sectorHeld: exposure.sector,
    worstPrice: new Decimal(proposal.entry).times(
      proposal.direction === 'long' ? 1 + ENTRY_LIMIT_FRACTION : 1,
    ),
    risk,
    annualVolatility: state.annualVolatility,
    usualVolume: state.usualVolume,
    meanReturn: simulated.meanReturn,
    variance: simulated.variance,
  });
  const binding = smallest(candidates);
  const floor = context.policy.probabilityOfProfit;
  const problem =
    simulated.probabilityOfProfit < floor
      ? `the probability of profit of ${percent(simulated.probabilityOfProfit)} is below the floor of ${percent(floor)}`
      : simulated.meanReturn <= 0
        ? `the expected return of ${percent(simulated.meanReturn, 2)} is not positive`
        : binding.quantity.lte(0)
          ? `${binding.method} allows nothing`
          : null;
  const value = binding.quantity.times(proposal.entry).times(instrument.multiplier);
  return {
    proposalId: proposal.proposalId,
    instrument: proposal.instrument,
    verdict: problem === null ? 'accept' : 'reject',
    reason:
      problem ??
      `probability of profit ${percent(simulated.probabilityOfProfit)}, expected return ${percent(simulated.meanReturn, 2)}; ${decimalText(binding.quantity)} units by ${binding.method} at ${figure(state.annualVolatility * 100, 1)} % volatility`,
    probabilityOfProfit: inUnitInterval(simulated.probabilityOfProfit),
    expectedReturn: measured(simulated.meanReturn),
    simulations: simulated.paths,
    quantity: problem === null ? decimalText(binding.quantity) : '0',
    candidates: candidates.map(({ method, quantity }) => ({ method, quantity: decimalText(quantity) })),
    binding: binding.method,
    stress: stressFor(state.daily, proposal.direction).map(({ scenario, shock }) => {
      const loss = value.times(Math.abs(shock).toPrecision(10));
      return {
        scenario,
        shock: significant(shock),
        loss: centsText(loss),
        equityFraction: significant(loss.div(equity).toNumber()),
      };
    }),
  };
}

function exposureOf(context: AgentContext, id: string, reserved: readonly Reservation[]) {
  const positions = context.account?.positions ?? [];
  const { sector } = context.instrument(id);
  const sum = (values: readonly Decimal[]) =>
    values.reduce((total, value) => total.plus(value), new Decimal(0));
  const absoluteValue = (position: { marketValue: string }) => new Decimal(position.marketValue).abs();
  return {
    gross: new Decimal(context.account?.grossExposure ?? '0').plus(sum(reserved.map(({ value }) => value))),
    held: sum(positions.filter((position) => position.instrument === id).map(absoluteValue)),
    sector:
      sector === null
        ? null
        : sum([
            ...positions
              .filter((position) => sectorOf(context, position.instrument) === sector)
              .map(absoluteValue),
            ...reserved.filter((reservation) => reservation.sector === sector).map(({ value }) => value),
          ]),
  };
}

/** A position may be in an instrument that the universe no longer has; it then belongs to no sector. */
function sectorOf(context: AgentContext, id: string): string | null {
  return context.universe.find((instrument) => instrument.id === id)?.sector ?? null;
}
