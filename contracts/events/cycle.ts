import * as z from 'zod';
import {
  calendarDate,
  contentReference,
  identifier,
  instant,
  instrumentId,
  measure,
  sentence,
  signedUnitInterval,
  unitInterval,
} from '../primitives.ts';

export const cycleKind = z.enum(['pre-market', 'decision']);
export type CycleKind = z.infer<typeof cycleKind>;

/** Every event of a cycle names its cycle, session and kind, and the snapshot that all agents of the cycle read. */
const inCycle = {
  cycleId: identifier,
  session: calendarDate,
  kind: cycleKind,
  snapshot: contentReference,
};

export const cycleRequested = z.object({
  ...inCycle,
  trigger: z.enum(['schedule', 'market', 'operator']),
  scheduledAt: instant,
});

export const regime = z.enum(['bull', 'bear', 'sideways', 'crisis']);
export type Regime = z.infer<typeof regime>;

export const macroAssessed = z.object({
  ...inCycle,
  regime: regime.nullable(),
  regimeConfidence: unitInterval,
  regimeReasons: z.array(sentence),
  ranked: z.array(
    z.object({
      instrument: instrumentId,
      rank: z.int().min(1),
      score: measure,
      relativeStrength: measure,
      momentum: measure,
      riskAdjusted: measure,
      weight: unitInterval,
    }),
  ),
  /** Instruments of the universe without usable data, with the reason; grouped to keep the event small. */
  unavailable: z.array(z.object({ reason: sentence, instruments: z.array(instrumentId) })),
  /** The instruments the analyzers are asked about: the top five, and whatever is held. */
  instruments: z.array(instrumentId),
  agentVersion: identifier,
});

/** One agent's opinion of one instrument. `measures` are named figures for later stages; null where undefined. */
export const view = z.object({
  instrument: instrumentId,
  direction: signedUnitInterval,
  confidence: unitInterval,
  horizonSessions: z.int().min(1),
  /** Ids of the data fields it rests on, e.g. `AAPL.daily.close[-1]`: code renders the numbers, not the agent. */
  evidence: z.array(identifier),
  measures: z.record(z.string(), measure.nullable()),
  dataQuality: unitInterval,
  dataTime: instant,
  method: identifier,
});
export type View = z.infer<typeof view>;

export const abstention = z.object({ instrument: instrumentId, reason: sentence });

export const analysisCompleted = z.object({
  ...inCycle,
  agent: identifier,
  agentVersion: identifier,
  views: z.array(view),
  /** Instruments asked about that this agent could not judge. */
  abstentions: z.array(abstention),
});

export const analysisAbstained = z.object({
  ...inCycle,
  agent: identifier,
  agentVersion: identifier,
  reason: sentence,
});

export const marketViewPublished = z.object({
  ...inCycle,
  instruments: z.array(
    z.object({
      instrument: instrumentId,
      direction: signedUnitInterval,
      confidence: unitInterval,
      /** Weighted standard deviation of the directions; null with fewer than two views. */
      disagreement: measure.nullable(),
      dataQuality: unitInterval,
      referencePrice: measure,
      referenceAt: instant,
      measures: z.record(z.string(), measure.nullable()),
      contributions: z.array(
        z.object({
          agent: identifier,
          direction: signedUnitInterval,
          confidence: unitInterval,
          weight: unitInterval,
        }),
      ),
    }),
  ),
  rejected: z.array(z.object({ agent: identifier, instrument: instrumentId, reason: sentence })),
  answered: z.array(identifier),
  abstained: z.array(z.object({ agent: identifier, reason: sentence })),
  /** Agents that had not answered by the deadline. */
  missing: z.array(identifier),
  regime: regime.nullable(),
  inputs: z.array(z.uuid()),
  agentVersion: identifier,
});

export const pyramidingPlan = z.object({
  /** Layers in all, the first entry included. */
  maxLayers: z.int().min(1).max(5),
  /** A layer is added each time the price has moved this many R (entry − invalidation) in favour. */
  stepR: measure,
  /** Size of each layer relative to the one before; below 1. */
  sizeFactor: measure,
  /** The stop of all layers is raised to this many R below the newest entry. */
  trailR: measure,
});
export type PyramidingPlan = z.infer<typeof pyramidingPlan>;

export const proposal = z.object({
  proposalId: identifier,
  strategy: identifier,
  instrument: instrumentId,
  /** `open` takes or adds a long or short position; `close` ends the one held. */
  action: z.enum(['open', 'close']),
  direction: z.enum(['long', 'short']),
  confidence: unitInterval,
  /** Prices as decimals; the entry is the reference at proposal time, the invalidation the protective stop. */
  entry: z.string(),
  invalidation: z.string(),
  target: z.string(),
  horizonSessions: z.int().min(1),
  pyramiding: pyramidingPlan.nullable(),
  rationale: z.array(sentence),
  evidence: z.array(identifier),
  measures: z.record(z.string(), measure.nullable()),
  method: identifier,
});
export type Proposal = z.infer<typeof proposal>;

