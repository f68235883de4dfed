import type { Opinion, Proposal, View } from '#contracts/events/cycle.ts';
import type { DeskEvent, EventData, EventType } from '#contracts/registry.ts';
import type { CycleBody, Dossier } from '#core/agents/context.ts';
import { contextOf, IN_CYCLE } from './market-context.ts';

type InstrumentView = CycleBody<'MarketViewPublished'>['instruments'][number];

/** An event as it is journaled, with the envelope that its content does not depend on. */
export function eventOf<T extends EventType>(type: T, data: EventData<T>): DeskEvent<T> {
  return {
    metadata: {
      id: '00000000-0000-4000-8000-000000000000',
      type,
      version: 1,
      occurredAt: '2018-02-06T15:00:00.000Z',
      correlationId: 'cycle:test',
      causationId: null,
      sender: 'test',
      recipients: [],
      sequence: 0,
      urgency: 'normal',
      requiresResponse: false,
      ttlSeconds: null,
    },
    data,
  } as DeskEvent<T>;
}

export const proposalOf = (change: Partial<Proposal> = {}): Proposal => ({
  proposalId: 'p1',
  strategy: 'flow',
  instrument: 'AAPL',
  action: 'open',
  direction: 'long',
  confidence: 0.6,
  entry: '100',
  invalidation: '95',
  target: '110',
  horizonSessions: 5,
  pyramiding: null,
  rationale: [],
  evidence: [],
  measures: {},
  method: 'test',
  ...change,
});

export const viewOf = (change: Partial<View> = {}): View => ({
  instrument: 'AAPL',
  direction: 0.4,
  confidence: 0.6,
  horizonSessions: 5,
  evidence: ['AAPL.daily.close[-1]'],
  measures: {},
  dataQuality: 1,
  dataTime: '2018-02-05T21:00:00.000Z',
  method: 'test',
  ...change,
});

export const macroOf = (change: Partial<CycleBody<'MacroAssessed'>> = {}): CycleBody<'MacroAssessed'> => ({
  regime: 'bull',
  regimeConfidence: 0.9,
  regimeReasons: [],
  ranked: [
    { instrument: 'AAPL', rank: 1, score: 0.8, relativeStrength: 1, momentum: 1, riskAdjusted: 1, weight: 1 },
  ],
  unavailable: [],
  instruments: ['AAPL'],
  agentVersion: 'macro/1',
  ...change,
});

/** A market view of AAPL; of nothing with null. */
export const marketOf = (change: Partial<InstrumentView> | null = {}): CycleBody<'MarketViewPublished'> => ({
  instruments:
    change === null
      ? []
      : [
          {
            instrument: 'AAPL',
            direction: 0.5,
            confidence: 0.65,
            disagreement: 0.1,
            dataQuality: 0.9,
            referencePrice: 100,
            referenceAt: '2018-02-05T21:00:00.000Z',
            measures: {},
            contributions: [],
            ...change,
          },
        ],
  rejected: [],
  answered: [],
  abstained: [],
  missing: [],
  regime: 'bull',
  inputs: [],
  agentVersion: 'data/1',
});

export const synthesizedOf = (proposals: readonly Proposal[]): CycleBody<'ProposalSynthesized'> => ({
  iteration: 1,
  proposals: proposals.map((entry, at) => ({ ...entry, rank: at + 1, score: 1, sources: [] })),
  dropped: [],
  answered: [],
  abstained: [],
  missing: [],
  inputs: [],
  agentVersion: 'strategy/1',
});

export interface DossierParts extends Partial<Omit<Dossier, 'context' | 'synthesized'>> {
  readonly proposals?: readonly Proposal[];
  readonly session?: string;
}
export const dossierOf = ({ proposals, session, ...parts }: DossierParts = {}): Dossier => ({
  context: contextOf({ session: session ?? IN_CYCLE.session, daily: {} }),
  macro: macroOf(),
  market: marketOf(),
  synthesized: synthesizedOf(proposals ?? [proposalOf()]),
  previous: [],
  round: parts.previous === undefined ? 1 : 2,
  episodes: [],
  lessons: null,
  ...parts,
});

/** What several voters said of `p1`. */
export const saidBy = (
  voters: readonly string[],
  vote: Opinion['vote'],
  confidence: number,
): Dossier['previous'] =>
  voters.map((voter) => ({
    voter,
    opinions: [{ proposalId: 'p1', vote, confidence, reason: 'their own' }],
  }));
