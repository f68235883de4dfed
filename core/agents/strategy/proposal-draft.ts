import type { Proposal, PyramidingPlan } from '#contracts/events/cycle.ts';
import type { AgentContext } from '#core/agents/context.ts';
import { inUnitInterval, measured } from '#core/values/round.ts';
import { directionOf, type InstrumentState, type PositionValue } from './instrument-state.ts';
import { onTick, type TradeLevels } from './trade-levels.ts';

/** `<cycleId>/<strategy>/<instrument>/<action>`: the same work gives the same id. */
export function proposalId(
  context: AgentContext,
  strategy: string,
  instrument: string,
  action: 'open' | 'close',
): string {
  return `${context.cycleId}/${strategy}/${instrument}/${action}`;
}

/**
 * The desk's plan for winners: at most three layers, each added half an R further on and 0.6 the size of the one
 * before, all stops then one R below the newest entry. After the second layer the first one risks half of what it did.
 */
export function pyramidingPlan(maxLayers: number): PyramidingPlan {
  return {
    maxLayers: Math.min(3, Math.max(1, Math.trunc(maxLayers))),
    stepR: 0.5,
    sizeFactor: 0.6,
    trailR: 1,
  };
}

interface Reasoning {
  readonly confidence: number;
  readonly horizonSessions: number;
  readonly rationale: readonly string[];
  readonly evidence: readonly string[];
  readonly measures: Readonly<Record<string, number>>;
  readonly method: string;
}

const measuresOf = (measures: Readonly<Record<string, number>>): Record<string, number | null> =>
  Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, measured(value)]));

/** A proposal to open a position at the given levels. */
export function openProposal(
  context: AgentContext,
  strategy: string,
  state: InstrumentState,
  direction: 'long' | 'short',
  levels: TradeLevels,
  reasoning: Reasoning,
): Proposal {
  return {
    proposalId: proposalId(context, strategy, state.instrument.id, 'open'),
    strategy,
    instrument: state.instrument.id,
    action: 'open',
    direction,
    confidence: inUnitInterval(reasoning.confidence),
    entry: levels.entry,
    invalidation: levels.invalidation,
    target: levels.target,
    horizonSessions: reasoning.horizonSessions,
    pyramiding: pyramidingPlan(context.policy.pyramiding.maxLayers),
    rationale: [...reasoning.rationale],
    evidence: [...reasoning.evidence],
    measures: {
      ...measuresOf(reasoning.measures),
      averageTrueRange: measured(state.averageTrueRange),
      annualVolatility: measured(state.annualVolatility),
    },
    method: reasoning.method,
  };
}

/**
 * A proposal to end the position held. Its `direction` is the position's; entry, invalidation and target all carry the
 * prices that are known (reference, the highest resting stop), as nothing is entered. Null without a price on the tick.
 */
export function closeProposal(
  context: AgentContext,
  strategy: string,
  state: InstrumentState,
  position: PositionValue,
  reasoning: Omit<Reasoning, 'horizonSessions'>,
): Proposal | null {
  const entry = onTick(state.instrument, state.reference, 'nearest');
  if (entry === null) return null;
  return {
    proposalId: proposalId(context, strategy, state.instrument.id, 'close'),
    strategy,
    instrument: state.instrument.id,
    action: 'close',
    direction: directionOf(position),
    confidence: inUnitInterval(reasoning.confidence),
    entry,
    invalidation: position.layers.find((layer) => layer.stop !== null)?.stop ?? entry,
    target: position.target ?? entry,
    horizonSessions: 1,
    pyramiding: null,
    rationale: [...reasoning.rationale],
    evidence: [...reasoning.evidence],
    measures: measuresOf(reasoning.measures),
    method: reasoning.method,
  };
}

/** Figures in a rationale are rendered here, from the numbers themselves. */
export const percent = (fraction: number, digits = 1): string =>
  Number.isFinite(fraction) ? `${(fraction * 100).toFixed(digits)} %` : 'unknown';
export const figure = (value: number, digits = 2): string =>
  Number.isFinite(value) ? value.toFixed(digits) : 'unknown';
