import type { DeskEvent } from '#contracts/registry.ts';
import type { Episode } from '#core/agents/context.ts';
import { episodesOfSession } from '#core/agents/memory/episodes.ts';
import { MEMORY_VERSION } from '#core/agents/memory/memory-opinion.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { previousSession } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { Speaker } from './cycle-events.ts';

/** A case is judged by the close so many sessions after it. */
const HORIZON_SESSIONS = 5;

export const REMEMBERED = [
  'MarketViewPublished',
  'ProposalSynthesized',
  'ConsensusReached',
  'DecisionCleared',
] as const;

/**
 * The session whose cases are remembered at the end of another: histories end with the session before that one, so far
 * back lies the latest session whose horizon they cover.
 */
export function sessionToRemember(closed: string): string {
  let session = closed;
  for (let back = 0; back <= HORIZON_SESSIONS; back++) session = previousSession('us-equity', session).date;
  return session;
}

/** What the memory agent keeps of a session's cases, from the events of its cycles. */
export function memoriesOf(
  { name, now }: Speaker,
  closed: DeskEvent<'SessionClosed'>,
  session: string,
  events: readonly DeskEvent<(typeof REMEMBERED)[number]>[],
  daily: ReadonlyMap<string, BarSeries>,
): { readonly entry: JournalEntry<'MemoryRecorded'>; readonly episodes: readonly Episode[] } {
  const { episodes } = episodesOfSession({
    session,
    events,
    instrument: instrumentOf,
    daily: (id) => daily.get(id) ?? null,
    asOf: now,
    horizonSessions: HORIZON_SESSIONS,
  });
  return {
    entry: journalEntry({
      type: 'MemoryRecorded',
      key: session,
      correlationId: correlations.session(closed.data.session),
      causationId: closed.metadata.id,
      sender: name,
      occurredAt: now,
      data: { session, episodes: episodes.map(({ episodeId }) => episodeId), agentVersion: MEMORY_VERSION },
    }),
    episodes,
  };
}
