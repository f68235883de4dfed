import type { Proposal } from '#contracts/events/cycle.ts';
import type { DeskEvent, EventData } from '#contracts/registry.ts';
import type { BarSeries } from '#core/market/bars.ts';
import type { Instrument, InstrumentId } from '#core/market/instrument.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';
import { inUnitInterval, measured, significant } from '#core/values/round.ts';
import type { Episode } from '../context.ts';
import { sessionDateOf } from '../history.ts';
import { caseFeatures } from './case.ts';

/** The events that a cycle's episodes are made of. */
export type CycleEvent = DeskEvent<
  'MarketViewPublished' | 'ProposalSynthesized' | 'ConsensusReached' | 'DecisionCleared'
>;

export interface SessionToRemember {
  readonly session: string;
  /** Events of the session's finished cycles, in any order; those of other sessions are ignored. */
  readonly events: readonly CycleEvent[];
  readonly instrument: (id: InstrumentId) => Instrument;
  /** Session bars; bars that close after `asOf` are not looked at. */
  readonly daily: (id: InstrumentId) => BarSeries | null;
  /** The present of whoever asks. */
  readonly asOf: EpochMillis;
  /** Sessions after the session until the outcome is read; 0: at the session's own close. */
  readonly horizonSessions: number;
}

export interface RememberedSession {
  readonly episodes: readonly Episode[];
  /** Cases whose outcome is not known at `asOf`: ask again later. */
  readonly open: number;
}

/** A view from which no side follows is no case. */
const LEAST_DIRECTION = 0.1;
/** An untraded case teaches less than one that cost or earned money. */
const TRADED_IMPORTANCE = 0.5;
const UNTRADED_IMPORTANCE = 0.1;

interface Cycle {
  readonly cycleId: string;
  market: EventData<'MarketViewPublished'> | null;
  readonly proposals: Proposal[];
  readonly agreed: Map<string, number | null>;
  readonly cleared: Set<string>;
}

function cyclesOf({ session, events }: SessionToRemember): readonly Cycle[] {
  const cycles = new Map<string, Cycle>();
  const of = (cycleId: string): Cycle => {
    const found = cycles.get(cycleId) ?? {
      cycleId,
      market: null,
      proposals: [],
      agreed: new Map(),
      cleared: new Set(),
    };
    cycles.set(cycleId, found);
    return found;
  };
  for (const event of events) {
    if (event.data.session !== session) continue;
    const cycle = of(event.data.cycleId);
    switch (event.metadata.type) {
      case 'MarketViewPublished':
        cycle.market = event.data as EventData<'MarketViewPublished'>;
        break;
      case 'ProposalSynthesized':
        cycle.proposals.push(...(event.data as EventData<'ProposalSynthesized'>).proposals);
        break;
      case 'ConsensusReached':
        for (const tally of (event.data as EventData<'ConsensusReached'>).approved) {
          cycle.agreed.set(tally.proposalId, tally.meanConfidence);
        }
        break;
      case 'DecisionCleared':
        for (const { proposalId } of (event.data as EventData<'DecisionCleared'>).approved) {
          cycle.cleared.add(proposalId);
        }
        break;
    }
  }
  return [...cycles.values()].sort((left, right) => (left.cycleId < right.cycleId ? -1 : 1));
}

/** One side of one instrument that a cycle saw. */
interface Case {
  readonly cycle: Cycle;
  readonly market: EventData<'MarketViewPublished'>;
  readonly instrument: InstrumentId;
  readonly direction: 'long' | 'short';
  readonly confidence: number;
  readonly proposalId: string | null;
  readonly traded: boolean;
}