export const strategyProposed = z.object({
  ...inCycle,
  agent: identifier,
  agentVersion: identifier,
  proposals: z.array(proposal),
  abstentions: z.array(abstention),
});

export const strategyAbstained = z.object({
  ...inCycle,
  agent: identifier,
  agentVersion: identifier,
  reason: sentence,
});

export const proposalSynthesized = z.object({
  ...inCycle,
  iteration: z.int().min(1),
  /** Best first. */
  proposals: z.array(proposal.extend({ rank: z.int().min(1), score: measure, sources: z.array(identifier) })),
  dropped: z.array(z.object({ proposalId: identifier, reason: sentence })),
  answered: z.array(identifier),
  abstained: z.array(z.object({ agent: identifier, reason: sentence })),
  missing: z.array(identifier),
  inputs: z.array(z.uuid()),
  agentVersion: identifier,
});

export const opinion = z.object({
  proposalId: identifier,
  vote: z.enum(['support', 'oppose', 'abstain']),
  confidence: unitInterval,
  reason: sentence,
});
export type Opinion = z.infer<typeof opinion>;

export const opinionGiven = z.object({
  ...inCycle,
  iteration: z.int().min(1),
  round: z.int().min(1).max(3),
  voter: identifier,
  agentVersion: identifier,
  opinions: z.array(opinion),
  /** Episodes or lessons the voter drew on, by id. */
  recalled: z.array(identifier),
});

export const deliberationRoundOpened = z.object({
  ...inCycle,
  iteration: z.int().min(1),
  round: z.int().min(2).max(3),
  /** What each voter said in the round before, so that all see the others' reasons. */
  previous: z.array(z.object({ voter: identifier, opinions: z.array(opinion) })),
  open: z.array(identifier),
});

const tally = z.object({
  proposalId: identifier,
  support: z.int().min(0),
  oppose: z.int().min(0),
  abstain: z.int().min(0),
  meanConfidence: unitInterval.nullable(),
  weightedSupport: unitInterval.nullable(),
  reason: sentence,
});
const deliberationRecord = {
  ...inCycle,
  iteration: z.int().min(1),
  rounds: z.int().min(0).max(3),
  rejected: z.array(tally),
  dissent: z.array(z.object({ voter: identifier, proposalId: identifier, reason: sentence })),
  /** Who changed their vote between rounds, and why. */
  changed: z.array(
    z.object({
      voter: identifier,
      proposalId: identifier,
      from: z.string(),
      to: z.string(),
      round: z.int(),
      reason: sentence,
    }),
  ),
  missing: z.array(identifier),
  inputs: z.array(z.uuid()),
};
export const consensusReached = z.object({ ...deliberationRecord, approved: z.array(tally).min(1) });
export const consensusFailed = z.object({ ...deliberationRecord, reason: sentence });

export const riskAssessed = z.object({
  ...inCycle,
  iteration: z.int().min(1),
  assessments: z.array(
    z.object({
      proposalId: identifier,
      instrument: instrumentId,
      verdict: z.enum(['accept', 'reject']),
      reason: sentence,
      probabilityOfProfit: unitInterval.nullable(),
      expectedReturn: measure.nullable(),
      simulations: z.int().min(0),
      /** Units to trade; decimal text. */
      quantity: z.string(),
      /** What each sizing method allows, in units; the smallest wins and is named. */
      candidates: z.array(z.object({ method: identifier, quantity: z.string() })),
      binding: identifier.nullable(),
      stress: z.array(
        z.object({ scenario: identifier, shock: measure, loss: z.string(), equityFraction: measure }),
      ),
    }),
  ),
  agentVersion: identifier,
});

const reflectionRecord = {
  ...inCycle,
  iteration: z.int().min(1),
  crisisScore: unitInterval,
  components: z.record(z.string(), unitInterval.nullable()),
  scenarios: z.array(z.object({ scenario: identifier, loss: z.string(), equityFraction: measure })),
  agentVersion: identifier,
};
export const decisionCleared = z.object({
  ...reflectionRecord,
  approved: z.array(z.object({ proposalId: identifier, quantity: z.string() })).min(1),
});
export const decisionVetoed = z.object({ ...reflectionRecord, reason: sentence });
export const iterationRequested = z.object({
  ...reflectionRecord,
  reason: sentence,
  exclude: z.array(identifier),
});

/** Ends every cycle that got as far as the execution agent: what was planned, and what was not and why. */
export const planCompleted = z.object({
  ...inCycle,
  iteration: z.int().min(1),
  planned: z.array(identifier),
  declined: z.array(z.object({ proposalId: identifier, reason: sentence })),
  agentVersion: identifier,
});
