import type { DeskEvent } from '#contracts/registry.ts';
import { learningOpinionist } from '#core/agents/learning/learning-opinion.ts';
import type { LearningRecord } from '#core/agents/learning/learning-record.ts';
import { LEARNED_FROM, lessonOf } from '#core/cycle/lesson.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import type { IntradayRecord } from '#core/portfolio/market-record.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import type { Arrival } from '#functions/runtime/handler.ts';
import { eventsOf } from '#functions/runtime/journal-reading.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const LEARNING_TYPES = ['SessionClosed', ...VOTING_TYPES] as const;
type LearningType = (typeof LEARNING_TYPES)[number];

/** Measures every agent against what prices did, at the end of each session; votes from what it has measured. */
export async function learningAgent(desk: Desk, arrivals: readonly Arrival<LearningType>[]): Promise<void> {
  for (const { event } of arrivals) {
    if (event.metadata.type === 'SessionClosed') {
      await learnFrom(desk, event as DeskEvent<'SessionClosed'>);
      continue;
    }
    await giveOpinion(desk, learningOpinionist, event as DeskEvent<VotingType>, async () => {
      const [stored] = await desk.store.read([stateKeys.learning]);
      return { episodes: [], lessons: (stored?.value as LearningRecord | undefined)?.lesson ?? null };
    });
  }
}

/** The learning state changed while a session was being learned from. The transport tries again. */
export class LearningContendedError extends Error {
  readonly code = 'LearningContended';
  readonly retryable = true;
  constructor(session: string) {
    super(`the learning state changed while session ${session} was being learned from`);
    this.name = 'LearningContendedError';
  }
}

async function learnFrom(desk: Desk, closed: DeskEvent<'SessionClosed'>): Promise<void> {
  const { session, cycles } = closed.data;
  const { INSTRUMENTS } = desk.environment;
  const [learning, book, ...intraday] = await desk.store.read([
    stateKeys.learning,
    stateKeys.book,
    ...INSTRUMENTS.map(stateKeys.intraday),
  ]);
  const touched = (book?.value as AccountBook | undefined)?.touched ?? [];
  const events = [];
  for (const correlationId of new Set([...cycles, ...touched]))
    events.push(...(await eventsOf(desk, correlationId, LEARNED_FROM)));
  const { entry, record } = lessonOf(
    speaking(desk),
    closed,
    (learning?.value as LearningRecord | undefined) ?? null,
    events,
    INSTRUMENTS.map((instrument, index) => ({
      instrument,
      record: (intraday[index]?.value as IntradayRecord | undefined) ?? null,
    })),
  );
  const result = await desk.store.commit({
    entries: [entry],
    writes: [{ key: stateKeys.learning, value: record, expectedVersion: learning?.version ?? 0 }],
  });
  if (result.kind === 'conflict') throw new LearningContendedError(session);
}