function casesOf(cycle: Cycle): readonly Case[] {
  const { market } = cycle;
  if (market === null) return [];
  return market.instruments.flatMap((view): Case[] => {
    const shared = { cycle, market, instrument: view.instrument };
    const proposed = cycle.proposals.filter(
      ({ instrument, action }) => instrument === view.instrument && action === 'open',
    );
    const cases = proposed.map((proposal) => ({
      ...shared,
      direction: proposal.direction,
      confidence: proposal.confidence,
      proposalId: proposal.proposalId,
      traded: cycle.cleared.has(proposal.proposalId),
    }));
    if (cases.length > 0 || Math.abs(view.direction) < LEAST_DIRECTION) return cases;
    const direction = view.direction > 0 ? 'long' : 'short';
    return [{ ...shared, direction, confidence: view.confidence, proposalId: null, traded: false }];
  });
}

/**
 * One case per instrument and side of a session: the first that was traded, else the first that was seen. A session's
 * cycles are minutes apart and see nearly the same; counting each would let one afternoon outvote a year.
 */
function distinctCases(cycles: readonly Cycle[]): readonly Case[] {
  const chosen = new Map<string, Case>();
  for (const candidate of cycles.flatMap(casesOf)) {
    const key = `${candidate.instrument}:${candidate.direction}`;
    const before = chosen.get(key);
    if (before === undefined || (candidate.traded && !before.traded)) chosen.set(key, candidate);
  }
  return [...chosen.values()];
}

interface End {
  readonly date: string;
  readonly price: number;
}

/** The close at the horizon; null where it is not known at `asOf`. */
function endOf(request: SessionToRemember, id: InstrumentId, decidedAt: EpochMillis): End | null {
  const bars = request.daily(id);
  if (bars === null) return null;
  const instrument = request.instrument(id);
  const dateAt = (at: number) => sessionDateOf(instrument, { closeTime: bars.closeTime[at] as number });
  let own = bars.length - 1;
  while (own >= 0 && dateAt(own) > request.session) own--;
  if (own < 0 || dateAt(own) !== request.session) return null;
  const at = own + request.horizonSessions;
  const closed = bars.closeTime[at];
  const price = bars.close[at];
  if (closed === undefined || price === undefined || closed > request.asOf || closed <= decidedAt)
    return null;
  return Number.isFinite(price) && price > 0 ? { date: dateAt(at), price } : null;
}

/**
 * What a session's decisions came to: for each instrument and side that was proposed (or, without a proposal, that the
 * market view leaned to) the features known then and the return from the decision's reference price to the close
 * `horizonSessions` sessions later, signed by the side. Cases whose end is not known at `asOf` are counted, not guessed.
 * `traded` is true where the decision was cleared. Importance: the return against two deviations of the horizon, at
 * least 0.5 where traded.
 */
export function episodesOfSession(request: SessionToRemember): RememberedSession {
  let open = 0;
  const episodes = distinctCases(cyclesOf(request)).flatMap((found): Episode[] => {
    const view = found.market.instruments.find(({ instrument }) => instrument === found.instrument);
    const features = caseFeatures(found.market, found.instrument);
    if (view === undefined || features === null) return [];
    const end = endOf(request, found.instrument, parseInstant(view.referenceAt));
    if (end === null) {
      open += 1;
      return [];
    }
    const side = found.direction === 'long' ? 1 : -1;
    const outcome = side * (end.price / view.referencePrice - 1);
    const volatility = view.measures['volatility.session'] ?? null;
    const usual = (volatility ?? 0.02) * Math.sqrt(Math.max(1, request.horizonSessions));
    const weight = usual > 0 ? Math.abs(outcome) / (2 * usual) : 0;
    return [
      {
        episodeId: `${found.cycle.cycleId}:${found.instrument}:${found.direction}:${request.horizonSessions}`,
        instrument: found.instrument,
        closedOn: end.date,
        regime: found.market.regime,
        direction: found.direction,
        confidence: found.confidence,
        features: {
          ...features,
          'consensus.confidence': measured(
            found.proposalId === null ? null : found.cycle.agreed.get(found.proposalId),
          ),
        },
        outcome: significant(outcome),
        traded: found.traded,
        importance: inUnitInterval(
          Math.max(found.traded ? TRADED_IMPORTANCE : UNTRADED_IMPORTANCE, Math.min(1, weight)),
        ),
      },
    ];
  });
  return { episodes, open };
}
