import type { DeskEvent, EventData } from '#contracts/registry.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** What an agent claimed on one session: a direction, and the probability that it is right. */
export interface Prediction {
  readonly agent: string;
  readonly instrument: InstrumentId;
  readonly session: string;
  /** Only the sign is judged. */
  readonly direction: number;
  readonly confidence: number;
  /** Judged at the close this many sessions after `session`. */
  readonly horizonSessions: number;
  /** The price when it was said. */
  readonly price: number;
}

/** The events that predictions are read from. */
export type PredictionEvent = DeskEvent<'AnalysisCompleted' | 'MarketViewPublished' | 'StrategyProposed'>;

/** The pooled view says nothing of how long it holds; a week, as most of its sources do. */
const POOLED_HORIZON = 5;

/**
 * The predictions of a session's events: one per agent and instrument, from the session's first cycle that has one (its
 * cycles are minutes apart; counting each would count one observation many times). Analyzers answer for their views, the
 * data agent for the pooled view, strategy analyzers for the positions they propose to open. Views with no direction and
 * views of an instrument that got no reference price claim nothing that could be judged. Order of events does not matter.
 */
export function predictionsOf(events: readonly PredictionEvent[]): readonly Prediction[] {
  const prices = new Map<string, number>();
  for (const event of events) {
    if (event.metadata.type !== 'MarketViewPublished') continue;
    const market = event.data as EventData<'MarketViewPublished'>;
    for (const { instrument, referencePrice } of market.instruments) {
      prices.set(`${market.cycleId}\u0000${instrument}`, referencePrice);
    }
  }
  const first = new Map<string, { readonly cycleId: string; readonly prediction: Prediction }>();
  for (const event of events) {
    const { cycleId, session } = event.data;
    for (const claim of claimsOf(event)) {
      const price = prices.get(`${cycleId}\u0000${claim.instrument}`);
      if (price === undefined || claim.direction === 0) continue;
      const key = `${session}\u0000${claim.agent}\u0000${claim.instrument}`;
      const before = first.get(key);
      if (before === undefined || cycleId < before.cycleId) {
        first.set(key, { cycleId, prediction: { ...claim, session, price } });
      }
    }
  }
  return [...first.entries()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, { prediction }]) => prediction);
}

type Claim = Omit<Prediction, 'session' | 'price'>;

function claimsOf(event: PredictionEvent): readonly Claim[] {
  switch (event.metadata.type) {
    case 'AnalysisCompleted': {
      const { agent, views } = event.data as EventData<'AnalysisCompleted'>;
      return views.map(({ instrument, direction, confidence, horizonSessions }) => ({
        agent,
        instrument,
        direction,
        confidence,
        horizonSessions,
      }));
    }
    case 'MarketViewPublished':
      return (event.data as EventData<'MarketViewPublished'>).instruments.map(
        ({ instrument, direction, confidence }) => ({
          agent: 'data',
          instrument,
          direction,
          confidence,
          horizonSessions: POOLED_HORIZON,
        }),
      );
    case 'StrategyProposed': {
      const { agent, proposals } = event.data as EventData<'StrategyProposed'>;
      // Best first: of several proposals for one instrument the first is the agent's claim.
      const seen = new Set<string>();
      return proposals.flatMap(({ instrument, action, direction, confidence, horizonSessions }) => {
        if (action !== 'open' || seen.has(instrument)) return [];
        seen.add(instrument);
        return [{ agent, instrument, direction: direction === 'long' ? 1 : -1, confidence, horizonSessions }];
      });
    }
  }
}
