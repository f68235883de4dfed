import * as z from 'zod';
import type { DeskEvent } from '#contracts/registry.ts';
import type { Episode } from '#core/agents/context.ts';
import { memoryOpinionist } from '#core/agents/memory/memory-opinion.ts';
import type { MemoryStore } from '#core/agents/memory/memory-store.ts';
import { memoriesOf, REMEMBERED, sessionToRemember } from '#core/cycle/memories.ts';
import { sessionRecord } from '#core/cycle/session-record.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import type { DailyRecord } from '#core/portfolio/market-record.ts';
import { loadDaily } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, say, type UseCase } from '#functions/runtime/handler.ts';
import { eventsOf } from '#functions/runtime/journal-reading.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const MEMORY_TYPES = ['SessionClosed', ...VOTING_TYPES] as const;
type MemoryType = (typeof MEMORY_TYPES)[number];

const EPISODES = 'episodes';
const RECALLED = 500;

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
  const session = sessionToRemember(closed.data.session);
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
  const { entry, episodes } = memoriesOf(speaking(desk), closed, session, events, daily);
  for (const one of episodes) await memory.remember(EPISODES, `${one.closedOn}/${one.episodeId}`, one);
  await say(desk, [entry]);
}
