import * as z from 'zod';
import type { DeskEvent } from '#contracts/registry.ts';
import type { Episode } from '#core/agents/context.ts';
import { episodesOfSession } from '#core/agents/memory/episodes.ts';
import { MEMORY_VERSION, memoryOpinionist } from '#core/agents/memory/memory-opinion.ts';
import type { MemoryStore } from '#core/agents/memory/memory-store.ts';
import { sessionRecord } from '#core/cycle/session-record.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { previousSession } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { DailyRecord } from '#core/portfolio/market-record.ts';
import { loadDaily } from '#functions/runtime/cycle-context.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say, type UseCase } from '#functions/runtime/handler.ts';
import { eventsOf } from '#functions/runtime/journal-reading.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const MEMORY_TYPES = ['SessionClosed', ...VOTING_TYPES] as const;
type MemoryType = (typeof MEMORY_TYPES)[number];

const EPISODES = 'episodes';
/** A case is judged by the close so many sessions after it. */
const HORIZON_SESSIONS = 5;
const RECALLED = 500;

const REMEMBERED = [
  'MarketViewPublished',
  'ProposalSynthesized',
  'ConsensusReached',
  'DecisionCleared',
] as const;

const episode: z.ZodType<Episode> = z.object({
  episodeId: z.string(),
  instrument: z.string(),
  closedOn: z.string(),
  regime: z.string().nullable(),
  direction: z.enum(['long', 'short']),
  confidence: z.number(),
  features: z.record(z.string(), z.number().nullable()),
  outcome: z.number(),
  traded: z.boolean(),
  importance: z.number(),
});

/** Remembers what cases came to, once it is known; votes from what it recalls of cases like the one at hand. */
export function memoryAgent(memory: MemoryStore): UseCase<MemoryType> {
  return async (desk: Desk, arrivals: readonly Arrival<MemoryType>[]) => {
    for (const { event } of arrivals) {
      if (event.metadata.type === 'SessionClosed')
        await rememberCases(desk, memory, event as DeskEvent<'SessionClosed'>);
      else {
        await giveOpinion(desk, memoryOpinionist, event as DeskEvent<VotingType>, async () => ({
          episodes: (await memory.recall(EPISODES, RECALLED)).map((content) => episode.parse(content)),
          lessons: null,
        }));
      }
    }
  };
}

async function rememberCases(
  desk: Desk,
  memory: MemoryStore,
  closed: DeskEvent<'SessionClosed'>,
): Promise<void> {
  // The history in state ends with the session before this one: so far back lies the latest session whose horizon it covers.
  let session = closed.data.session;
  for (let back = 0; back <= HORIZON_SESSIONS; back++) session = previousSession('us-equity', session).date;
  const { INSTRUMENTS } = desk.environment;
  const [record, ...histories] = await desk.store.read([
    stateKeys.session(session),
    ...INSTRUMENTS.map(stateKeys.daily),
  ]);
  if (record === null || record === undefined) return;
  const daily = new Map<string, BarSeries>();
  for (const [index, instrument] of INSTRUMENTS.entries()) {
    const history = histories[index]?.value as DailyRecord | undefined;
    if (history !== undefined) daily.set(instrument, await loadDaily(desk, history.history));
  }
  const events = [];
  for (const cycleId of sessionRecord.parse(record.value).cycles)
    events.push(...(await eventsOf(desk, cycleId, REMEMBERED)));
  const { episodes } = episodesOfSession({
    session,
    events,
    instrument: instrumentOf,
    daily: (id) => daily.get(id) ?? null,
    asOf: desk.clock.now(),
    horizonSessions: HORIZON_SESSIONS,
  });
  for (const one of episodes) await memory.remember(EPISODES, `${one.closedOn}/${one.episodeId}`, one);
  await say(desk, [
    journalEntry({
      type: 'MemoryRecorded',
      key: session,
      correlationId: correlations.session(closed.data.session),
      causationId: closed.metadata.id,
      sender: desk.name,
      occurredAt: desk.clock.now(),
      data: { session, episodes: episodes.map(({ episodeId }) => episodeId), agentVersion: MEMORY_VERSION },
    }),
  ]);
}
