import type { DeskEvent } from '#contracts/registry.ts';
import { learn, NOTHING_LEARNED } from '#core/agents/learning/learning.ts';
import { learningOpinionist } from '#core/agents/learning/learning-opinion.ts';
import type { LearningRecord } from '#core/agents/learning/learning-record.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import type { IntradayRecord } from '#core/portfolio/market-record.ts';
import { instantText } from '#core/values/clock.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import type { Arrival } from '#functions/runtime/handler.ts';
import { eventsOf } from '#functions/runtime/journal-reading.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

export const LEARNING_TYPES = ['SessionClosed', ...VOTING_TYPES] as const;
type LearningType = (typeof LEARNING_TYPES)[number];

const LEARNED_FROM = [
  'AnalysisCompleted',
  'MarketViewPublished',
  'StrategyProposed',
  'OrderPlanned',
  'OrderFilled',
  'CommissionReported',
] as const;

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

/** A cycle touched today may hold fills of earlier sessions: they have been counted. */
function isNew({ metadata }: DeskEvent<(typeof LEARNED_FROM)[number]>, learnedAt: string): boolean {
  return (
    (metadata.type !== 'OrderFilled' && metadata.type !== 'CommissionReported') ||
    metadata.occurredAt > learnedAt
  );
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
  const closes: Record<string, number> = {};
  for (const [index, instrument] of INSTRUMENTS.entries()) {
    const record = intraday[index]?.value as IntradayRecord | undefined;
    const last = record?.session === session ? record.bars.close.at(-1) : undefined;
    if (last !== undefined) closes[instrument] = last;
  }
  const before = learning?.value as LearningRecord | undefined;
  const learnedAt = instantText(desk.clock.now());
  const { state, lesson } = learn(before?.statistics ?? NOTHING_LEARNED, {
    session,
    events: events.filter((event) => isNew(event, before?.learnedAt ?? '')),
    closes,
    multiplierOf: (id) => instrumentOf(id).multiplier,
  });
  const result = await desk.store.commit({
    entries: [
      journalEntry({
        type: 'LessonLearned',
        key: session,
        correlationId: correlations.session(session),
        causationId: closed.metadata.id,
        sender: desk.name,
        occurredAt: desk.clock.now(),
        data: lesson,
      }),
    ],
    writes: [
      {
        key: stateKeys.learning,
        value: { statistics: state, learnedAt, lesson } satisfies LearningRecord,
        expectedVersion: learning?.version ?? 0,
      },
    ],
  });
  if (result.kind === 'conflict') throw new LearningContendedError(session);
}
